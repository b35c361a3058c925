"""Tell a model's whole life on real flights, on a fresh local system: `make demo`."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from rich.console import Console

from infra.demo import report, run
from infra.demo.chain import BrokenChain
from infra.demo.observer import NothingCame, Observer
from infra.demo.stage import Stage
from infra.demo.story import Story
from infra.demo.traffic import Traffic
from infra.demo.workbench import JobFailed, Workbench

POLICY = Path(__file__).parent / "policy.yaml"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  make demo            everything by itself\n"
        "  make demo MANUAL=1   you approve in the browser\n"
        "  make demo KEEP=1     leave the system up afterwards, to look around",
    )  # fmt: skip
    parser.add_argument("--run-dir", type=Path, default=Path(os.environ.get("SLUICE_LOCAL", ".local")))
    parser.add_argument("--manual", action="store_true", default=_is_set("MANUAL"), help="wait for a person to approve")
    parser.add_argument("--patience", type=float, default=300, metavar="S", help="seconds to wait for an event (300)")
    parser.add_argument("--withhold-job-events", action="store_true", help="Azure ML reports the end of no job")
    parser.add_argument("--deliver-twice", action="store_true", help="every event is delivered twice")
    parser.add_argument("--keep", action="store_true", default=_is_set("KEEP"), help="leave the system up")
    return parser.parse_args()


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


async def tell(system: run.Run, console: Console, manual: bool, patience_s: float) -> None:
    stage = Stage(console)
    async with Observer(system.hubs["root"], patience_s) as observer, Traffic(system) as traffic:
        story = Story(system, observer, Workbench(system), traffic, stage, manual)
        await story.tell()
        seconds, folder = stage.seconds(), system.folder / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(report.explain, console, system, folder / "explain.svg")
        await report.all_captured(observer, traffic)
        found = report.figures(observer, traffic, seconds)
        report.show_figures(console, found)
        console.print(f"The same as a drawing: {folder / 'explain.svg'}", soft_wrap=True)
        console.print(f"The whole chain: {report.write(folder, story, found)}", soft_wrap=True)


def play(chosen: argparse.Namespace, run_dir: Path, console: Console) -> int:
    """Start a system and tell the story on it; return the exit code."""
    try:
        system = run.start(run_dir, POLICY)
    except run.NotStarted:
        return 1
    run.disturb(system, withhold_job_events=chosen.withhold_job_events, deliver_twice=chosen.deliver_twice)
    try:
        asyncio.run(tell(system, console, chosen.manual, chosen.patience))
    except (NothingCame, JobFailed, BrokenChain, AssertionError) as error:
        console.print(f"The story broke off: {error}", style="bold red", markup=False)
        console.print(f"Logs: {system.folder}/logs", markup=False)
        return 1
    return 0


def main() -> int:
    chosen, console = arguments(), Console(highlight=False)
    run_dir = chosen.run_dir.resolve()
    code = 130
    try:
        code = play(chosen, run_dir, console)
    except KeyboardInterrupt:
        console.print("stopped")
    finally:
        if not chosen.keep:
            run.stop(run_dir)
    if chosen.keep and run.is_up(run_dir):
        console.print("The local system stays up: `make status` shows it, `make down` stops it.", markup=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
