"""The fields of a request's head that matter, and what each of them says about its exchange."""

from collections.abc import Callable

from services.scoring import Problem, coding_of, wished

from .exchange import Exchange, with_ids

_LONGEST_ID = 128


def _number(exchange: Exchange, name: str, value: bytes) -> int | None:
    if value.isdigit() and len(value) <= 15:
        return int(value)
    exchange.wrong(Problem(400, f"{name}: a number is required"))
    return None


def _content_length(exchange: Exchange, value: bytes) -> None:
    exchange.content_length = _number(exchange, "content-length", value)


def _header_length(exchange: Exchange, value: bytes) -> None:
    if exchange.header_length is not None:
        exchange.wrong(Problem(400, "inference-header-content-length: it is there twice"))
    exchange.header_length = _number(exchange, "inference-header-content-length", value)


def _content_type(exchange: Exchange, value: bytes) -> None:
    if value != b"application/json":
        exchange.content_type = value.partition(b";")[0].strip().lower()


def _content_encoding(exchange: Exchange, value: bytes) -> None:
    said = value.decode("latin-1")
    coding = coding_of(f"{exchange.coding}, {said}" if exchange.coding else said)
    if isinstance(coding, Problem):
        exchange.refuse(coding)
    else:
        exchange.coding = coding


def _accept_encoding(exchange: Exchange, value: bytes) -> None:
    exchange.wish = wished(value.decode("latin-1"))


def _host(exchange: Exchange, _value: bytes) -> None:
    if exchange.host:
        exchange.wrong(Problem(400, "host: it is there twice"))
    exchange.host = True


def _expect(exchange: Exchange, value: bytes) -> None:
    if value.lower() == b"100-continue":
        exchange.expects_continue = True
    else:
        exchange.wrong(Problem(417, "expect: only 100-continue is understood"))


def _sticky(exchange: Exchange, value: bytes) -> None:
    exchange.sticky = value.decode("latin-1")


def _deployment(exchange: Exchange, value: bytes) -> None:
    exchange.deployment = value.decode("latin-1")


def _id_of(name: str) -> Callable[[Exchange, bytes], None]:
    def take(exchange: Exchange, value: bytes) -> None:
        """Given back as it came, unless it is none: too long, or not printable."""
        text = value.decode("ascii", "replace")
        if 0 < len(text) <= _LONGEST_ID and text.isprintable() and text.isascii():
            exchange.ids = (*exchange.ids, (name, text))[:2]
            exchange.finish = exchange.finish or with_ids

    return take


def _traceparent(exchange: Exchange, value: bytes) -> None:
    exchange.traceparent = value[:_LONGEST_ID].decode("ascii", "replace")


# What matters, by its name in lower case; everything else is passed over.
HEADERS: dict[bytes, Callable[[Exchange, bytes], None]] = {
    b"host": _host,
    b"content-length": _content_length,
    b"content-type": _content_type,
    b"content-encoding": _content_encoding,
    b"accept-encoding": _accept_encoding,
    b"expect": _expect,
    b"inference-header-content-length": _header_length,
    b"sluice-sticky-key": _sticky,
    b"azureml-model-deployment": _deployment,
    b"x-request-id": _id_of("x-request-id"),
    b"x-ms-client-request-id": _id_of("x-ms-client-request-id"),
    b"traceparent": _traceparent,
}
