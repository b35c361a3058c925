"""A certificate authority of this machine alone, made once and kept until it is about to expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import trustme
from cryptography import x509

RENEW_BEFORE = timedelta(days=7)
LIFETIME = timedelta(days=90)
NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificates:
    """Files: the authority, the authority with the public roots, and the server's certificate and key."""

    authority: Path
    bundle: Path
    certificate: Path
    key: Path


def ensure(folder: Path, names: Sequence[str] = NAMES) -> Certificates:
    """Return certificates for these names that are valid for another week at least.

    The authority's own key is never written: nobody can sign with it again. The bundle holds the public roots as well,
    because `REQUESTS_CA_BUNDLE` replaces the roots of a whole process.
    """
    files = Certificates(folder / "ca.pem", folder / "bundle.pem", folder / "server.pem", folder / "server.key")
    if not _is_current(files):
        _make(files, names)
    return files


def _is_current(files: Certificates) -> bool:
    if not all(path.is_file() for path in (files.authority, files.bundle, files.certificate, files.key)):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return certificate.not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE


def _make(files: Certificates, names: Sequence[str]) -> None:
    files.key.parent.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Sluice on this machine")
    server = authority.issue_cert(*names, not_after=datetime.now(UTC) + LIFETIME)
    public_roots = Path(certifi.where()).read_bytes()
    files.authority.write_bytes(authority.cert_pem.bytes())
    files.bundle.write_bytes(authority.cert_pem.bytes() + b"\n" + public_roots)
    files.certificate.write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    files.key.touch(mode=0o600)
    files.key.write_bytes(server.private_key_pem.bytes())
