"""What the host answers to, whichever server reads the bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl


@dataclass
class Request:
    """Header names are lower case; `path` is decoded, `target` is path and query as they were sent."""

    method: str
    path: str
    target: str
    query_string: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for header, value in self.headers if header == name), None)

    @cached_property
    def query(self) -> dict[str, str]:
        """Empty values are dropped and repeated ones joined with a comma, as the real host passes them on."""
        return _joined(parse_qsl(self.query_string))

    @cached_property
    def joined_headers(self) -> dict[str, str]:
        """Repeated headers are joined with a comma."""
        return _joined(self.headers)

    @property
    def url(self) -> str:
        return f"http://{self.header('host') or 'localhost'}{self.target}"


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = field(default_factory=list)


def text_reply(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Reply:
    return Reply(status, text.encode(), [("content-type", content_type)])


def json_reply(status: int, text: str) -> Reply:
    return text_reply(status, text, "application/json; charset=utf-8")


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
