"""Reading a model package: the small files in full, the large ones by size and digest only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from shared.packages.errors import NotAPackage
from shared.packages.files import digest
from shared.packages.json_text import parse_object
from shared.packages.signature import Signature

_METRICS = TypeAdapter(dict[str, FiniteFloat])


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """What the small files say. The model has seen no row at or after `trained_until` (UTC)."""

    signature: Signature
    trained_until: datetime
    metrics: Mapping[str, float]
    digest: str


def read_package(files: Mapping[str, bytes]) -> ModelPackage:
    """Raises `NotAPackage` naming the file and the field; nothing in the files is executed or unpickled."""
    found = digest(files)
    return ModelPackage(
        signature=read_signature(files["signature.json"]),
        trained_until=_trained_until(files["trained_until"]),
        metrics=_metrics(files["metrics.json"]),
        digest=found,
    )


def read_signature(body: bytes) -> Signature:
    """The content of `signature.json`; raises `NotAPackage`."""
    try:
        return Signature.model_validate(parse_object("signature.json", body))
    except ValidationError as error:
        raise _refusal("signature.json", error) from error


def _metrics(body: bytes) -> dict[str, float]:
    try:
        return _METRICS.validate_python(parse_object("metrics.json", body))
    except ValidationError as error:
        raise _refusal("metrics.json", error) from error


def _trained_until(body: bytes) -> datetime:
    try:
        moment = datetime.fromisoformat(body.decode("ascii").strip())
    except ValueError as error:
        raise NotAPackage("trained_until", f"an ISO 8601 time is required ({error})") from error
    if moment.tzinfo is None:
        raise NotAPackage("trained_until", "the time zone is missing")
    return moment.astimezone(UTC)


def _refusal(file: str, error: ValidationError) -> NotAPackage:
    first = error.errors(include_url=False)[0]
    return NotAPackage(file, first["msg"], ".".join(str(part) for part in first["loc"]))
