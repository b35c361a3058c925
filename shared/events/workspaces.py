"""The Azure ML workspaces that are ours: any number, each of one or more stages."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from shared.events.references import WorkspaceId

# In the order of a model's life.
type Stage = Literal["development", "staging", "production"]
STAGES: tuple[Stage, ...] = ("development", "staging", "production")


class Workspace(BaseModel):
    """`id` is the full resource id; `location` an Azure region; `project` groups workspaces that work together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: WorkspaceId
    stages: tuple[Stage, ...] = Field(min_length=1)
    location: str = ""
    project: str = ""

    @field_validator("stages")
    @classmethod
    def _in_order_and_once(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        return tuple(stage for stage in STAGES if stage in stages)

    @property
    def subscription(self) -> str:
        return self.id.split("/")[2]

    @classmethod
    def by_stage(cls, ids: dict[Stage, str]) -> tuple[Self, ...]:
        """One workspace for each id; it may be named for several stages."""
        spelt = [cls(id=of, stages=(stage,)) for stage, of in ids.items()]
        merged: dict[str, Self] = {}
        for each in spelt:
            before = merged.get(each.id)
            merged[each.id] = cls(id=each.id, stages=(*before.stages, *each.stages)) if before else each
        return tuple(merged.values())


def _once_each(workspaces: tuple[Workspace, ...]) -> tuple[Workspace, ...]:
    if len({each.id for each in workspaces}) != len(workspaces):
        raise ValueError("a workspace is named twice")
    return workspaces


# Setting WORKSPACES, in every app that reads it.
Workspaces = Annotated[tuple[Workspace, ...], AfterValidator(_once_each)]


def serving(workspaces: tuple[Workspace, ...]) -> str:
    """The id of the only one of stage production, "" where there is none or where there are several."""
    found = [each.id for each in workspaces if "production" in each.stages]
    return found[0] if len(found) == 1 else ""
