"""Settings of an app from a file: as the Functions tools keep them locally, or as Azure lists them."""

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
