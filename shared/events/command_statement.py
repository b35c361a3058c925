"""What an operator's command says, word for word: operators sign these bytes, control checks the signature."""

from shared.events.brakes import ReactionsPaused, ReactionsResumed
from shared.events.event import canonical
from shared.events.lanes import LaneResumeOrdered
from shared.events.redrive import RedriveRequested
from shared.events.rollback import RollbackOrdered

type Command = LaneResumeOrdered | ReactionsPaused | ReactionsResumed | RedriveRequested | RollbackOrdered


def command_statement(command: Command, event_id: str) -> bytes:
    """Everything it says but its proof, and the event's id: under another id, a command seen before proves nothing."""
    return canonical({"type": command.type, "id": event_id, **command.model_dump(mode="json", exclude={"proof"})})
