"""What a renderer says: titles, facts, measures with their limits, tables. The template draws them and escapes all."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from services.approval_pages.evidence.strips import Strip, strip
from services.approval_pages.values import number
from shared.events.staging import Bound

type Outcome = Literal["passed", "failed", "inconclusive"]

OUTCOME_WORDS: dict[Outcome, str] = {"passed": "passed", "failed": "failed", "inconclusive": "not conclusive"}
_MET: dict[Outcome, str] = {
    "passed": "\N{CHECK MARK} met",
    "failed": "\N{BALLOT X} not met",
    "inconclusive": "? not certain",
}
# Units that belong to their number; others are words, and stand below it.
_SYMBOLS = frozenset({"ms", "s", "%", "MB"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, both in words."""

    form: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with the limit that it may be `at most` or `at least`, and where it surely lies: `low` to `high`."""

    name: str
    outcome: Outcome | None = None
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    bound: Bound | None = None
    low: float | None = None
    high: float | None = None
    detail: str = ""

    @property
    def outcome_words(self) -> str:
        return OUTCOME_WORDS[self.outcome] if self.outcome else ""

    @property
    def measured(self) -> str:
        if self.value is None and self.low is not None and self.high is not None:
            return f"{number(self.low)} to {number(self.high)}"
        return number(self.value, self.unit if self.unit in _SYMBOLS else "")

    @property
    def unit_words(self) -> str:
        return "" if self.unit in _SYMBOLS else self.unit

    @property
    def limit_words(self) -> str:
        if self.limit is None:
            return number(None)
        direction = f"{self.bound} " if self.bound else ""
        return f"{direction}{number(self.limit, self.unit if self.unit in _SYMBOLS else '')}"

    @property
    def met(self) -> str:
        """Whether the limit is kept, in words and with a sign of its own; empty without a limit."""
        return _MET[self.outcome] if self.outcome and self.limit is not None else ""

    @property
    def picture(self) -> Strip | None:
        words = f"{self.measured}, limit {self.limit_words}" if self.limit is not None else self.measured
        return strip(self.value, (self.low, self.high), self.limit, self.bound, words)


@dataclass(frozen=True, slots=True)
class Measures:
    """`folded`: closed until somebody opens it."""

    form: ClassVar[str] = "measures"
    caption: str
    rows: tuple[Measure, ...]
    folded: bool = False

    @property
    def has_limits(self) -> bool:
        return any(row.limit is not None for row in self.rows)

    @property
    def has_outcomes(self) -> bool:
        return any(row.outcome for row in self.rows)

    @property
    def has_details(self) -> bool:
        return any(row.detail for row in self.rows)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words; columns named in `numbers` stand to the right."""

    form: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()


type Block = Facts | Measures | Table


@dataclass(frozen=True, slots=True)
class Shown:
    """One exhibit."""

    title: str
    blocks: tuple[Block, ...] = ()
    text: str = ""
    outcome: Outcome | None = None

    @property
    def outcome_words(self) -> str:
        return OUTCOME_WORDS[self.outcome] if self.outcome else ""
