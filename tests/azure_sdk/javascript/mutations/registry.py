"""What a mutation is: the server with one thing broken, and the checks that have to notice it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# `put(owner, name, make)`: replaces an attribute by what `make` makes of it.
type Put = Callable[[object, str, Callable[[Any], Any]], None]


@dataclass(frozen=True)
class Mutation:
    """`red`: every check whose claim holds one of these words fails, and no other but those that hold one of `may`."""

    name: str
    what: str
    red: tuple[str, ...]
    may: tuple[str, ...]
    apply: Callable[[Put], None]


MUTATIONS: dict[str, Mutation] = {}


def noticed_by(*red: str, may: tuple[str, ...] = ()) -> Callable[[Callable[[Put], None]], Callable[[Put], None]]:
    """Enter a mutation under its function's name; the docstring says what is broken."""

    def enter(apply: Callable[[Put], None]) -> Callable[[Put], None]:
        name = apply.__name__
        MUTATIONS[name] = Mutation(name, (apply.__doc__ or "").strip(), red, may, apply)
        return apply

    return enter


def put(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """For good: the process is the broken server."""
    setattr(owner, name, make(getattr(owner, name)))
