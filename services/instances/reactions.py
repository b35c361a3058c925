"""A fold and nothing else."""

from services.instances.folding import fold_reports
from shared.events import ModelLoadFailed, ServingReported
from shared.reactor import Service, State
from shared.serving import Instances

service = Service(__package__, state=State)

service.folds_from(
    "predictions", state=Instances, fold=fold_reports, types=[ServingReported, ModelLoadFailed], buries=False
)
