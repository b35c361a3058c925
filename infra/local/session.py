"""Run a command and leave none of its processes behind: `python -m infra.local.session -- COMMAND...`.

Ctrl-C and SIGTERM are passed on once; a second Ctrl-C ends the command at once. `KEEP=1` leaves alone what
the command left running, and says what that is. The exit code is the command's.
"""

import argparse
import os
import signal
import subprocess
import sys
import uuid
from types import FrameType

from infra.local import signals, warden
from infra.local.sweep import SESSION_MARK, Mark, describe, marked, sweep


class Relay:
    """Passes signals on to the command; with the second one the command is killed."""

    def __init__(self) -> None:
        self._received: list[int] = []
        self._command: subprocess.Popen[bytes] | None = None

    def listen(self) -> None:
        """To be called before the command starts: what is handled here is not ignored there, even behind `&`."""
        for number in signals.ending():
            signal.signal(number, self._hear)

    def attend(self, command: subprocess.Popen[bytes]) -> None:
        """Pass on to this one; also what came while it was started."""
        self._command = command
        for number in self._received[:1]:
            self._pass_on(number)

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._received.append(number)
        self._pass_on(number if len(self._received) == 1 else signal.SIGKILL)

    def _pass_on(self, number: int) -> None:
        if self._command is not None and self._command.poll() is None:
            os.killpg(self._command.pid, number)


def run(command: list[str], *, keep: bool) -> int:
    """Run the command under a mark of its own; return its exit code as a shell would."""
    mark = Mark(SESSION_MARK, uuid.uuid4().hex)
    guard = None if keep else warden.start(mark)
    relay = Relay()
    relay.listen()
    # Of a session of its own, so that Ctrl-C reaches it once and through us, not a second time from the terminal.
    child = subprocess.Popen(command, env={**os.environ, mark.name: mark.value}, start_new_session=True)
    relay.attend(child)
    code = child.wait()
    if guard is None:
        left = sorted(filter(None, map(describe, marked(mark))))
        sys.stderr.write(f"session: left running, because of KEEP=1: {', '.join(left) or 'nothing'}\n")
    else:
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
