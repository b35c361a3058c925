"""`sluice policy show --digest` finds the document that a decision was taken by."""

import json

import pytest

from shared.events import canonical
from tests.integration.operator.conftest import Account, sluice
from tests.support.builders import policy_document

DOCUMENT = policy_document()


def test_a_digest_leads_to_the_document_as_control_kept_it(account: Account) -> None:
    body = canonical(DOCUMENT.model_dump(mode="json"))
    account.evidence.upload_blob(f"{DOCUMENT.digest[:2]}/{DOCUMENT.digest}", body)
    shown = sluice("policy", "show", "--digest", DOCUMENT.digest, "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["digest"] == DOCUMENT.digest
    assert set(found["endpoints"]) == set(DOCUMENT.endpoints)
    assert "evidence, digest" in sluice("policy", "show", "--digest", DOCUMENT.digest).stdout


@pytest.mark.parametrize("kept", [None, b"no policy", b"{}"])
def test_what_is_no_policy_is_not_shown_as_one(account: Account, kept: bytes | None) -> None:
    digest = "0" * 64
    if kept is not None:
        account.evidence.upload_blob(f"{digest[:2]}/{digest}", kept, overwrite=True)
    assert sluice("policy", "show", "--digest", digest).exit_code == 1
