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
    parts = "".join(f"--{changeset}\r\n{_PART}{_written(operation)}" for operation in operations)
    body = f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n{parts}--{changeset}--\r\n"
    return f"multipart/mixed; boundary={batch}", f"{body}--{batch}--\r\n".encode()


def _written(operation: HttpRequest) -> str:
    """Of the SDK's headers only the condition differs from one operation to another."""
    version, row = operation.headers.get("If-Match"), operation.content or ""
    headers = (_WITH_A_ROW if row else "") + (f"If-Match: {version}\r\n" if version else "")
    return f"{operation.method} {operation.url} HTTP/1.1\r\n{_ALWAYS}{headers}\r\n{row}\r\n"


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
