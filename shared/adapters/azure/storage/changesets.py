"""Entity-group transactions on the wire: the body of table storage's `$batch`, and what it answers.

The tables SDK writes and reads both with the standard library's package for e-mail, twice over, and starts a pool of
threads for each answer: most of what a transaction costs the caller.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from azure.core.rest import HttpRequest

_ANSWER = re.compile(rb"^HTTP/1\.1 (\d{3})[^\n]*\n(.*?)^--", re.DOTALL | re.MULTILINE)
_ETAG = re.compile(rb"^ETag: *(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
# Errors are JSON, or XML where the service did not get as far as to read what was asked for.
_CODE = re.compile(rb'code"? *[:>] *"?(\w+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one operation; `code` is the service's name for an error."""

    status: int
    etag: str | None = None
    code: str = ""

    @property
    def is_error(self) -> bool:
        return not 200 <= self.status < 300


def write(operations: Sequence[HttpRequest]) -> tuple[str, bytes]:
    """Content type and body of the batch."""
    batch, changeset = f"batch_{uuid4()}", f"changeset_{uuid4()}"
    lines = [f"--{batch}", f"Content-Type: multipart/mixed; boundary={changeset}", ""]
    for number, operation in enumerate(operations):
        lines += [f"--{changeset}", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        lines += [f"Content-ID: {number}", "", *_written(operation)]
    lines += [f"--{changeset}--", f"--{batch}--", ""]
    return f"multipart/mixed; boundary={batch}", "\r\n".join(lines).encode()


def _written(operation: HttpRequest) -> list[str]:
    headers = dict(operation.headers)
    if operation.method == "POST":
        # Otherwise the service sends every row that it creates back.
        headers["Prefer"] = "return-no-content"
    named = [f"{name}: {value}" for name, value in headers.items()]
    return [f"{operation.method} {operation.url} HTTP/1.1", *named, "", str(operation.content or "")]


def read(body: bytes) -> list[Answer]:
    """One for each operation, in order, or one alone: the error that undid them all."""
    return [_answer(int(status), rest) for status, rest in _ANSWER.findall(body)]


def _answer(status: int, rest: bytes) -> Answer:
    etag = _ETAG.search(rest)
    answer = Answer(status, etag.group(1).decode() if etag else None)
    return Answer(status, code=code_of(rest)) if answer.is_error else answer


def code_of(body: bytes) -> str:
    """The service's name for the error that it says here; empty where it names none."""
    found = _CODE.search(body)
    return found.group(1).decode() if found else ""
