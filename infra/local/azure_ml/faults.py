"""Faults an operator or a test asks for: refusals, delays, lost or torn answers, operations that fail or never end."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from infra.local.azure_ml.answer import Lro


class Match(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str = "*"
    path_regex: str = ".*"

    @field_validator("path_regex")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


class Fault(BaseModel):
    """`times` counts down to 0 with each use; None is for ever. `status` answers before anything is done, `answer_lost`
    and `truncate` act after it was done. `lro` is how an operation ends, `lro_s` how long it takes, in seconds: with
    either it is long-running, even where others are done at once."""

    model_config = ConfigDict(extra="forbid")

    match: Match = Field(default_factory=Match)
    status: int | None = Field(default=None, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    delay_s: float = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)
    answer_lost: bool = False
    truncate: bool = False
    lro: Literal["fail", "never"] | None = None
    lro_s: float | None = Field(default=None, ge=0)

    @property
    def operation(self) -> Lro | None:
        """What becomes of an operation that this starts; None where nothing is asked for."""
        return Lro(self.lro or "succeed", self.lro_s) if self.lro or self.lro_s is not None else None

    def applies(self, method: str, path: str) -> bool:
        same_method = self.match.method in ("*", method)
        return same_method and self.times != 0 and re.search(self.match.path_regex, path, re.IGNORECASE) is not None


_FAULTS = TypeAdapter(list[Fault])


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, document: bytes) -> None:
        """Add the faults of a JSON array; raises pydantic's `ValidationError`."""
        self._faults.extend(_FAULTS.validate_json(document))

    def clear(self) -> None:
        self._faults.clear()

    def listed(self) -> list[dict[str, object]]:
        return [fault.model_dump() for fault in self._faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that applies, counted as used."""
        for fault in self._faults:
            if fault.applies(method, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
