"""What a kind of question is: what answers it, what its truth is, and how well it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # numpy is not in every process that reads a package
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured

# What an output of a model means. Shapes are those of `shared.packages.signature.outputs`.
type Role = Literal["label", "score", "probability", "probabilities", "quantile", "mask", "tokens", "text", "embedding"]
type Array = "NDArray[Any]"
# A rate is a share of rows (0 to 1), nats are those of log loss, an error is in the unit of what is predicted.
type Scale = Literal["rate", "nats", "error"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure, and which way is better."""

    name: str
    better: Literal["higher", "lower"]
    scale: Scale


@dataclass(frozen=True, slots=True)
class About:
    """What a signature says that figures depend on. `positive` is a class, by default the last."""

    classes: tuple[str | int, ...] = ()
    positive: str | int | None = None
    labels: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    threshold: float = 0.5

    @property
    def positive_at(self) -> int:
        """The place of the positive class."""
        return self.classes.index(self.positive) if self.positive is not None else -1


@dataclass(frozen=True, slots=True)
class Answers:
    """Rows with their truth, as `Task.truth` gives it, and what a model answered to them: by role, [N, ...]."""

    truth: Sequence[Any]
    outputs: "Mapping[Role, NDArray[Any]]"
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Answered:
    """An output of a model for some rows, and what its signature says of it."""

    values: "Array"
    role: Role
    classes: tuple[str | int, ...] = ()
    positive: str | int | None = None
    quantiles: tuple[float, ...] = ()
    has_targets: bool = False


type Watch = "Callable[[Answered], Array]"
type Truth = Callable[[Any, About], Any]
type Measure = "Callable[[Answers], Measured]"
type Faults = "Callable[[Mapping[Role, NDArray[Any]], About], tuple[str, ...]]"


def _nothing(answered: Answered) -> "Array":
    raise NotImplementedError("a task that is refused watches nothing")


def _no_truth(cell: Any, about: About) -> Any:
    return None


def _no_measure(answers: Answers) -> "Measured":
    raise NotImplementedError("a task that is refused has no figures")


def _no_faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Task:
    """`answered_by` are the roles that can answer it; of those that a package has, the first is watched.

    `watch` makes one column of that output, a cell for each row: numbers, or texts (an array of objects, None where
    there is no answer) for the roles that answer `by_name`. Where that column alone is a whole answer, figures can be
    had of it: it is then of the role `watched_as`.

    `metrics` are what two models are compared by, the first of them above all. `truth` makes of a label's cell (a tuple
    where there are several columns of them) what figures take, None for what is no truth; `label_words` says what a
    label must be. `faults` says what is wrong with answers whatever the truth is: found and expected.

    `refused` says why a model of this kind is no package, "" where it is one.
    """

    name: str
    answered_by: tuple[Role, ...] = ()
    watch: Watch = _nothing
    by_name: tuple[Role, ...] = ()
    watched_as: Role | None = None
    metrics: tuple[Metric, ...] = ()
    truth: Truth = _no_truth
    label_words: str = ""
    measure: Measure = _no_measure
    faults: Faults = _no_faults
    refused: str = ""
