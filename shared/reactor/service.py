"""How a service says what it reacts to. Everything here is declaration; nothing happens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from shared.events import ActionReleased, Entity, Envelope, Event
from shared.policies import PolicyDocument
from shared.ports import Hub
from shared.reactor.effects import Effect


class State(BaseModel):
    """What a service remembers about one entity. Every field has a default: the default state is "never heard of".

    A folded state has a `version`: one that another build wrote with a newer one is not read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: ClassVar[int] = 1

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """What this or an earlier build left in the ledger. Raises whatever it likes for what neither did."""
        return cls.model_validate(cls.upcast(kept))

    @classmethod
    def upcast(cls, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same in the present layout: whoever changes the layout says here how an earlier one is read."""
        return kept


class Known(BaseModel):
    """What a gatherer found out through ports. Recorded with the decision: no secret, no personal data in it."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class Facts[K: Known]:
    """All a policy may know besides state and event. `now` is the moment of deciding (UTC), `event_id` the cause."""

    now: datetime
    event_id: str
    known: K


@dataclass(frozen=True, slots=True)
class Decision[S: State]:
    state: S
    effects: Sequence[Effect] = ()


type Policy[S: State, K: Known, E: Event] = Callable[[S, Facts[K], E, PolicyDocument], Decision[S]]
type Gatherer[K: Known] = Callable[..., Awaitable[K]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One (service, event type): gather facts, then decide. `entity` is whose state decides; None means not for us.

    `any_mode`: it acts in every mode, since a person ordered it or it ends what was begun. A brake holds it too.
    """

    event_type: type[Event]
    decide: Policy[Any, Any, Any]
    entity: Callable[[Any], Entity | None]
    gather: Gatherer[Any] | None
    emits: frozenset[type[Event]]
    any_mode: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A message of a row stream, read: `envelope` is of one of the types that the fold declares."""

    sequence: int
    envelope: Envelope[Any]


@dataclass(frozen=True, slots=True)
class FoldResult[S: State]:
    """`state` goes into the store, `events` are published before it is written; their keys must derive from content."""

    state: S
    events: Sequence[Envelope[Any]] = ()


type Folder = Callable[..., Awaitable[FoldResult[Any]]]


@dataclass(frozen=True, slots=True)
class Fold:
    """One (service, row stream). Rows of `types` are folded into the state of the entity that is their `key`.

    The folder gets `state`, `rows` (new ones only, in order, all of one key), `partition`, and ports by type. Of the
    folds of a hub one `buries` what cannot be read there; the others look at their own types only.
    """

    hub: Hub
    state: type[State]
    fold: Folder
    types: tuple[type[Event], ...]
    key: Callable[[Any], Entity]
    buries: bool


def key_of(event: Event) -> Entity:
    return event.entity


class Service[S: State = Any]:
    """A reason to react, with its own state and chains in the ledger. Its folder gives it its name.

    `lane` is who reads hub `events` for it, "" for one that only folds; `app` is where it runs. `may_be_held`: by a
    mode or a brake; not so what people are asked, told and obeyed by. `acts_on_the_past`: also on what lay in a hub
    before it first ran.
    """

    def __init__(
        self, package: str, *, state: type[S], lane: str = "", app: str = "control", may_be_held: bool = True,
        acts_on_the_past: bool = False,
    ) -> None:  # fmt: skip
        self.name = package.rpartition(".")[2]
        self.lane, self.app, self.state = lane, app, state
        self.may_be_held, self.acts_on_the_past = may_be_held, acts_on_the_past
        self.reactions: dict[type[Event], Reaction] = {}
        self.folds: dict[Hub, Fold] = {}

    def reacts_to[E: Event, K: Known](
        self,
        event_type: type[E],
        *,
        decide: Policy[S, K, E],
        gather: Gatherer[K] | None = None,
        entity: Callable[[E], Entity | None] | None = None,
        emits: Sequence[type[Event]] = (),
        any_mode: bool = False,
    ) -> None:
        """Declare a reaction. `emits` is enforced: the reactor refuses to publish anything else.

        `gather(event=..., state=..., <port>=...)` is called by keyword: `event` and `state` by name, everything else
        by the type in its annotation (a port, `PolicyDocument`). It raises `Unavailable` to be asked again later.
        Without `entity`, the event itself says whom of this service it concerns.
        """
        if event_type in self.reactions:
            raise ValueError(f"{self.name} already reacts to {event_type.__name__}")
        concern = entity or self._concerned
        self.reactions[event_type] = Reaction(event_type, decide, concern, gather, frozenset(emits), any_mode)

    def folds_from(
        self,
        hub: Hub,
        *,
        state: type[State],
        fold: Folder,
        types: Sequence[type[Event]],
        key: Callable[[Any], Entity] = key_of,
        buries: bool = True,
    ) -> None:
        """Declare a fold over a row stream: `fold(state=..., rows=..., partition=..., <port>=...)`."""
        self.folds[hub] = Fold(hub, state, fold, tuple(types), key, buries)

    def concerned(self, event: Event) -> Entity | None:
        """Whose state decides about this event; None where it is not for this service."""
        if isinstance(event, ActionReleased):  # every service reacts to the release of its own decisions
            return event.concerns(self.name)
        reaction = self.reactions.get(type(event))
        return reaction.entity(event) if reaction else None

    def _concerned(self, event: Event) -> Entity | None:
        return event.concerns(self.name)
