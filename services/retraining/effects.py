"""Registering what a training job wrote."""

from typing import ClassVar

from shared.events import JobRef, ModelRef
from shared.ports import Models
from shared.reactor import Effect, Occasion, chain_tags


class RegisterOutput(Effect):
    """Its tags carry the causal chain, so that the model's registration is known as the answer to this request."""

    kind: ClassVar[str] = "register_output"
    job: JobRef
    output: str
    model: ModelRef
    tags: dict[str, str] = {}

    async def perform(self, occasion: Occasion, models: Models) -> None:
        await models.register_output(self.job, self.output, self.model, {**self.tags, **chain_tags(occasion)})
