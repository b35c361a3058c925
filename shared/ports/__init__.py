"""What the core needs from outside, one file a thing; every adapter of a port passes that port's contract suite."""

from shared.ports.approvals import Approval, Approvals, ApprovalStatus, Delegation, HeldAction, LinkSigner, Say, Seat
from shared.ports.batch_files import BatchFile, BatchFiles
from shared.ports.brakes import Brake, Brakes
from shared.ports.captures import CaptureName, Captures
from shared.ports.clock import Clock
from shared.ports.commands import CommandVerifier
from shared.ports.deadlines import Deadline, Deadlines
from shared.ports.errors import Absent, Moved, Refused, Unavailable
from shared.ports.event_publisher import EventPublisher, Hub
from shared.ports.evidence import Evidence
from shared.ports.folds import Folded, Folds
from shared.ports.hub_reader import HubReader, Message
from shared.ports.ledger import Entry, Head, Lease, Ledger, Mark, Outcome, Progress, Waiting
from shared.ports.letter_bodies import LetterBodies
from shared.ports.letter_book import LetterBook
from shared.ports.model_packages import ModelPackages
from shared.ports.notifier import Notice, Notifier
from shared.ports.policy_book import PolicyBook, PolicyOnRecord
from shared.ports.positions import Positions
from shared.ports.serving import Manifest, Route, ServingManifests
from shared.ports.workspace import (
    CommandJob,
    JobRequest,
    Jobs,
    JobState,
    Models,
    PipelineJob,
    RegisteredModel,
)
