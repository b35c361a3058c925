"""Which instance of its app this process is, so that a restart after a kill goes on with what it held before.

In Azure a new instance waits until the claims of a dead one expire, up to a minute. On one machine a file lock proves
that the process of before is dead, since the kernel drops the lock with it; the new one may then use its names again.
"""

import fcntl
import itertools
import uuid
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """`lock` is held for as long as the process lives."""

    path: Path
    lock: TextIOWrapper

    def id_for(self, purpose: str) -> str:
        """The same UUID in every process that is this instance."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.path}#{purpose}"))


def claim_instance(directory: Path, name: str) -> Instance:
    """The first instance of the app in this directory that no living process is."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in itertools.count():
        path = directory.absolute() / f"{name}.{number}.lock"
        lock = path.open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return Instance(path, lock)
    raise AssertionError("unreachable: there is always a next number")
