"""The model package: the contract with any training pipeline, and the bodies of the jobs that judge packages."""

from shared.packages.batch import BatchReport, BatchRequestBody
from shared.packages.errors import NotAPackage
from shared.packages.files import FILES, digest, fetch_files
from shared.packages.folder import read_files, write_files
from shared.packages.package import ModelPackage, read_package
from shared.packages.performance import PerformanceReport, PerformanceRequestBody
from shared.packages.signature import (
    FLOATS,
    PREDICTION,
    TRAINED,
    Datatype,
    Feature,
    InputColumn,
    OutputColumn,
    Signature,
)
from shared.packages.staging_suite import (
    CheckLimits,
    LeftOut,
    Rehearsal,
    StagingReport,
    StagingRequestBody,
    SuiteLimits,
)
