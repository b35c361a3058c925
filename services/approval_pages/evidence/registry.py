"""The renderers, found in `kinds`: whatever a module there calls `renderer`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic import BaseModel, ValidationError

from services.approval_pages.evidence import kinds
from services.approval_pages.evidence.anything import show_anything
from services.approval_pages.evidence.showing import Shown
from shared.approvals import Exhibit
from shared.events import Event, Unreadable
from shared.events.catalogue import upcast


@dataclass(frozen=True, slots=True)
class Renderer[M: BaseModel]:
    """Shows exhibits of `kind`, whose data is a `model`."""

    kind: str
    model: type[M]
    show: Callable[[M], Shown]

    def of(self, exhibit: Exhibit) -> Shown:
        """Raises `ValidationError` or `Unreadable` for data that is not of its model."""
        data = exhibit.data
        if issubclass(self.model, Event):
            _, data = upcast(exhibit.kind, exhibit.version, data)
        return self.show(self.model.model_validate(data))


@cache
def renderers() -> Mapping[str, Renderer[Any]]:
    """By kind. Raises `TypeError` when two show one kind."""
    found: dict[str, Renderer[Any]] = {}
    for module in iter_modules(kinds.__path__, f"{kinds.__name__}."):
        renderer: Renderer[Any] = import_module(module.name).renderer
        if renderer.kind in found:
            raise TypeError(f"{module.name} shows {renderer.kind}, which is shown already")
        found[renderer.kind] = renderer
    return found


def show(exhibit: Exhibit) -> Shown:
    """By its kind; field by field what has no renderer, or is not of the shape that this build knows."""
    renderer = renderers().get(exhibit.kind)
    if renderer is None:
        return show_anything(exhibit)
    try:
        return renderer.of(exhibit)
    except (ValidationError, Unreadable):
        return show_anything(exhibit)
