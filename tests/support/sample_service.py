"""A small service for tests of the reactor: counts rejections of a model and tells the world about each."""

from typing import ClassVar

from shared.events import DriftCleared, Event, ModelRef, ModelRegistered, ModelRejected
from shared.policies import PolicyDocument
from shared.ports import Clock
from shared.reactor import Decision, Effect, Facts, Known, Occasion, Publish, Service, State

WORKSPACE = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/dev"
POLICY = PolicyDocument.model_validate(
    {
        "workspaces": dict.fromkeys(("development", "staging", "production"), WORKSPACE),
        "endpoints": {"flights": {"model": "flights"}},
    }
)


class Counted(State):
    seen: int = 0


class Weather(Known):
    """What the gatherer was told."""

    sunny: bool = True


class Trouble:
    """What goes wrong next, by hand: every gather or perform asks it first."""

    def __init__(self) -> None:
        self.gathering: list[BaseException] = []
        self.performing: list[BaseException] = []
        self.performed: list[str] = []

    def gather(self) -> None:
        if self.gathering:
            raise self.gathering.pop(0)

    def perform(self, key: str) -> None:
        if self.performing:
            raise self.performing.pop(0)
        self.performed.append(key)


class Ring(Effect):
    """Rings a bell: not repeatable, so that a second time would be seen."""

    kind: ClassVar[str] = "ring_sample_bell"
    note: str = ""

    async def perform(self, occasion: Occasion, trouble: Trouble) -> None:
        trouble.perform(occasion.key)


async def gather(event: ModelRegistered, state: Counted, trouble: Trouble, clock: Clock) -> Weather:
    trouble.gather()
    return Weather()


def decide(state: Counted, facts: Facts[Weather], event: ModelRegistered, policy: PolicyDocument) -> Decision[Counted]:
    rejected = ModelRejected(model=event.model, reason=f"number {state.seen + 1}")
    return Decision(Counted(seen=state.seen + 1), [Ring(), Publish(event=rejected), Ring(note="after")])


def decide_wrongly(state: Counted, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[Counted]:
    return Decision(state, [Publish(event=event)])


def sample_service() -> Service:
    service = Service("sample", lane="samples", state=Counted)
    service.reacts_to(ModelRegistered, gather=gather, decide=decide, emits=[ModelRejected])
    service.reacts_to(DriftCleared, decide=decide_wrongly)
    return service


def registered(version: str = "1") -> ModelRegistered:
    return ModelRegistered(model=ModelRef(workspace=WORKSPACE, name="flights", version=version))
