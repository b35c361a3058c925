"""The event catalogue: the only language services share. CloudEvents 1.0, one class per type."""

from shared.events.actions import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionObserved,
    ActionPending,
    ActionProposed,
    ActionReleased,
    ActionStalled,
    ActionSuperseded,
    ReleaseRefused,
)
from shared.events.announcement import Announcement, Severity
from shared.events.approvals import (
    ApprovalDecided,
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalSuperseded,
    DelegationRequested,
)
from shared.events.batch import BatchCompleted, BatchFailed, BatchRequested, BatchStarted, FileRef
from shared.events.border import Unreadable
from shared.events.brakes import BrakeEngaged, BrakeReleased, CommandRefused, ReactionsPaused, ReactionsResumed
from shared.events.codec import CONTENT_TYPE, decode, encode, from_cloud_event, read_fact, to_cloud_event
from shared.events.drift import DriftCleared, DriftConfirmed
from shared.events.entity import Entity, EntityName
from shared.events.event import Envelope, Event, Hub, canonical, derive_id
from shared.events.folding import RowsRefused, StateSetAside
from shared.events.jobs import JobEnded
from shared.events.lanes import LaneResumed, LaneResumeOrdered, LaneStalled, LaneStopped
from shared.events.models import ModelRegistered, ModelRejected
from shared.events.monitoring import (
    DriftMeasured,
    FeatureDrift,
    PerformanceMeasured,
    PerformanceRequested,
    QualityMeasured,
    RowsMissed,
    Window,
    WindowFolded,
)
from shared.events.predictions import (
    CaptureLost,
    GoldenProof,
    Label,
    LabelsRecorded,
    ModelLoadFailed,
    PredictionsCaptured,
    ServingReported,
    VersionReport,
)
from shared.events.promotion import (
    CanaryStep,
    CountedStep,
    Finding,
    PromotionAborted,
    PromotionCompleted,
    PromotionRefused,
    PromotionStarted,
    PromotionStepped,
)
from shared.events.redrive import RedriveRefused, RedriveRequested, RedriveStarted
from shared.events.references import AssetName, Digest, EndpointRef, JobRef, ModelRef, PackageRef, WorkspaceId
from shared.events.retraining import (
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingRefused,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.events.rollback import (
    InstanceProof,
    RehearsedProof,
    RollbackCompleted,
    RollbackFailed,
    RollbackOrdered,
    RollbackRequested,
    RollbackStarted,
    RollbackSuperseded,
)
from shared.events.staging import (
    CheckResult,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    StagingRequested,
    StagingStarted,
)
from shared.events.system import (
    DeadLettered,
    DeadlineReached,
    EventsLost,
    HubReplaced,
    MessagesBuried,
    PolicyChanged,
    ServiceMissed,
)
from shared.events.unseen import CapturesLost, RowsUnmonitored
