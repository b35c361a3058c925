"""Every port in plain Python, for tests and rehearsals: one event loop, one process, gone afterwards."""

from shared.adapters.memory.approvals import MemoryApprovals
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.batch_files import MemoryBatchFiles
from shared.adapters.memory.brakes import MemoryBrakes
from shared.adapters.memory.captures import MemoryCaptures
from shared.adapters.memory.clock import ManualClock
from shared.adapters.memory.deadlines import MemoryDeadlines
from shared.adapters.memory.evidence import MemoryEvidence
from shared.adapters.memory.folds import MemoryFolds
from shared.adapters.memory.hubs import MemoryEventPublisher, MemoryHubReader
from shared.adapters.memory.jobs import MemoryJobs
from shared.adapters.memory.lane_book import MemoryLaneBook
from shared.adapters.memory.ledger import MemoryLedger
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.adapters.memory.letter_book import MemoryLetterBook
from shared.adapters.memory.model_packages import MemoryModelPackages
from shared.adapters.memory.models import MemoryModels
from shared.adapters.memory.notifier import MemoryNotifier
from shared.adapters.memory.policy_book import MemoryPolicyBook
from shared.adapters.memory.positions import MemoryPositions
from shared.adapters.memory.serving import MemoryServingManifests
