"""What a handler answers, and what a long-running operation must know of its request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from infra.local.azure_ml.resources import Json


@dataclass(frozen=True)
class Lro:
    """What a fault makes of an operation: how it ends, and how long it takes, None for as long as usual."""

    outcome: Literal["succeed", "fail", "never"] = "succeed"
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Asked(Protocol):
    """`base` is this server's address; `lro` is what a fault asks for."""

    @property
    def base(self) -> str: ...

    @property
    def lro(self) -> Lro | None: ...
