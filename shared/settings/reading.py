"""Reading settings once, and stopping at start with every wrong one named."""

import sys

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from shared.settings.references import unresolved


def read[S: BaseSettings](settings: type[S], app: str) -> S:
    """The app's settings from the environment; a missing or wrong one ends the process. Values are never shown."""
    wrong = unresolved(settings.model_fields)
    if not wrong:
        try:
            return settings()
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
        except SettingsError as error:
            # Names the field, and never the value that is no JSON.
            wrong = [str(error)]
    sys.exit(f"{app} cannot start; settings: " + "; ".join(wrong))
