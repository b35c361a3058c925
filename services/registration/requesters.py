"""Who asks for a registered model to serve, for the four eyes (N9)."""

from shared.approvals.identity import identity
from shared.ports import Creator, RegisteredModel

REQUESTER_TAG = "sluice-requester"
_REGISTER_FOR_OTHERS = ("Application", "ManagedIdentity")


def requesters(model: RegisteredModel, maker: Creator | None) -> tuple[str, ...]:
    """Object ids and addresses of all who may have had it registered; empty when nobody is known.

    A person who registered it cannot name another in a tag. What registers for others, a pipeline, may say for whom;
    whose job made the model counts all the same, so that saying nothing, or somebody else, opens no way around.
    """
    told = model.tags.get(REQUESTER_TAG, "") if model.created_by_type in _REGISTER_FOR_OTHERS else ""
    person = model.created_by if model.created_by_type == "User" else ""
    made = (maker.object_id, maker.name) if maker and maker.type == "User" else ()
    return tuple(dict.fromkeys(known for known in map(identity, (person, told, *made)) if known))


def in_words(model: RegisteredModel, known: tuple[str, ...]) -> str:
    """Whom the page names: who registered it, or for whom."""
    if model.created_by_type == "User":
        return model.created_by or next(iter(known), "unknown")
    told = identity(model.tags.get(REQUESTER_TAG, ""))
    return told if told in known else next(iter(known), model.created_by or "unknown")
