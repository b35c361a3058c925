"""Who answers for which port: a table of a folder's adapters, found by the port that each names as its base.

A new port is its own file, an adapter for each place, and the contract suite that both pass; no list names it.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_type_hints

type Table = dict[type, Callable[..., Any]]


def adapters_in(package: str) -> Table:
    """Port to adapter, of all modules below `package`. Raises `TypeError` where two answer for one port."""
    table: Table = {}
    for adapter in _classes(package):
        for port in filter(_is_port, adapter.__bases__):
            if port in table:
                raise TypeError(f"{port.__name__}: {table[port]} and {adapter} both answer for it")
            table[port] = adapter
    return table


def _classes(package: str) -> Iterator[type]:
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        for member in vars(import_module(module.name)).values():
            if isinstance(member, type) and member.__module__ == module.name:
                yield member


def _is_port(base: type) -> bool:
    return base.__module__.startswith("shared.ports.") and getattr(base, "_is_protocol", False)


def built(table: Table, given: Mapping[type, object]) -> dict[type, Any]:
    """An adapter for each port, beside what is `given`; their makers get what they ask for, by type, out of these."""
    made: dict[type, Any] = dict(given)

    def make(kind: type, asking: str) -> Any:
        if kind not in made:
            if kind not in table:
                raise TypeError(f"{asking} needs {kind!r}, which is neither given nor a port of the table")
            made[kind] = table[kind](**{name: make(hint, kind.__name__) for name, hint in _needs(table[kind])})
        return made[kind]

    for port in table:
        make(port, "")
    return made


def _needs(maker: Callable[..., Any]) -> list[tuple[str, type]]:
    """What has no default. A maker that wraps another one asks for the same."""
    adapter: Any = inspect.unwrap(maker)
    hints = get_type_hints(adapter.__init__)
    parameters = inspect.signature(adapter).parameters.values()
    return [(each.name, hints[each.name]) for each in parameters if each.default is each.empty]
