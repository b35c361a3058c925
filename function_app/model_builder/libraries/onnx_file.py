"""A model that is ONNX already: there is nothing to compare its answers with."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Export, Known
from function_app.model_builder.table import Table


class OnnxFile:
    def __init__(self, body: bytes, features: tuple[str, ...] = (), files: Mapping[str, bytes] | None = None) -> None:
        self._body, self._files = body, files or {}
        self.known = Known("an ONNX model", features)

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        return {}

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        yield Export("as it is in the file", self._body, self._files)


def read(path: Path) -> OnnxFile:
    """A file, or a folder with one such file; raises `CannotBuild`."""
    if not path.is_dir():
        return OnnxFile(path.read_bytes())
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        names = ", ".join(each.name for each in found) or "none"
        raise CannotBuild(f"{path}: a folder with one .onnx file is expected, found {names}")
    return OnnxFile(found[0].read_bytes())
