"""How the texts of a CSV file stand for values, where it is not in the usual way."""

import codecs
from dataclasses import dataclass

from services.scoring.files.problems import NotScorable

# What programs write for a value that is missing; without being told, it is a text like others.
USUAL_MISSING = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "nat", "missing", "-", "?", "."})

_MOST_MISSING = 100


@dataclass(frozen=True, slots=True)
class TextFormat:
    """`separator` "" goes by the file's name: a tab for .tsv, else a comma. `missing` are texts for no value."""

    separator: str = ""
    decimal: str = "."
    missing: frozenset[str] = frozenset()
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        """Raises `NotScorable`, naming the option."""
        if self.separator and (len(self.separator) != 1 or not self.separator.isascii() or self.separator in '"\r\n'):
            raise NotScorable(f"--separator: one character is required, found {self.separator!r:.40}; a tab is 'tab'")
        if len(self.missing) > _MOST_MISSING or any(len(each) > _MOST_MISSING for each in self.missing):
            raise NotScorable(f"--missing: at most {_MOST_MISSING} texts of so many characters are taken")
        if self.decimal not in (".", ","):
            raise NotScorable(f"--decimal: a point or a comma is required, found {self.decimal!r:.40}")
        try:
            codecs.lookup(self.encoding)
            "".encode(self.encoding)  # some codecs are none of texts
        except LookupError as error:
            raise NotScorable(f"--encoding: {self.encoding!r:.40} is no encoding of texts that is known") from error


def hint(text: str, way: TextFormat) -> str:
    """What to try when this text is no number."""
    if text.casefold() in USUAL_MISSING:
        return f"; if it stands for a missing value: --missing {text!r}"
    if "," in text and way.decimal == "." and _is_number(text.replace(",", ".")):
        return "; if its comma is a decimal comma: --decimal ,"
    if "." in text and way.decimal == "," and _is_number(text):
        return "; the decimal comma was asked for, and this has a point"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
