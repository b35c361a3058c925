"""What a person says about a file beside its rows; it goes with a file that is handed over, as JSON."""

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from services.scoring.files.problems import NotScorable
from services.scoring.files.text_format import TextFormat

_LONGEST_PREFIX = 100


@dataclass(frozen=True, slots=True)
class FileOptions:
    """`text` for files of texts alone; `prefix` stands before the names of the columns that a result adds."""

    text: TextFormat | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        """Raises `NotScorable`."""
        if len(self.prefix) > _LONGEST_PREFIX or not self.prefix.isprintable():
            raise NotScorable(f"--prefix: at most {_LONGEST_PREFIX} printable characters are required")

    def written(self) -> str:
        """In ASCII; "" when there is nothing to say."""
        return "" if self == FileOptions() else json.dumps(asdict(self), default=sorted)

    @classmethod
    def read(cls, written: str) -> "FileOptions":
        """Raises `NotScorable`: it comes from whoever handed the file over."""
        try:
            return _OPTIONS.validate_json(written) if written else cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise NotScorable(f"the options that came with the file: {where}: {first['msg']}") from error


_OPTIONS = TypeAdapter(FileOptions)
