"""An endpoint: what serves, how far a canary has come, and what the last window said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from function_app.operator.standing.unmeasured import Unmeasured, named
from shared.events import EndpointRef
from shared.ports import Head, Manifest, Route


@dataclass(frozen=True, slots=True)
class Canary:
    """`step` is the share of the requests that the step under way asks for, `status` what it waits for."""

    model: str
    status: str
    share: float
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Signal:
    """The last window by one signal: its worst score against its limit."""

    name: str
    start: str
    breach: bool
    score: float
    limit: float


@dataclass(frozen=True, slots=True)
class Standing:
    """`shares` by model and version, the largest first; empty when nothing serves. `decided`: by any service yet.

    Packages that are `unmeasured` are named by their models, as far as those are known.
    """

    endpoint: EndpointRef
    generation: int
    shares: Sequence[tuple[str, float]]
    canary: Canary | None
    windows: Sequence[Signal]
    decided: bool
    unmeasured: Sequence[Unmeasured] = ()


def standing(
    endpoint: EndpointRef, manifest: Manifest, promotion: Head | None, drift: Head | None, *, decided: bool,
    unmeasured: Sequence[Unmeasured] = (),
) -> Standing:  # fmt: skip
    routes = sorted(manifest.routes, key=lambda route: -route.share)
    shares = [(_model(route), route.share) for route in routes]
    signals = windows(_state(drift))
    missed = [_by_model(each, manifest) for each in unmeasured]
    return Standing(endpoint, manifest.generation, shares, canary(_state(promotion)), signals, decided, missed)


def _by_model(each: Unmeasured, manifest: Manifest) -> Unmeasured:
    return replace(each, why=named(each.why, manifest)) if each.kind == "unmonitored" else each


def _state(head: Head | None) -> Mapping[str, Any]:
    return head.state or {} if head else {}


def _model(route: Route) -> str:
    return f"{route.package.model.name}:{route.package.model.version}"


def canary(state: Mapping[str, Any]) -> Canary | None:
    """From promotion's own state; None when nothing is under way, or when this build cannot read it."""
    try:
        if state.get("status", "idle") == "idle":
            return None
        model = state["route"]["package"]["model"]
        since = datetime.fromisoformat(state["since"]) if state.get("since") else None
        return Canary(f"{model['name']}:{model['version']}", state["status"], float(state["steps"][0]["share"]), since)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def windows(state: Mapping[str, Any]) -> Sequence[Signal]:
    """The last window of each signal, from drift's own state; what this build cannot read is left out."""
    found = []
    for name, past in (state.get("windows") or {}).items():
        try:
            last = past[-1]
            start = str(last["window"]["start"])[:16]
            found.append(Signal(name, start, bool(last["breach"]), float(last["score"]), float(last["limit"])))
        except (KeyError, IndexError, TypeError, ValueError):
            continue
    return found
