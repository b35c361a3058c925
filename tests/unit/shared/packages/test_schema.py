"""The published JSON Schema is the code's own."""

from shared.packages.schema import PUBLISHED, signature_schema


def test_the_published_schema_is_fresh() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == signature_schema(), "run python -m shared.packages.schema"
