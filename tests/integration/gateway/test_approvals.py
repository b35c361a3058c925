"""Approval pages in the real worker, over real storage and a real hub: the link finds, the person decides (N9)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.events.decision_statement import decision_statement
from tests.integration.gateway.conftest import PEOPLE, Setting
from tests.integration.gateway.running_gateway import Browser, Gateway


def test_a_signed_in_person_reads_the_evidence_approves_and_the_decision_is_on_the_hub(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    page = browser.get(setting.link(approval))
    assert page.status == 200
    for shown in ("flights:2", "flights:1 (cccccccccccc)", "0.7312", "180.2 ms", "dana@example.com", "12,345"):
        assert shown in page.text
    answer = browser.post(f"/approvals/{approval.id}", {**page.fields, "verdict": "approve", "comment": "good"})
    assert answer.status == 303
    assert answer.headers["location"] == f"/approvals/{approval.id}?sent=approve"
    assert "It is being checked" in browser.get(answer.headers["location"]).text
    (envelope,) = setting.decisions(approval)
    decided = envelope.data
    assert (decided.verdict, decided.approver, decided.persona) == ("approve", "lea@example.com", "project-lead")
    assert (decided.package, decided.evidence, decided.comment) == (
        approval.subject,
        approval.evidence,
        "good",
    )
    assert decided.proof == setting.signer().proof(approval.id, approval.expires_at, decision_statement(decided))


def test_a_second_click_is_the_same_event(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    form = {**browser.get(setting.link(approval)).fields, "verdict": "reject"}
    for _ in range(2):
        assert browser.post(f"/approvals/{approval.id}", form).status == 303
    first, second = setting.decisions(approval, 2)
    assert first.id == second.id


def test_a_form_that_decides_both_ways_decides_nothing(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    fields = browser.get(setting.link(approval)).fields
    before = setting.sent()
    answer = browser.post(f"/approvals/{approval.id}", [*fields.items(), ("verdict", "reject"), ("verdict", "approve")])
    assert (answer.status, setting.sent()) == (400, before)
    assert "did not arrive as it was sent" in answer.text


def test_a_comment_is_kept_without_what_cannot_be_seen(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    fields = browser.get(setting.link(approval)).fields
    hidden = {"verdict": "reject", "comment": "no\x00t\x07 \x1b[31mgood\u202e enough\r\nat all"}
    assert browser.post(f"/approvals/{approval.id}", {**fields, **hidden}).status == 303
    assert setting.decisions(approval)[0].data.comment == "not [31mgood enough\nat all"


@pytest.mark.parametrize("host", ["[", "[::1", "[x]", "a]", "[::1]x", "a b", "127.0.0.1:x", "u@127.0.0.1"])
def test_a_host_that_is_none_is_a_400(setting: Setting, host: str) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    page = browser.get(setting.link(approval))
    assert browser.get(setting.link(approval), {"host": host}).status == 400
    form = {**page.fields, "verdict": "approve"}
    assert browser.post(f"/approvals/{approval.id}", form, {"host": host}).status == 400


def test_a_scanner_that_opens_the_link_sees_no_evidence_and_decides_nothing(setting: Setting) -> None:
    approval = setting.open()
    before = setting.sent()
    for _ in range(3):
        page = setting.browser().get(setting.link(approval))
        assert page.status == 401
        assert "0.7312" not in page.text
        assert "/.auth/login/aad?post_login_redirect_uri=" in page.text
    assert setting.browser().get(f"/approvals/{approval.id}").status == 401
    assert setting.browser("lea@example.com").get(setting.link(approval)).status == 200
    assert setting.sent() == before


def test_signing_in_leads_back_to_the_link(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser()
    page = browser.get(setting.link(approval))
    way = page.text.split('href="', 1)[1].split('"', 1)[0]
    login = browser.get(way)
    assert login.status == 200
    assert approval.id in login.text


def test_a_post_without_session_or_from_another_site_decides_nothing(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    form = {**browser.get(setting.link(approval)).fields, "verdict": "approve"}
    before = setting.sent()
    path = f"/approvals/{approval.id}"
    assert setting.browser().post(path, form).status == 401
    assert setting.browser("lea@example.com").post(path, form).status == 403
    assert browser.post(path, {**form, "form": "0" * 64}).status == 403
    uma = setting.browser("uma@example.com")
    uma.cookies["sluice-form"] = browser.cookies["sluice-form"]
    assert uma.post(path, form).status == 403
    assert setting.sent() == before


def test_forged_foreign_and_expired_links_are_refused_kindly(setting: Setting) -> None:
    approval, other = setting.open(), setting.open()
    past = setting.open(expires_at=approval.opened_at - timedelta(seconds=5))
    browser = setting.browser("lea@example.com")
    link = setting.link(approval)
    assert browser.get(link[:-4] + "AAAA").status == 403
    assert browser.get(link.replace(approval.id, other.id)).status == 403
    assert browser.get(f"/approvals/{approval.id}?token=nonsense").status == 403
    assert browser.get(setting.link(past)).status == 410
    form = {**browser.get(link).fields, "verdict": "approve"}
    before = setting.sent()
    assert browser.post(f"/approvals/{approval.id}", {**form, "token": "forged.token"}).status == 403
    token = setting.link(past).partition("token=")[2]
    assert browser.post(f"/approvals/{approval.id}", {**form, "token": token}).status == 410
    assert setting.sent() == before


def test_one_settled_since_the_page_was_opened_is_not_decided_again(setting: Setting) -> None:
    approval = setting.open()
    browser = setting.browser("lea@example.com")
    form = {**browser.get(setting.link(approval)).fields, "verdict": "approve"}
    setting.put(approval.model_copy(update={"status": "rejected", "decided_by": "ana@example.com"}))
    before = setting.sent()
    answer = browser.post(f"/approvals/{approval.id}", form)
    assert answer.status == 409
    assert "already rejected by ana@example.com" in answer.text
    assert "rejected" in browser.get(setting.link(approval)).text
    assert setting.sent() == before


def test_who_asked_and_who_has_no_say_read_but_do_not_decide(setting: Setting) -> None:
    approval = setting.open()
    lea = setting.browser("lea@example.com").get(setting.link(approval)).fields
    before = setting.sent()
    for email, why in (("dana@example.com", "You asked for this yourself"), ("uma@example.com", "but not decide")):
        browser = setting.browser(email)
        page = browser.get(setting.link(approval))
        assert page.status == 200
        assert why in page.text
        assert not page.fields
        stolen = {**lea, "verdict": "approve"}
        assert browser.post(f"/approvals/{approval.id}", stolen).status == 403
    assert setting.sent() == before


def test_a_forged_principal_is_nobody(setting: Setting) -> None:
    approval = setting.open()
    forged = {"x-ms-client-principal": "eyJjbGFpbXMiOltdfQ==", "x-ms-client-principal-name": "lea@example.com"}
    assert setting.browser().get(setting.link(approval), forged).status == 401


def test_where_the_platform_does_not_authenticate_everybody_is_nobody(
    setting: Setting, other_gateway: Callable[..., Gateway]
) -> None:
    approval = setting.open()
    gateway = other_gateway(setting.settings).start()
    assert Browser(gateway).get(setting.link(approval)).status == 401


def test_pages_are_not_kept_not_framed_and_run_no_script(setting: Setting) -> None:
    approval = setting.open()
    page = setting.browser("lea@example.com").get(setting.link(approval))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<b>slow</b>" not in page.text
    assert "httponly" in page.headers["set-cookie"].lower()
    assert "samesite=strict" in page.headers["set-cookie"].lower()


def test_what_is_too_large_or_unknown_is_refused_kindly(setting: Setting) -> None:
    browser = setting.browser("lea@example.com")
    approval = setting.open()
    assert browser.post(f"/approvals/{approval.id}", {"comment": "x" * 70_000}).status == 413
    assert browser.post(f"/approvals/{approval.id}", {str(n): "" for n in range(30)}).status == 400
    gone = approval.model_copy(update={"id": "8d2b5c52-0000-4000-8000-000000000000"})
    assert browser.get(setting.link(gone)).status == 404
    assert browser.get("/approvals/" + "x" * 1500).status == 404


def test_evidence_that_cannot_be_shown_cannot_be_approved_on(setting: Setting) -> None:
    approval = setting.open(evidence="0" * 64)
    page = setting.browser("lea@example.com").get(setting.link(approval))
    assert page.status == 200
    assert "cannot be shown" in page.text
    assert not page.fields


def test_the_token_is_in_no_log(setting: Setting) -> None:
    approval = setting.open()
    link = setting.link(approval)
    setting.browser("lea@example.com").get(link)
    assert link.partition("token=")[2] not in setting.gateway.log.read_text()


def test_it_says_that_it_runs(setting: Setting) -> None:
    page = setting.browser().get("/health")
    assert (page.status, page.text) == (200, '{"status": "running"}')


def test_a_wrong_setting_stops_the_app_at_start_by_its_name_without_its_value(
    setting: Setting, other_gateway: Callable[..., Gateway]
) -> None:
    gateway = other_gateway({**setting.settings, "APPROVAL_PUBLIC_KEY": "c2hvcnQ", "PERSONA_GROUPS": "[]"}, PEOPLE)
    assert gateway.launch().wait(timeout=120) != 0
    log = gateway.log.read_text()
    assert "APPROVAL_PUBLIC_KEY" in log
    assert "PERSONA_GROUPS" in log
    assert "c2hvcnQ" not in log
