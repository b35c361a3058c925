"""Run a command and leave none of its processes behind: `python -m infra.local.session -- COMMAND...`.

Ctrl-C and SIGTERM are passed on once; a second Ctrl-C ends the command at once. `KEEP=1` leaves alone what
the command left running. The exit code is the command's.
"""

import argparse
import os
import signal
import subprocess
import sys
import uuid
from types import FrameType

from infra.local import warden
from infra.local.sweep import SESSION_MARK, Mark, sweep


def run(command: list[str], *, keep: bool) -> int:
    """Run the command under a mark of its own; return its exit code as a shell would."""
    mark = Mark(SESSION_MARK, uuid.uuid4().hex)
    guard = None if keep else warden.start(mark)
    # Of a session of its own, so that Ctrl-C reaches it once and through us, not a second time from the terminal.
    child = subprocess.Popen(command, env={**os.environ, mark.name: mark.value}, start_new_session=True)
    received: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        received.append(number)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL if len(received) > 1 else number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = child.wait()
    if guard is not None:
        left = sweep(mark)
        warden.dismiss(guard)
        for name in left:
            sys.stderr.write(f"session: ended {name}, which the command had left running\n")
    return code if code >= 0 else 128 - code


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python -m infra.local.session -- pytest -q",
        usage="%(prog)s -- COMMAND...",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    command = [part for index, part in enumerate(parser.parse_args().command) if index or part != "--"]
    if not command:
        parser.error("no command given")
    return run(command, keep=os.environ.get("KEEP", "") not in ("", "0"))


if __name__ == "__main__":
    raise SystemExit(main())
