"""Answers as bytes on the wire."""

from email.utils import formatdate
from http import HTTPStatus

from services.scoring import Answer
from services.scoring.protocol.answers import Headers

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_MOST_HEADS = 1_000


class ResponseWriter:
    """Heads are made once for each (status, headers) and second, since they hold the date."""

    def __init__(self) -> None:
        self._heads: dict[tuple[int, Headers, bool], bytes] = {}
        self._date = formatdate(usegmt=True)

    def next_second(self) -> None:
        self._heads.clear()
        self._date = formatdate(usegmt=True)

    def write(self, answer: Answer, close: bool, without_body: bool = False) -> bytes:
        """`without_body` is for HEAD: the head tells the length of the body that is left out."""
        key = (answer.status, answer.headers, close)
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) > _MOST_HEADS:  # heads with a length or an id of their own, as many answers have
                self._heads.clear()
            head = self._heads[key] = _head(*key, self._date)
        return b"%b%d\r\n\r\n%b" % (head, len(answer.body), b"" if without_body else answer.body)


def _head(status: int, headers: Headers, close: bool, date: str) -> bytes:
    lines = [b"HTTP/1.1 %d %b" % (status, _REASONS[status]), b"date: " + date.encode()]
    lines += [f"{name}: {value}".encode("latin-1", "replace") for name, value in headers]
    if close:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\ncontent-length: "
