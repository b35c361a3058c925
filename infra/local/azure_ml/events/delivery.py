"""What an operator may do to the delivery: withhold, double or delay events of some types."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Types = tuple[str, ...] | Literal["*"]


class Delivery(BaseModel):
    """Types are written short (`RunCompleted`) or in full. `types` narrows `delay_s`, seconds, to some types."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    withhold: Types = ()
    double: Types | bool = ()
    delay_s: float = Field(default=0, ge=0)
    types: Types = "*"

    def withholds(self, kind: str) -> bool:
        return _among(self.withhold, kind)

    def doubles(self, kind: str) -> bool:
        if isinstance(self.double, bool):
            return self.double and _among(self.types, kind)
        return _among(self.double, kind)

    def delay(self, kind: str) -> float:
        return self.delay_s if _among(self.types, kind) else 0


def _among(types: Types, kind: str) -> bool:
    return types == "*" or kind in types or kind.rsplit(".", 1)[-1] in types
