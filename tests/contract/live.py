"""What of Azure the variables name, and a record of what is made there, written before it is made.

`docs/testing-on-azure.md` says what the variables hold and what the run of `make test-azure` does with the record.
"""

import json
import os
from pathlib import Path
from typing import Literal
from uuid import uuid4

# As strings, since they hold keys: nothing here prints them.
STORAGE = os.environ.get("SLUICE_TEST_STORAGE", "")
EVENT_HUBS = os.environ.get("SLUICE_TEST_EVENTHUBS", "")
WORKSPACE = os.environ.get("SLUICE_TEST_WORKSPACE", "")
RECORD = "SLUICE_TEST_RECORD"
# With what every name begins that a test gives to something in Azure.
PREFIX = "sluicetest"
# A cluster of Azure ML that has no node gets its first one in minutes.
PATIENCE_S = 1800.0
type Kind = Literal["table", "container", "job", "model"]


def hub(name: str) -> str:
    """The address of a hub of the namespace, as the adapters take it."""
    if "SharedAccess" in EVENT_HUBS:
        return f"{EVENT_HUBS.rstrip(';')};EntityPath={name}"
    return f"{EVENT_HUBS}/{name}"


def named(kind: Kind, stem: str, on_record: bool) -> str:
    """A name that nothing has; what is made in Azure goes on record."""
    between = "" if kind == "table" else "-"  # a table's name holds letters and digits
    name = between.join((PREFIX, stem, uuid4().hex[:12]))
    if on_record:
        write_down("makes", kind, name)
    return name


def write_down(what: Literal["makes", "removed"], kind: Kind, name: str) -> None:
    """Add a line to the record, where the run keeps one."""
    if path := os.environ.get(RECORD):
        with Path(path).open("a") as record:
            record.write(json.dumps({"what": what, "kind": kind, "name": name}) + "\n")
