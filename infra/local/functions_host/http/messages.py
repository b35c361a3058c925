"""What the host answers to, whichever server reads the bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from infra.local.functions_host.http.paths import escaped, path_of


@dataclass
class Request:
    """Header names are lower case; path and query string are as they were sent."""

    method: str
    raw_path: str
    query_string: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    @cached_property
    def path(self) -> str:
        return path_of(self.raw_path)

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for header, value in self.headers if header == name), None)

    @cached_property
    def query(self) -> dict[str, str]:
        """Empty values are dropped and repeated ones joined with a comma; names differ by more than their case."""
        return _joined(_named_alike(parse_qsl(self.query_string)))

    def query_value(self, name: str) -> str | None:
        """Of a (lower-case) name, written in any case."""
        return next((value for given, value in self.query.items() if given.lower() == name), None)

    @cached_property
    def joined_headers(self) -> dict[str, str]:
        """Repeated headers are joined with a comma."""
        return _joined(self.headers)

    @property
    def url(self) -> str:
        """The scheme is what a front end says that its caller spoke; Azure's always does."""
        scheme = "https" if (self.header("x-forwarded-proto") or "").lower() == "https" else "http"
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{scheme}://{self.header('host') or 'localhost'}{escaped(self.path)}{query}"


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = field(default_factory=list)


def text_reply(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Reply:
    return Reply(status, text.encode(), [("content-type", content_type)])


def json_reply(status: int, text: str) -> Reply:
    return text_reply(status, text, "application/json; charset=utf-8")


def _named_alike(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every name in the spelling in which it came first."""
    spellings: dict[str, str] = {}
    return [(spellings.setdefault(name.lower(), name), value) for name, value in pairs]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
