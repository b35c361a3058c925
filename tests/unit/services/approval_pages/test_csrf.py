"""Only a form that this person got from our own page, in this browser, for this approval, is taken."""

import pytest

from services.approval_pages import FormGuard

GUARD = FormGuard(b"k" * 32)
PERSON, APPROVAL = "lea@example.com", "a-1"


def issued(secure: bool = True, cookies: str = "") -> tuple[str, str]:
    cookie, field = GUARD.issue(cookies, PERSON, APPROVAL, secure=secure)
    return cookie.partition(";")[0], field


@pytest.mark.parametrize("secure", [True, False])
def test_the_form_of_this_page_is_taken(secure: bool) -> None:
    cookie, field = issued(secure)
    assert GUARD.holds(f"other=1; {cookie}", field, PERSON, APPROVAL, secure=secure)


def test_the_cookie_can_be_read_by_no_script_and_set_by_no_other_site() -> None:
    cookie, _ = GUARD.issue("", PERSON, APPROVAL, secure=True)
    assert cookie.startswith("__Host-")
    for attribute in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_two_open_tabs_both_work() -> None:
    cookie, first = issued()
    again, second = issued(cookies=cookie)
    assert (again, second) == (cookie, first)


def test_another_person_approval_browser_or_key_is_refused() -> None:
    cookie, field = issued()
    assert not GUARD.holds(cookie, field, "ana@example.com", APPROVAL, secure=True)
    assert not GUARD.holds(cookie, field, PERSON, "a-2", secure=True)
    assert not GUARD.holds(issued()[0], field, PERSON, APPROVAL, secure=True)
    assert not FormGuard(b"x" * 32).holds(cookie, field, PERSON, APPROVAL, secure=True)


@pytest.mark.parametrize("cookies", ["", "nonsense", "__Host-sluice-form=short", "sluice-form=" + "a" * 43, "=;=;"])
def test_without_the_cookie_nothing_is_taken(cookies: str) -> None:
    assert not GUARD.holds(cookies, issued()[1], PERSON, APPROVAL, secure=True)


@pytest.mark.parametrize("field", ["", "0" * 64, "ü"])
def test_a_guessed_field_is_refused(field: str) -> None:
    assert not GUARD.holds(issued()[0], field, PERSON, APPROVAL, secure=True)


def test_the_key_is_in_no_representation() -> None:
    assert "kkkk" not in repr(GUARD)
