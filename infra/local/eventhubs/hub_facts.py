"""What a hub keeps of itself, beside its partitions' logs."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.eventhubs.config import ConfigError, HubConfig


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class HubFacts:
    """`epoch` is that of the sequence numbers: -1 until the hub fails over for the first time."""

    created_ms: int
    partitions: int
    epoch: int = -1


def load_facts(directory: Path, config: HubConfig) -> HubFacts:
    """Read them, or begin them; raise `ConfigError` when the hub has fewer partitions than are stored."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "hub.json"
    stored = HubFacts(**json.loads(path.read_text())) if path.exists() else HubFacts(now_ms(), 0)
    if config.partitions < stored.partitions:
        raise ConfigError(
            f"hub '{config.name}': PartitionCount {config.partitions} is less than the {stored.partitions} "
            f"partitions stored in {directory}; a hub cannot shrink"
        )
    facts = HubFacts(stored.created_ms, config.partitions, stored.epoch)
    store_facts(directory, facts)
    return facts


def store_facts(directory: Path, facts: HubFacts) -> None:
    """Write them."""
    (directory / "hub.json").write_text(json.dumps(asdict(facts)))
