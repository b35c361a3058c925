"""Which document: the one in force, the one that decisions name, or a file; and where two of them differ."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from function_app.operator.connections import settings, storage_at
from function_app.operator.policy_origins import EffectiveLimit, effective
from function_app.operator.running import Unknown
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.policy_book import TablePolicyBook
from shared.policies import PolicyDocument
from shared.policies.finding import likely
from shared.ports import Absent


@dataclass(frozen=True, slots=True)
class Difference:
    """One limit that is not the same; None where it is not said at all."""

    path: str
    before: EffectiveLimit | None
    after: EffectiveLimit | None


async def in_force(run_dir: Path | None) -> tuple[PolicyDocument, str]:
    """What control put on record when it started last. Raises `Unknown`."""
    async with storage_at(settings(run_dir).storage(), "SLUICE_STORAGE") as clients:
        last = await TablePolicyBook(clients.tables).last()
        if last is None:
            raise Unknown("no policy is on record yet: control has not started here; --file shows what a file says")
        document = await _document(BlobEvidence(clients.blobs), last.digest)
        return document, f"in force since {last.at:%Y-%m-%d %H:%M} UTC"


async def kept(digest: str, run_dir: Path | None) -> tuple[PolicyDocument, str]:
    """As control kept it, workspaces included; checked against the digest. Raises `Unknown`."""
    async with storage_at(settings(run_dir).storage(), "SLUICE_STORAGE") as clients:
        return await _document(BlobEvidence(clients.blobs), digest.strip().lower()), "evidence"


async def _document(evidence: BlobEvidence, digest: str) -> PolicyDocument:
    try:
        return PolicyDocument.model_validate_json(await evidence.read(digest))
    except (Absent, ValidationError) as error:
        raise Unknown(f"no policy document is kept under {digest}; `sluice ledger entry` shows digests") from error


def named(endpoint: str, document: PolicyDocument) -> list[str]:
    """The endpoints that are listed, or the one that is asked for. Raises `Unknown` with the likely name."""
    listed = sorted(document.endpoints)
    if not endpoint:
        return listed
    found = next((name for name in listed if name.lower() == endpoint.lower()), None)
    if found is None:
        meant = likely(endpoint, listed)
        raise Unknown(f"there is no endpoint {endpoint}" + (f"; did you mean {meant}?" if meant else ""))
    return [found]


def differing(before: PolicyDocument, after: PolicyDocument, endpoint: str) -> list[Difference]:
    """By path; of an endpoint that is listed in one of them alone, everything."""
    old = {each.path: each for each in effective(before, endpoint)} if before.listed(endpoint) else {}
    new = {each.path: each for each in effective(after, endpoint)} if after.listed(endpoint) else {}
    paths = sorted(old.keys() | new.keys())
    found = (Difference(path, old.get(path), new.get(path)) for path in paths)
    return [each for each in found if not (each.before and each.after and each.before.value == each.after.value)]
