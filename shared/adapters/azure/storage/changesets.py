"""Entity-group transactions on the wire: the body of table storage's `$batch`, and what it answers.

The tables SDK writes and reads both with the standard library's package for e-mail, twice over, and starts a pool of
threads for each answer: most of what a transaction costs the caller.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from azure.core.rest import HttpRequest

_PART = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
_ALWAYS = "Accept: application/json;odata=nometadata\r\nDataServiceVersion: 3.0\r\n"
# Without `Prefer` the service sends every row that it creates back.
_WITH_A_ROW = "Content-Type: application/json\r\nPrefer: return-no-content\r\n"
# Status, all that follows up to the boundary, and of its head the version.
_ANSWER = re.compile(
    r"^HTTP/1\.1 (\d{3})[^\n]*\n((?:(?:(?i:ETag): *([^\r\n]*?)|[^\r\n]+)\r?\n)*.*?)^--", re.DOTALL | re.MULTILINE
)
# Errors are JSON, or XML where the service did not get as far as to read what was asked for.
_CODE = re.compile(r'code"? *[:>] *"?(\w+)', re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one operation; `code` is the service's name for an error."""

    status: int
    etag: str | None = None
    code: str = ""


def write(operations: Sequence[HttpRequest]) -> tuple[str, bytes]:
    """Content type and body of the batch."""
    identity = uuid4().hex
    batch, changeset = f"batch_{identity}", f"changeset_{identity}"
    # Of the SDK's headers only the condition differs from one operation to another.
    parts = "".join([
        f"--{changeset}\r\n{_PART}{each.method} {each.url} HTTP/1.1\r\n{_ALWAYS}"
        f"{_WITH_A_ROW if (row := each.content or '') else ''}"
        f"{f'If-Match: {version}\r\n' if (version := each.headers.get('If-Match')) else ''}\r\n{row}\r\n"
        for each in operations
    ])  # fmt: skip
    body = f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n{parts}--{changeset}--\r\n"
    return f"multipart/mixed; boundary={batch}", f"{body}--{batch}--\r\n".encode()


def read(body: bytes) -> list[Answer]:
    """One for each operation, in order, or one alone: the error that undid them all."""
    return [
        Answer(int(status), etag or None) if status[0] == "2" else Answer(int(status), code=_code_in(rest))
        for status, rest, etag in _ANSWER.findall(body.decode("latin-1"))
    ]


def code_of(body: bytes) -> str:
    """The service's name for the error that it says here; empty where it names none."""
    return _code_in(body.decode("latin-1"))


def _code_in(text: str) -> str:
    found = _CODE.search(text)
    return found.group(1) if found else ""
