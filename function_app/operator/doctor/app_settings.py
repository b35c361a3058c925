"""What is said of an app in a file: its settings, as the Functions tools or Azure list them, and its functions."""

import json
from pathlib import Path

from function_app.operator.doctor.patient import AppSettings
from shared.settings.inspecting import APPS
from shared.settings.operator import NoSettings


def read_file(app: str, path: Path) -> AppSettings:
    """`{"Values": {...}}`, or the list that `az functionapp config appsettings list` prints. Raises `NoSettings`."""
    if app not in APPS:
        raise NoSettings(f"{app}: there is no such app; there are {', '.join(APPS)}")
    try:
        document = json.loads(path.read_text())
        if isinstance(document, list):
            return AppSettings({each["name"]: str(each["value"]) for each in document}, listed=True)
        return AppSettings({name: str(value) for name, value in document["Values"].items()})
    except OSError as error:
        raise NoSettings(f"settings of {app}: {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoSettings(f"settings of {app}: {path} is no file of settings ({type(error).__name__})") from error


def read_functions(app: str, path: Path) -> dict[str, bool]:
    """By name whether each is on, of the list that `az functionapp function list` prints. Raises `NoSettings`."""
    if app not in APPS:
        raise NoSettings(f"{app}: there is no such app; there are {', '.join(APPS)}")
    try:
        listed = [{**each.get("properties", {}), **each} for each in json.loads(path.read_text())]
        # A name is `<app as Azure knows it>/<function>`.
        return {str(each["name"]).rpartition("/")[2]: not each.get("isDisabled") for each in listed}
    except OSError as error:
        raise NoSettings(f"functions of {app}: {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoSettings(f"functions of {app}: {path} is no list of functions ({type(error).__name__})") from error
