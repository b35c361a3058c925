"""The authority is made once, trusted by a real TLS client, and renewed before it expires."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from infra.local import certificates


def test_the_second_time_nothing_is_made(tmp_path: Path) -> None:
    first = certificates.ensure(tmp_path).certificate.read_bytes()
    assert certificates.ensure(tmp_path).certificate.read_bytes() == first


def test_a_certificate_about_to_expire_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "LIFETIME", timedelta(days=6))
    first = certificates.ensure(tmp_path).certificate.read_bytes()
    monkeypatch.undo()
    assert certificates.ensure(tmp_path).certificate.read_bytes() != first


def test_the_bundle_trusts_the_authority_and_the_public_roots(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path)
    own = ssl.create_default_context(cafile=str(files.authority)).get_ca_certs()
    bundled = ssl.create_default_context(cafile=str(files.bundle)).get_ca_certs()
    assert len(own) == 1
    assert own[0] in bundled
    assert len(bundled) > 100


def test_the_certificate_is_for_localhost_by_name_and_by_address(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.ensure(tmp_path).certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert "127.0.0.1" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_only_the_owner_reads_the_key(tmp_path: Path) -> None:
    assert certificates.ensure(tmp_path).key.stat().st_mode & 0o077 == 0
