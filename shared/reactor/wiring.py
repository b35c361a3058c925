"""Arguments by type: gatherers, folds and effects say in their signatures what they need; an app says what it has."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, get_type_hints

from shared.reactor.effects import Effect
from shared.reactor.service import Service

_BY_NAME = ("event", "event_id", "state", "rows", "partition", "occasion")


_kinds: dict[str, Any] = {}


class Unwired(TypeError):
    """A function asks for something that this app does not provide; raised when the app starts."""


@cache
def needs(function: Callable[..., Any]) -> Mapping[str, type]:
    """Every parameter by name with its annotated type."""
    hints = get_type_hints(function)
    return {name: hints[name] for name in inspect.signature(function).parameters if name != "self"}


class Wiring:
    """What an app provides, by type."""

    def __init__(self, provided: Mapping[type, object]) -> None:
        self._provided = dict(provided)

    def arguments(self, function: Callable[..., Any], **named: object) -> dict[str, Any]:
        """Keyword arguments for `function`: those of `named` that it asks for, all others by type; raises `Unwired`."""
        wanted = needs(_plain(function))
        try:
            return {name: named[name] if name in named else self._given(hint) for name, hint in wanted.items()}
        except KeyError as error:
            raise Unwired(f"{function.__module__}.{function.__qualname__} needs {error.args[0]}") from None

    def _given(self, hint: type) -> object:
        """A service's own helpers are made here, once, of what they ask for; raises `KeyError` for the unknown."""
        if hint not in self._provided and hint.__module__.startswith("services."):
            maker: Any = hint
            self._provided[hint] = maker(**self.arguments(maker.__init__))
        return self._provided[hint]

    def check(self, services: Iterable[Service]) -> None:
        """Raise `Unwired` now, not at the first event: for these services, their own effects and the shared ones."""
        rooms = ["shared."]
        for service in services:
            rooms.append(f"services.{service.name}.")
            for function in _functions(service):
                self._check(function)
        for effect in effect_kinds().values():
            if effect.__module__.startswith(tuple(rooms)):
                self._check(effect.perform)

    def _check(self, function: Callable[..., Any]) -> None:
        self.arguments(function, **dict.fromkeys(_BY_NAME))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method of an instance has the needs of its class's function: asked for once, not once an instance."""
    return getattr(function, "__func__", function)


def _functions(service: Service) -> Iterable[Callable[..., Any]]:
    yield from (reaction.gather for reaction in service.reactions.values() if reaction.gather)
    yield from (fold.fold for fold in service.folds.values())


def effect_of(kind: str) -> Any:
    """The effect of this kind; None where none has been imported."""
    if kind not in _kinds:
        _kinds.update(effect_kinds())
    return _kinds.get(kind)


def effect_kinds() -> dict[str, Any]:
    """Every effect that has been imported, by its kind."""
    found: dict[str, Any] = {}
    queue = list(Effect.__subclasses__())
    while queue:
        effect = queue.pop()
        queue.extend(effect.__subclasses__())
        if "kind" in vars(effect):
            found[effect.kind] = effect
    return found
