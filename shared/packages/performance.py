"""What the performance job is asked and what it answers."""

from pydantic import BaseModel, ConfigDict, Field

from shared.events.monitoring import Window
from shared.events.references import EndpointRef, PackageRef


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PerformanceRequestBody(_Body):
    """`decision_threshold` turns a probability into the decision that `accuracy` is about."""

    endpoint: EndpointRef
    package: PackageRef
    window: Window
    decision_threshold: float = Field(default=0.5, gt=0, lt=1)


class PerformanceReport(_Body):
    """`captured` rows of the package lie in the window, `rows` of them have a label.

    `metrics`: roc_auc, log_loss, brier, accuracy, positive_rate; empty without rows, without roc_auc when only one
    class was seen. `baseline` is the package's own `metrics.json`.
    """

    endpoint: EndpointRef
    package: PackageRef
    window: Window
    captured: int
    rows: int
    metrics: dict[str, float]
    baseline: dict[str, float]
