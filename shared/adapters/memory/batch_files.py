"""Files to score in a dictionary, by name."""

from shared.adapters.names import is_path
from shared.ports import Absent, BatchFile, BatchFiles, Refused


class MemoryBatchFiles(BatchFiles):
    def __init__(self) -> None:
        self.files: dict[str, BatchFile] = {}

    async def look(self, name: str) -> BatchFile:
        if not is_path(name):
            raise Refused(f"name: {name[:80]!r} cannot name a file to score")
        if name not in self.files:
            raise Absent(f"file {name!r} does not exist")
        return self.files[name]
