"""The page and the schema of the policy say what the services declare."""

from shared.policies.section import sections
from tests.architecture import policy_page

_AGAIN = "run python -m tests.architecture.policy_page"


def test_the_tables_of_the_page_are_fresh() -> None:
    text = policy_page.PAGE.read_text()
    assert text == policy_page.page(text), _AGAIN


def test_every_section_has_its_table() -> None:
    assert policy_page.named(policy_page.PAGE.read_text()) >= set(sections()) - {"modes"}


def test_the_schema_is_fresh() -> None:
    assert policy_page.SCHEMA.read_text() == policy_page.schema(), _AGAIN


def test_a_stale_table_is_noticed() -> None:
    stale = "<!-- limits of golden -->\n| old |\n\nprose\n"
    fresh = policy_page.page(stale)
    assert "`tolerance`" in fresh
    assert fresh.endswith("\n\nprose\n")
