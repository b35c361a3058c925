"""What became of the rows of a chunk: in numbers, and in which files of its folder."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.scoring.files import ScoredChunk

SCORED, REJECTED = "scored.parquet", "rejected.parquet"
_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a chunk, and those rejected, by the field at fault."""

    rows: int
    rejected_by: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, chunk: "ScoredChunk") -> "Counts":
        """Of very many fields the worst: the metadata of a blob holds 8 KB."""
        worst = Counter(chunk.by_field()).most_common()
        others = sum(count for _, count in worst[_MOST_FIELDS:])
        more = {"others": others} if others else {}
        return cls(chunk.scored.num_rows + chunk.rejected.num_rows, dict(worst[:_MOST_FIELDS]) | more)
