"""The Azure ML workspaces that are ours: any number, each of one or more stages."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
