"""Which path is what, and what each method may do there."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from services.scoring import Answer, InferenceServer, Problem

_MOST_KNOWN = 1_000


@dataclass(frozen=True, slots=True)
class Infer:
    """Ask this model; `number` None lets the manifest's shares choose the version."""

    name: str
    number: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that comes by POST and that no model answers; it is given the body."""

    answer: Callable[[bytes], Answer]


type Look = Callable[[], Answer]
type Target = Infer | Ask | Look | None


class Routes:
    """Paths of the Open Inference Protocol v2, and `/metrics`: what the routes of a custom container are set to."""

    def __init__(self, scorer: InferenceServer, metrics: Look) -> None:
        self._scorer = scorer
        self._fixed: dict[tuple[str, ...], Look | Ask] = {
            ("v2",): scorer.server,
            ("v2", "health", "live"): scorer.live,
            ("v2", "health", "ready"): scorer.ready,
            ("v2", "models"): scorer.models,
            ("v2", "repository", "index"): Ask(scorer.repository_index),
            ("openapi.json",): scorer.openapi,
            ("metrics",): metrics,
        }
        self._known: dict[bytes, Target] = {}

    def find(self, url: bytes) -> Target:
        """What this path stands for, None for nothing."""
        if url in self._known:
            return self._known[url]
        target = self._resolve(url)
        if len(self._known) < _MOST_KNOWN:
            self._known[url] = target
        return target

    def _resolve(self, url: bytes) -> Target:
        try:
            path = url.partition(b"?")[0].partition(b"#")[0]
            parts = tuple(unquote_to_bytes(part).decode() for part in path.strip(b"/").split(b"/"))
        except UnicodeDecodeError:
            return None
        return self._fixed.get(parts) or self._of_model(parts)

    def _of_model(self, parts: tuple[str, ...]) -> Target:
        scorer = self._scorer
        match parts:
            case ("v2", "models", name):
                return lambda: scorer.model(name)
            case ("v2", "models", name, "ready"):
                return lambda: scorer.model_ready(name)
            case ("v2", "models", name, "infer"):
                return Infer(name, None)
            case ("v2", "models", name, "versions", number):
                return lambda: scorer.model(name, number)
            case ("v2", "models", name, "versions", number, "ready"):
                return lambda: scorer.model_ready(name, number)
            case ("v2", "models", name, "versions", number, "infer"):
                return Infer(name, number)
            case _:
                return None


def not_found(url: bytes) -> Answer:
    return Problem(404, f"path {url[:200].decode('ascii', 'replace')!r} is not served").answer()


def not_allowed(target: Infer | Ask | Look) -> Answer:
    """405 with the methods that are."""
    methods = "POST" if isinstance(target, Infer | Ask) else "GET, HEAD"
    answer = Problem(405, f"method not allowed here; allowed: {methods}").answer()
    return Answer(answer.status, answer.body, (*answer.headers, ("allow", methods)))
