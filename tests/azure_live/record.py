"""What a run made: a file that says so before each thing is made, and keeps it until all of it is gone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.live import Kind

PLURALS: dict[Kind, str] = {"table": "tables", "container": "containers", "job": "jobs", "model": "models"}


@dataclass(frozen=True)
class Record:
    """Its first line says where, so that nobody looks for it elsewhere; a last line that was cut off is left out."""

    path: Path

    def begin(self, places: dict[str, str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"places": places}) + "\n")

    @property
    def places(self) -> dict[str, str]:
        found: dict[str, str] = next((line["places"] for line in self._lines() if "places" in line), {})
        return found

    def made(self) -> list[tuple[Kind, str]]:
        return [(line["kind"], line["name"]) for line in self._lines() if line.get("what") == "makes"]

    def left(self) -> list[tuple[Kind, str]]:
        """What the tests did not remove themselves."""
        gone = {(line["kind"], line["name"]) for line in self._lines() if line.get("what") == "removed"}
        return [each for each in self.made() if each not in gone]

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines() if line.endswith("}")]
