"""What the core needs from outside, one file a thing; every adapter of a port passes that port's contract suite."""

from shared.ports.apps import AppSurvey
from shared.ports.azure.machine_learning import (
    CommandJob,
    Creator,
    JobRequest,
    Jobs,
    JobState,
    Models,
    PipelineJob,
    RegisteredModel,
)
from shared.ports.clock import Clock
from shared.ports.errors import Absent, Moved, Refused, Unavailable
from shared.ports.models.batch_files import BatchFile, BatchFiles
from shared.ports.models.live_instances import Instance, LiveInstances
from shared.ports.models.model_packages import ModelPackages
from shared.ports.models.serving import Manifest, Route, ServingManifests
from shared.ports.people.approvals import Approvals, LinkSigner
from shared.ports.people.commands import CommandVerifier
from shared.ports.people.notifier import Notice, Notifier
from shared.ports.records.archive import Archive
from shared.ports.records.brakes import Brake, Brakes
from shared.ports.records.captures import CaptureName, Captures
from shared.ports.records.deadlines import Deadline, Deadlines
from shared.ports.records.evidence import Evidence
from shared.ports.records.folds import Folds
from shared.ports.records.grown import End, Grown
from shared.ports.records.heartbeats import Heartbeat, Heartbeats
from shared.ports.records.lane_book import LaneBook, Stop
from shared.ports.records.ledger import Cut, Entry, Head, Lease, Ledger, Mark, Outcome, Progress, Waiting
from shared.ports.records.letter_bodies import LetterBodies
from shared.ports.records.letter_book import LetterBook
from shared.ports.records.policy_book import PolicyBook, PolicyOnRecord
from shared.ports.records.positions import Place, Position, Positions
from shared.ports.records.seals import KeptSeal, Seals
from shared.ports.records.store_survey import Access, StoreSurvey
from shared.ports.streams.event_publisher import EventPublisher, Hub
from shared.ports.streams.host_checkpoints import HostCheckpoint, HostCheckpoints
from shared.ports.streams.hub_reader import Extent, HubReader, Message, back_group
from shared.ports.streams.hub_survey import HubShape, HubSurvey
