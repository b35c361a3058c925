"""Messages that were typical once: what senders, codecs and clients make of them by accident or on purpose.

Everything is drawn from one `Random`, so that a seed and a number name a message for ever.
"""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

NASTY: Sequence[object] = (
    None, True, False, 0, -1, 7, 1 << 63, 1 << 70, -(1 << 64), 0.5, float("nan"), float("inf"), float("-inf"), "", " ",
    "null", "{}", "0", "\x00", "\x1b[2J", "\ud800", "a\udfffb", "\u202eabc", "\ufeff", "٣", "x" * 300, "x" * 9000, [],
    [[]], {}, {"a": 1}, ["x"] * 50, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2127-01-01T00:00:00Z",
    "2026-01-01T00:00:00", "1.0", "urn:x:0", "urn:x:" + "9" * 5000, "../../etc/passwd", "' or 1=1 --", "all",
    "a|b|c", "a|b", "%ed%a0%80|%00|x", "=HYPERLINK(1)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """`how` names the mutation."""

    how: str
    body: bytes


def mutant(examples: Sequence[bytes], random: Random) -> Mutant:
    """One of the examples, changed in one way, or in two at once."""
    frame = json.loads(random.choice(examples))
    hows = random.choices([*_CHANGES], k=random.choice((1, 1, 1, 2)))
    for how in hows:
        frame = _CHANGES[how](frame, random) if isinstance(frame, (dict, list)) and frame else frame
    encoding = random.choice([*_BYTES]) if random.random() < 0.2 else "as it is"
    return Mutant("+".join((*hows, encoding)), _BYTES[encoding](_text(frame), random))


def _text(frame: object) -> str:
    """JSON as Python writes it: with NaN, and lone surrogates escaped."""
    return json.dumps(frame)


def _places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    keys: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found += _places(value[key], (*at, key))  # type: ignore[index]
    return found


def _holder(frame: Any, random: Random) -> tuple[Any, Any]:
    """Something inside, and the key of one thing in it."""
    *way, last = random.choice(_places(frame))
    for key in way:
        frame = frame[key]
    return frame, last


def _drop(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    del holder[key]
    return frame


def _retype(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    holder[key] = random.choice(NASTY)
    return frame


def _nest(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    holder[key] = random.choice(([holder[key]], {"value": holder[key]}, json.dumps(holder[key])))
    return frame


def _recase(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    if isinstance(holder, dict):
        holder[random.choice((key.upper(), key.title(), f"{key} ", key[::-1]))] = holder.pop(key)
    return frame


def _double(frame: Any, random: Random) -> Any:
    """More of what is in a list, or a field nobody knows."""
    holder, key = _holder(frame, random)
    if isinstance(holder, list):
        holder.insert(random.randrange(len(holder) + 1), holder[key])
    else:
        holder[f"{key}2"] = holder[key]
    return frame


def _lengthen(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    holder[key] = random.choice(("x", "é", "\u0000", "😀")) * random.choice((257, 2049, 8193, 120_000, 1_000_000))
    return frame


def _deepen(frame: Any, random: Random) -> Any:
    holder, key = _holder(frame, random)
    for _ in range(random.choice((20, 150, 300))):
        holder[key] = [holder[key]]
    return frame


def _swap(frame: Any, random: Random) -> Any:
    """Two values change places: each is of a kind that occurs, and of the wrong one."""
    (holder, key), (other, place) = _holder(frame, random), _holder(frame, random)
    # Copies, since one of them may lie within the other.
    one, two = copy.deepcopy(holder[key]), copy.deepcopy(other[place])
    holder[key] = two
    other[place] = one
    return frame


def _wrap(frame: Any, random: Random) -> Any:
    return random.choice(([frame], [frame, frame], {"data": frame}, [[frame]], [frame, None, 7]))


_CHANGES: dict[str, Callable[[Any, Random], Any]] = {
    "drop": _drop, "retype": _retype, "nest": _nest, "recase": _recase, "double": _double, "lengthen": _lengthen,
    "deepen": _deepen, "swap": _swap, "wrap": _wrap,
}  # fmt: skip


def _truncated(text: str, random: Random) -> bytes:
    return text.encode()[: random.randrange(len(text) + 1)]


def _doubled_key(text: str, random: Random) -> bytes:
    """A key twice: the text is still JSON, and readers differ in which one counts."""
    return text.replace("{", '{"id": "another", "type": 7, "keys": [], ', random.choice((1, 5))).encode()


def _flipped(text: str, random: Random) -> bytes:
    body = bytearray(text.encode())
    for _ in range(random.choice((1, 3, 20))):
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return bytes(body)


def _numbers(text: str, random: Random) -> bytes:
    """Numbers that JSON can spell and nothing can hold."""
    number = random.choice(("NaN", "-Infinity", "1e999", "9" * 5000, "1" + "0" * 400 + ".5", "0x7", "01", "+1"))
    for digits in ("0", "1", "2", "3", "5"):
        if f": {digits}" in text:
            return text.replace(f": {digits}", f": {number}", 1).encode()
    return text.replace('"', number, 1).encode()


_BYTES: dict[str, Callable[[str, Random], bytes]] = {
    "as it is": lambda text, _: text.encode(),
    "cut": _truncated,
    "key twice": _doubled_key,
    "bits": _flipped,
    "numbers": _numbers,
    "utf-16": lambda text, _: text.encode("utf-16"),
    "utf-32": lambda text, _: text.encode("utf-32-le"),
    "latin-1": lambda text, _: text.replace(": ", ": \u00e9", 1).encode("latin-1", "replace"),
    "bom": lambda text, _: text.encode("utf-8-sig"),
    "surrogate": lambda text, _: text.replace('": "', '": "\\ud83d', 1).encode(),
    "raw surrogate": lambda text, _: text.replace('": "', '": "\ud83d', 1).encode("utf-8", "surrogatepass"),
    "tail": lambda text, _: text.encode() + b"\x00",
    "twice": lambda text, _: (text + text).encode(),
    "nothing": lambda _text, _: b"",
    "noise": lambda _text, random: random.randbytes(random.choice((1, 40, 4000))),
    "huge": lambda text, _: text.encode() + b" " * (1 << 20),
    "deep": lambda text, _: b'{"data":' * 5000 + text.encode() + b"}" * 5000,
}
