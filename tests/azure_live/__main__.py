"""`python -m tests.azure_live`: run the contract suites on what the variables name, then remove what they made."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.set_up.files import ROOT
from tests.azure_live import names
from tests.azure_live.figures import figures
from tests.azure_live.record import Record
from tests.azure_live.removing import remove, said
from tests.azure_live.settings import PAGE, Settings, Unusable, read
from tests.azure_live.stand_ins import signed_in, stand_ins
from tests.contract.live import PATIENCE_S, RECORD

FOLDER = ROOT / ".local" / "azure-live"
UNUSABLE, STOPPED = 2, 130


def parts(settings: Settings) -> list[str]:
    """The suites; those of the wire have no other way of signing in than a connection string."""
    wire = ["tests/local/eventhubs/conformance"] if "SharedAccess" in settings.event_hubs else []
    return ["tests/contract", *wire]


def command(settings: Settings, results: Path, options: list[str]) -> list[str]:
    """pytest for what runs there; options may name other tests."""
    named = any(Path(option.partition("::")[0]).exists() for option in options)
    asked = [] if named else parts(settings)
    bounds = [f"--timeout={PATIENCE_S + 600:.0f}", "-p", "no:cacheprovider", "-p", "tests.azure_live.selection"]
    bounds += ["-p", "tests.azure_live.names"]
    ours = ["-c", "pyproject.toml", "--rootdir", "."]
    return [sys.executable, "-m", "pytest", *asked, "-q", *ours, *bounds, f"--junitxml={results}", *options]


def tested(settings: Settings, record: Record, options: list[str]) -> int:
    """Run the suites and print what became of them; the exit code."""
    results = record.path.with_suffix(".xml")
    for name in settings.missing:
        print(f"test-azure: {name} is not set: its suites are left out ({PAGE})")
    environment = {**os.environ, RECORD: str(record.path)}
    child = subprocess.Popen(command(settings, results, options), env=environment, cwd=ROOT)
    try:
        child.wait()
    except KeyboardInterrupt:
        child.wait()  # it has heard the same, and takes down what it set up
        return STOPPED
    if not results.exists():
        print(f"test-azure: pytest ended with {child.returncode} and left no results")
        return 1
    lines, good = figures(results)
    results.unlink()
    print("\n".join(lines))
    return 0 if good else 1


def removed(settings: Settings, record: Record) -> bool:
    """Remove what is left of a run; the record stays while something is."""
    failed = asyncio.run(remove(settings, record.left()))
    print("\n".join(said(record.made(), failed)), flush=True)
    if not failed:
        record.path.unlink()
    return not failed


def left_by_others(settings: Settings, folder: Path) -> None:
    """What runs that were killed could not remove; elsewhere than the variables say, it stays on record."""
    for record in map(Record, sorted(folder.glob("*.jsonl"))):
        if record.places.items() <= settings.places.items():
            print(f"test-azure: an earlier run ({record.path.stem}) left {len(record.left())} things")
            removed(settings, record)
        else:
            print(f"test-azure: {record.path} names things elsewhere: {', '.join(record.places.values())}")


def run(settings: Settings, folder: Path, options: list[str]) -> int:
    """The exit code; what was made is removed whatever happens."""
    left_by_others(settings, folder)
    record = Record(folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.jsonl")
    record.begin(settings.places)
    code = 1
    try:
        code = tested(settings, record, options)
    finally:
        gone = removed(settings, record)
    return code if gone else code or 1


def main() -> int:
    """0 when all is well, 1 when a test failed or something is left, 2 without a place to test on, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as after Ctrl-C
    parser = argparse.ArgumentParser("python -m tests.azure_live", description=__doc__, epilog="Options go to pytest.")
    parser.add_argument("--local", action="store_true", help="on the local servers, told through the same variables")
    parser.add_argument("--by-identity", action="store_true", help="on local storage, signed in as in Azure")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of records and results (%(default)s)")
    arguments, options = parser.parse_known_args()
    is_local = arguments.local or arguments.by_identity
    folder: Path = arguments.folder / "local" if is_local else arguments.folder
    names.install()
    try:
        with ExitStack() as running:
            servers = Path(running.enter_context(TemporaryDirectory(prefix="sluice-azure-live-")))
            if arguments.by_identity:
                # In a process of its own: whom this one trusts was settled when it began.
                variables = os.environ | running.enter_context(signed_in(servers))
                again = [sys.executable, "-m", "tests.azure_live", "--folder", str(folder), *options]
                return subprocess.run(again, env=variables, cwd=ROOT, check=False).returncode
            if arguments.local:
                os.environ.update(running.enter_context(stand_ins(servers)))
            return run(read(os.environ), folder, options)
    except Unusable as problem:
        print(f"test-azure: {problem}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("test-azure: stopped", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
