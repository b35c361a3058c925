"""An endpoint is added to the document as a person would write it; whatever else stands there stays as it is."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from function_app.operator.__main__ import app
from function_app.operator.policy_writing import with_endpoint
from function_app.operator.running import Unknown
from shared.policies.yaml_text import read_yaml

DOCUMENT = """\
# What decides.
version: 2

endpoints:
    flights:  # the first
        model: flights
        scenario: classical
        limits:
            # Two weeks a window.
            monitoring: {window_s: 1209600}
            drift: {feature_psi: 0.2}

    # The other one.
    trains:
        model: trains

# Of everything else.
defaults:
    people:
        personas: [data-scientist]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SLUICE_LOCAL", raising=False)
    monkeypatch.setenv("SLUICE_STORAGE", "UseDevelopmentStorage=true")
    path = tmp_path / "policy.yaml"
    path.write_text(DOCUMENT)
    return path


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["endpoint", "add", *arguments], env={"COLUMNS": "80"})
    return result.exit_code, result.output


def test_it_stands_there_with_comments_and_nothing_else_is_changed() -> None:
    after = with_endpoint(DOCUMENT, "churn", "churn-model", "nlp")
    added = [line for line in after.splitlines() if line not in DOCUMENT.splitlines()]
    assert [line for line in after.splitlines() if line not in added] == DOCUMENT.splitlines()
    assert added[0] == "    churn:"
    assert all("#" in line for line in added[1:])
    data = read_yaml(after).data
    assert list(data["endpoints"]) == ["flights", "trains", "churn"]
    assert data["endpoints"]["churn"] == {"model": "churn-model", "scenario": "nlp"}
    assert after.index("churn:") < after.index("# Of everything else.")


def test_limits_of_another_come_with_their_comments() -> None:
    after = with_endpoint(DOCUMENT, "churn", "churn", "classical", like="flights")
    endpoints = read_yaml(after).data["endpoints"]
    assert endpoints["churn"]["limits"] == endpoints["flights"]["limits"]
    assert after.count("# Two weeks a window.") == 2
    assert after.count("# The other one.") == 1


def test_a_document_without_endpoints_gets_them() -> None:
    data = read_yaml(with_endpoint("version: 2\n", "churn", "churn", "cv")).data
    assert data == {"version": 2, "endpoints": {"churn": {"model": "churn", "scenario": "cv"}}}


@pytest.mark.parametrize(
    ("text", "name", "like", "words"),
    [
        (DOCUMENT, "flights", "", "in the document already, line 5"),
        (DOCUMENT, "churn", "flihgts", "did you mean flights?"),
        ("endpoints: {}\n", "churn", "", "a line for each"),
        ("endpoints: {a: {model: a}}\n", "churn", "", "a line for each"),
        ("endpoints: [\n", "churn", "", "not YAML"),
    ],
)
def test_what_cannot_be_added_is_said(text: str, name: str, like: str, words: str) -> None:
    with pytest.raises(Unknown, match=words.replace("?", r"\?")):
        with_endpoint(text, name, "churn", "classical", like)


def test_the_command_shows_checks_and_writes(file: Path) -> None:
    code, output = call("churn", "--model", "churn", "--like", "flights", "--file", str(file), "--yes")
    assert code == 0, output
    assert "+    churn:" in output
    assert "deploy.sh" in output
    assert list(read_yaml(file.read_text()).data["endpoints"]) == ["flights", "trains", "churn"]
    assert [path.name for path in file.parent.iterdir()] == ["policy.yaml"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["churn", "--model", "trains", "--yes"], 1, "nothing was written"),
        (["churn", "--model", "churn"], 2, "--yes writes it"),
        (["flights", "--model", "churn", "--yes"], 1, "already"),
        (["churn", "--model", "churn", "--scenario", "vision", "--yes"], 2, "'classical', 'cv' or 'nlp'"),
    ],
)
def test_what_would_not_hold_or_was_not_wanted_is_not_written(
    file: Path, arguments: list[str], code: int, words: str
) -> None:
    found, output = call(*arguments, "--file", str(file))
    assert (found, words in " ".join(output.split())) == (code, True), output
    assert file.read_text() == DOCUMENT
