"""Sluice on this machine: Event Hubs, Azure ML, storage and the function apps; no Docker, no account."""

import argparse
import asyncio
import json
import os
import sys
from datetime import datetime
from pathlib import Path

from infra.local import lifecycle, run_file
from infra.local.azurite import AzuriteMissing
from infra.local.state import StateUnreadable
from infra.local.supervisor import Report, StartFailed
from infra.local.sweep import RUN_MARK, SUPERVISOR, runs
from infra.local.system import ROOT, Options, UnknownSetting
from infra.local.topology import APPS

EXAMPLES = """examples:
  python -m infra.local up                      start, stay in the foreground, Ctrl-C stops everything
  python -m infra.local up --detach --fresh     start with empty data, return when everything is ready
  python -m infra.local up --apps none          the emulators alone
  python -m infra.local up --set scoring.CAPTURE_SAMPLING=0.1
  python -m infra.local status                  what runs, since when, restarted how often
  python -m infra.local down                    stop; also finds what a crash left behind
  python -m infra.local --run-dir /tmp/other up a second system beside the first

Everything a client needs is in .local/run.json; logs are in .local/logs."""


def main() -> int:
    """Run one command; exit code 0, 1 when something failed, 3 when nothing runs, 4 when something is starting."""
    chosen = parse(sys.argv[1:])
    run_dir = Path(chosen.run_dir).resolve()
    try:
        if chosen.command == "up":
            os.umask(0o077)  # logs, Azurite's database, hubs: what this starts writes for its owner alone
            return up(run_dir, chosen)
        return status(run_dir, as_json=chosen.json) if chosen.command == "status" else down(run_dir)
    except (StartFailed, AzuriteMissing, UnknownSetting, StateUnreadable) as failure:
        sys.stderr.write(f"{lifecycle.SAYS}{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"{lifecycle.SAYS}stopped\n")
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m infra.local", description=__doc__, epilog=EXAMPLES, formatter_class=raw)
    default = os.environ.get("SLUICE_LOCAL", str(ROOT / ".local"))
    folder = argparse.ArgumentParser(add_help=False)
    for where, value in ((parser, default), (folder, argparse.SUPPRESS)):
        where.add_argument("--run-dir", default=value, help="the system's folder (default: $SLUICE_LOCAL or .local)")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", parents=[folder], help="start, after ending what an earlier run left")
    start.add_argument("--detach", action="store_true", help="return when everything is ready")
    start.add_argument("--fresh", action="store_true", help="forget data, keys and logs of earlier runs first")
    start.add_argument("--apps", default=",".join(APPS), help="which function apps run (default: %(default)s; or none)")
    start.add_argument("--policy", type=Path, default=ROOT / "policy.yaml", help="policy document of control")
    start.add_argument("--set", action="append", default=[], metavar="APP.NAME=VALUE", help="override one setting")
    commands.add_parser("down", parents=[folder], help="stop everything of this folder")
    shown = commands.add_parser("status", parents=[folder], help="show processes and endpoints")
    shown.add_argument("--json", action="store_true", help="print run.json")
    return parser.parse_args(arguments)


def up(run_dir: Path, chosen: argparse.Namespace) -> int:
    """Start in the foreground, or detached."""
    apps = () if chosen.apps == "none" else tuple(chosen.apps.split(","))
    options = Options(policy=chosen.policy.resolve(), settings=overrides(chosen.set), apps=apps)
    if chosen.detach:
        lifecycle.clear(run_dir, fresh=chosen.fresh)
        settings = [part for pair in chosen.set for part in ("--set", pair)]
        kept = ["--run-dir", str(run_dir), "--policy", str(options.policy), "--apps", chosen.apps]
        lifecycle.detach(run_dir, [*kept, *settings])
        lifecycle.say(f"ready; everything is in {run_file.path_in(run_dir)}")
        return 0
    if os.environ.get(RUN_MARK) != str(run_dir) or os.environ.get("SLUICE_PROCESS") != SUPERVISOR:
        # Only an environment given at the start can be read by others, so start once more as the supervisor.
        command = [sys.executable, "-m", "infra.local", *sys.argv[1:]]
        os.execve(sys.executable, command, lifecycle.marked(run_dir))  # noqa: S606 - no shell is wanted
    lifecycle.clear(run_dir, fresh=chosen.fresh)
    asyncio.run(lifecycle.serve(run_dir, options))
    return 0


def overrides(pairs: list[str]) -> dict[str, dict[str, str]]:
    """Turn `APP.NAME=VALUE` into `{app: {name: value}}`; raise `UnknownSetting` for anything else."""
    settings: dict[str, dict[str, str]] = {}
    for pair in pairs:
        target, equals, value = pair.partition("=")
        app, dot, name = target.partition(".")
        if not (equals and dot and name):
            raise UnknownSetting(f"--set wants APP.NAME=VALUE, not {pair!r}")
        settings.setdefault(app, {})[name] = value
    return settings


def down(run_dir: Path) -> int:
    """Stop, and say what was stopped."""
    for name in lifecycle.down(run_dir):
        lifecycle.say(f"ended {name}")
    lifecycle.say(f"nothing runs in {run_dir}")
    return 0


def status(run_dir: Path, *, as_json: bool) -> int:
    """Print processes and endpoints; exit code 0 only when all processes are ready, 4 when some still start."""
    document = run_file.read(run_dir)
    if document is None:
        lifecycle.say(f"nothing runs in {run_dir}")
        return 3
    if as_json:
        print(json.dumps(document, indent=2))
    states = set()
    for name, report in document["processes"].items():
        # Without a process it is between two of them, or before its first: the supervisor, which has one, knows.
        state = report["state"] if report["pid"] is None or runs(report["pid"]) else "not running"
        states.add(state)
        if not as_json:
            endpoint = document["endpoints"].get("blob" if name == "azurite" else name, "")
            print(line(name, state, report, endpoint))
    if states == {"ready"}:
        return 0
    return 4 if states <= {"ready", "starting"} else 1


def line(name: str, state: str, report: Report, endpoint: str) -> str:
    """Describe one process, with the local time since which it runs."""
    began = report["started_at"]
    since = f"{datetime.fromisoformat(began).astimezone():%d %b %H:%M:%S}" if began else "-"
    process = f"process {report['pid'] or '-'}"
    return f"{name:12} {state:12} since {since:16} {process:16} restarts {report['restarts']:<4} {endpoint}".rstrip()


if __name__ == "__main__":
    raise SystemExit(main())
