"""`python -m infra.set_up`: do what is not done yet (setup), compile the lock (lock), or say if all is done (check)."""

from __future__ import annotations  # set-up runs on Python 3.9

import argparse
import os
import signal
import sys
from typing import NoReturn

from infra import set_up as package
from infra.set_up import node_packages, python_packages
from infra.set_up.alone import alone
from infra.set_up.files import NODE_STAMP, PYTHON_STAMP, ROOT, UV, VENV
from infra.set_up.steps import SetUpFailed, say
from infra.set_up.tools import check_node, environment, follow_pip

NOTHING_SET_UP = 3


def set_up(*, again: bool) -> None:
    """Do what is not done yet, or everything `again`; wait for another set-up first."""
    if not again and PYTHON_STAMP.holds() and NODE_STAMP.holds():
        return
    with alone():
        env = environment()
        node_is_done, python_is_done = (stamp.holds() and not again for stamp in (NODE_STAMP, PYTHON_STAMP))
        if not node_is_done:
            check_node()  # before the long steps
        if not python_is_done:
            python_packages.install(env)
        if not node_is_done:
            node_packages.install(env)
        say("ready (.venv/bin/sluice --help)")


def check() -> int:
    """Install nothing; exit code 3 when nothing was ever set up here, so that nothing can run; 1 when it is halfway."""
    if PYTHON_STAMP.path.exists():
        return 0
    if not VENV.exists():
        say("nothing was ever set up in this folder, so nothing of it runs (make setup)")
        return NOTHING_SET_UP
    raise SetUpFailed("set-up is under way or broke off. Let it end, or do it with: make setup")


def lock(options: list[str]) -> NoReturn:
    """Compile `requirements.in` into `requirements.txt`; options go to uv, `--upgrade` for one."""
    env = environment()
    with alone():
        python_packages.bootstrap_uv(env)
    settled = ["--python-version", "3.13", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
    command = [str(UV), "pip", "compile", *settled, *options, "requirements.in", "-o", "requirements.txt"]
    os.chdir(ROOT)
    os.execve(str(UV), command, follow_pip(env))  # noqa: S606 - no shell is wanted


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a failure is one line and exit code 1."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m infra.set_up", description=package.__doc__, formatter_class=raw, allow_abbrev=False
    )
    parser.add_argument("command", nargs="?", choices=("setup", "lock", "check"), default="setup")
    parser.add_argument("--again", action="store_true", help="also do what was done before")
    chosen, options = parser.parse_known_args(arguments)
    if options and chosen.command != "lock":
        parser.error(f"unknown options: {' '.join(options)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is ended as after Ctrl-C
    try:
        return _run(chosen.command, options, again=chosen.again)
    except SetUpFailed as failure:
        sys.stderr.write(f"setup: {failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("setup: stopped; `make setup` goes on from here\n")
        return 130


def _run(command: str, options: list[str], *, again: bool) -> int:
    if command == "check":
        return check()
    if command == "lock":
        lock(options)
    set_up(again=again)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
