"""What an app under test saw: one JSON line per call, in the file that the setting RECORD names."""

import json
import os
import time
from pathlib import Path
from typing import Any


def record(what: str, **fields: Any) -> None:
    with Path(os.environ["RECORD"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"what": what, "at": time.time(), **fields}, default=str) + "\n")
