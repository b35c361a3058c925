"""Run the checks against one pair of servers, and read what became of them."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.azure_sdk.installing import clean_environment
from tests.azure_sdk.javascript.surroundings import Surroundings, judged

SERVER = ("-m", "infra.local.eventhubs")
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """One check: what it claims, why it failed (None when it did not), and what it measured."""

    claim: str
    failed: str | None
    noted: tuple[str, ...]


def run(
    around: Surroundings,
    installed: Path,
    name: str,
    program: Sequence[str] = SERVER,
    *,
    only: str = "",
    patience_s: float = PATIENCE_S,
) -> list[Outcome]:
    """Every check whose claim holds the words `only`; raise `RuntimeError` when Node ended without a result."""
    folder = around.folder / name
    folder.mkdir(parents=True)
    results, log = folder / "results.json", folder / "checks.log"
    command = [str(shutil.which("node")), str(installed / "checks" / "all.mjs"), str(results), only]
    with judged(around, name, program, patience_s) as told, log.open("wb") as said:
        subprocess.run(command, env=_environment(around, told), stdout=said, stderr=said, check=False)
    if not results.exists():
        raise RuntimeError(f"the checks ended without a result: {log.read_text()[-2000:]}")
    return [Outcome(each["claim"], each["failed"], tuple(each["noted"])) for each in json.loads(results.read_text())]


def _environment(around: Surroundings, told: dict[str, Any]) -> dict[str, str]:
    trusted = {"NODE_EXTRA_CA_CERTS": str(around.files.authority)}
    return {**clean_environment(), **trusted, "SLUICE_LOCAL_AZURE": json.dumps(told)}
