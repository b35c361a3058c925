"""Azure ML's events become our facts, in every dialect, and nothing else comes through."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.intake import Translation, read, translate, translation
from services.intake.event_grid import AzureEvent
from shared.events import Envelope, JobEnded, ModelRegistered, decode, encode
from shared.events.border import LARGEST_MESSAGE
from shared.policies import PolicyDocument
from tests.support.builders import NOW, policy_document, workspace

PAYLOADS = Path(__file__).parents[3] / "payloads" / "azure_ml"
# Payloads as Microsoft documents them, kept beside the repository where a development machine has them.
DOCUMENTED = Path(__file__).resolve().parents[5] / "shared" / "samples"
POLICY = policy_document()
CHAIN = "7c0b3f8e-31d4-5c5e-9d0c-2f1f0f9f7a10"


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def translated(body: bytes | dict[str, Any] | list[Any]) -> Translation:
    return translate(body if isinstance(body, bytes) else json.dumps(body).encode(), POLICY, NOW)


def event(name: str = "model_registered.cloud_event.json", **changes: Any) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(payload(name))
    return {**frame, **changes}


@pytest.mark.parametrize("name", ["model_registered.event_grid.json", "model_registered.cloud_event.json"])
def test_a_registered_model_is_the_same_fact_in_both_schemas(name: str) -> None:
    (envelope,) = translated(payload(name)).envelopes
    assert isinstance(envelope.data, ModelRegistered)
    assert str(envelope.data.model) == "flights:3"
    assert envelope.data.model.workspace == workspace()
    assert envelope.time == NOW


def test_the_azure_event_is_the_cause_and_begins_a_chain_when_no_tag_names_one() -> None:
    (envelope,) = translated(payload("model_registered.cloud_event.json")).envelopes
    assert envelope.causation_id == envelope.correlation_id == "e0000000-0000-4000-8000-000000000002"


def test_a_delivered_twice_event_gives_the_same_id_and_another_event_another() -> None:
    first = translated(payload("model_registered.cloud_event.json")).envelopes[0].id
    assert translated(payload("model_registered.cloud_event.json")).envelopes[0].id == first
    assert translated(payload("model_registered.event_grid.json")).envelopes[0].id != first


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("run_completed.cloud_events.json", "completed"),
        ("run_status_changed_completed.event_grid.json", "completed"),
        ("run_status_changed_failed.cloud_events.json", "failed"),
    ],
)
def test_the_end_of_a_run_is_a_job_that_ended_in_the_chain_its_tags_name(name: str, status: str) -> None:
    (envelope,) = translated(payload(name)).envelopes
    assert isinstance(envelope.data, JobEnded)
    assert envelope.data.status == status
    assert envelope.data.job.workspace == workspace("staging")
    assert envelope.data.tags["sluice-service"] == "staging"
    assert envelope.correlation_id == CHAIN
    assert envelope.causation_id is not None
    assert envelope.causation_id.startswith("e0000000")


def test_both_events_about_one_completed_run_give_one_id() -> None:
    completed = translated(payload("run_completed.cloud_events.json")).envelopes[0]
    changed = translated(payload("run_status_changed_completed.event_grid.json")).envelopes[0]
    failed = translated(payload("run_status_changed_failed.cloud_events.json")).envelopes[0]
    assert completed.id == changed.id != failed.id
    assert completed.causation_id != changed.causation_id


@pytest.mark.parametrize("name", ["run_status_changed_running.cloud_event.json", "model_deployed.event_grid.json"])
def test_what_does_not_concern_us_is_counted_and_is_no_error(name: str) -> None:
    assert translated(payload(name)) == Translation(not_for_us=1)


def test_other_workspaces_and_other_sources_are_not_for_us() -> None:
    elsewhere = event(source=workspace().replace("development", "somebody-elses"))
    storage = event(type="Microsoft.Storage.BlobCreated", source="/subscriptions/0000/storageAccounts/x")
    assert translated([elsewhere, storage]) == Translation(not_for_us=2)


def test_personal_data_in_tags_and_properties_does_not_pass() -> None:
    for name in ("run_completed.cloud_events.json", "model_registered.cloud_event.json"):
        (envelope,) = translated(payload(name)).envelopes
        assert b"@example.com" not in encode(envelope)
        assert decode(encode(envelope)) == envelope


@pytest.mark.parametrize("chain", ["", "1", "' or 1=1 --", "x" * 36, "7c0b3f8e-31d4-5c5e-9d0c-2f1f0f9f7a10 "])
def test_a_chain_that_is_no_identifier_is_not_believed(chain: str) -> None:
    frame = event()
    frame["data"]["ModelTags"] = {"sluice-correlationid": chain}
    (envelope,) = translated(frame).envelopes
    assert envelope.correlation_id == frame["id"]


def test_keys_are_read_in_any_casing() -> None:
    frame = event()
    frame["data"] = {key.swapcase(): value for key, value in frame["data"].items()}
    folded = {key.upper(): value for key, value in frame.items()}
    (envelope,) = translated(folded).envelopes
    assert str(envelope.data.model) == "flights:3"


@pytest.mark.parametrize("status", ["CANCELED", "canceled", "NotResponding"])
def test_every_terminal_status_ends_a_job_in_any_casing(status: str) -> None:
    frame = json.loads(payload("run_status_changed_running.cloud_event.json"))
    frame["data"]["runStatus"] = status
    (envelope,) = translated(frame).envelopes
    assert envelope.data.status == {"canceled": "canceled", "notresponding": "not_responding"}[status.lower()]


@pytest.mark.parametrize("status", ["Queued", "NotStarted", "Preparing", "Finalizing", "CancelRequested", "Paused"])
def test_a_run_that_may_still_go_on_is_not_for_us(status: str) -> None:
    frame = json.loads(payload("run_status_changed_running.cloud_event.json"))
    frame["data"]["runStatus"] = status
    assert translated(frame).not_for_us == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"\xff\xfe", "body"),
        (b"", "body"),
        (b"[" * 100_000, "body"),
        (b"3", "body"),
        (b'{"hello": 1}', "body"),
        (json.dumps(event(specversion="0.3")).encode(), "specversion"),
        (json.dumps(event(id="")).encode(), "id"),
        (json.dumps(event(id="a" * 300)).encode(), "id"),
        (json.dumps(event(id="a\nb")).encode(), "id"),
        (json.dumps(event(source=None)).encode(), "source"),
        (json.dumps(event(type=7.5)).encode(), "type"),
        (json.dumps(event(time="yesterday")).encode(), "time"),
        (json.dumps(event(data=[])).encode(), "data"),
        (json.dumps(event(data={})).encode(), "modelname"),
        (json.dumps(event(data={"ModelName": "../x", "ModelVersion": 1})).encode(), "data.modelname"),
        (json.dumps(event(data={"ModelName": "x", "ModelVersion": "a b"})).encode(), "data.modelversion"),
        (json.dumps(event(data={"ModelName": "x", "ModelVersion": 1, "ModelTags": "t"})).encode(), "modeltags"),
    ],
)
def test_garbage_is_unreadable_and_the_reason_names_the_field(body: bytes, field: str) -> None:
    envelopes, reason = read(body, POLICY, NOW)
    assert not envelopes
    assert reason.startswith(f"{field}: ")


def test_an_unreadable_event_does_not_take_its_neighbours_with_it() -> None:
    envelopes, reason = read(json.dumps([{"id": 1}, event(), "x"]).encode(), POLICY, NOW)
    assert len(envelopes) == 1
    assert reason.startswith("[0] body: ")
    assert "[2] body: " in reason


@pytest.mark.skipif(not DOCUMENTED.is_dir(), reason=f"the documented samples are not at {DOCUMENTED}")
@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("eventgrid-aml-model-registered.json", ["mlops.model.registered"]),
        ("cloudevents-aml-model-registered.json", ["mlops.model.registered"]),
        ("eventgrid-aml-run-completed.json", ["mlops.job.ended"]),
        ("cloudevents-aml-run-completed.json", ["mlops.job.ended"]),
        ("eventgrid-aml-run-status-changed.json", ["mlops.job.ended"]),
        ("eventgrid-aml-model-deployed.json", []),
        ("cloudevents-aml-dataset-drift-detected.json", []),
    ],
)
def test_the_samples_of_the_documentation_are_read(name: str, types: list[str]) -> None:
    text = (DOCUMENTED / name).read_text()
    for blank, value in (
        ("{subscription-id}", "0000"),
        ("{resource-group-name}", "ml"),
        ("{workspace-name}", "staging"),
    ):
        text = text.replace(blank, value)
    found = translated(text.encode())
    assert [envelope.data.type for envelope in found.envelopes] == types
    assert found.not_for_us == (0 if types else 1)
    assert not found.problems


@pytest.mark.parametrize("tag", ["sluice-service", "sluice-entity", "sluice-correlationid", "sluice-causationid"])
@pytest.mark.parametrize("value", ["x" * 1025, "a\nb", "\x1b[2J", ["x"], {"a": 1}, True])
def test_a_chain_tag_is_short_printable_text(tag: str, value: object) -> None:
    frame = event()
    frame["data"]["ModelTags"] = {tag: value}
    found = translated(frame)
    assert not found.envelopes
    assert found.problems[0].startswith(f"data.modeltags.{tag}: ")


def test_a_tag_as_long_as_a_message_makes_no_fact_that_is_longer_than_one() -> None:
    frame = event()
    frame["data"]["ModelTags"] = {"sluice-entity": ""}
    frame["data"]["ModelTags"]["sluice-entity"] = "x" * (LARGEST_MESSAGE - len(json.dumps(frame)))
    assert "at most 1024" in translated(frame).problems[0]


def test_a_lone_surrogate_in_a_tag_is_no_text() -> None:
    """As JavaScript makes one when it cuts a text in the middle of a pair."""
    frame = event()
    frame["data"]["ModelTags"] = {"sluice-entity": "\ud83d"}
    found = translated(frame)
    assert not found.envelopes
    assert found.problems[0].startswith("body: ")


@pytest.mark.parametrize("tags", ["null", "{}", "", " ", None, '{"sluice-service": null}', {}])
def test_tags_that_are_written_as_text_or_not_at_all_do_not_hide_a_jobs_end(tags: object) -> None:
    frame = ended(tags)
    (envelope,) = translated(frame).envelopes
    assert isinstance(envelope.data, JobEnded)
    assert envelope.data.tags == {}


def test_tags_in_a_text_are_read() -> None:
    frame = ended(json.dumps({"sluice-service": "staging"}))
    assert translated(frame).envelopes[0].data.tags == {"sluice-service": "staging"}


@pytest.mark.parametrize("tags", ["[]", "7", "{", "tags"])
def test_tags_in_a_text_that_is_no_object_are_named(tags: str) -> None:
    assert translated(ended(tags)).problems == ["runtags: a JSON object is required, found a text that is none"]


def ended(tags: object) -> dict[str, Any]:
    """A job's end with these tags, however the payload spells their name."""
    found = json.loads(payload("run_status_changed_completed.event_grid.json"))
    frame: dict[str, Any] = found[0] if isinstance(found, list) else found
    others = {key: item for key, item in frame["data"].items() if key.lower() != "runtags"}
    return {**frame, "data": {**others, "runTags": tags}}


def test_a_bug_about_one_event_takes_no_neighbour_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = translation.azure_ml.translate

    def stumble(event: AzureEvent, policy: PolicyDocument, now: datetime) -> Envelope[Any] | None:
        if event.id == "first":
            raise ZeroDivisionError("oops")
        return real(event, policy, now)

    monkeypatch.setattr(translation.azure_ml, "translate", stumble)
    body = json.dumps([event(id="first"), event(id="second")]).encode()
    envelopes, reason = read(body, POLICY, NOW)
    assert [envelope.causation_id for envelope in envelopes] == ["second"]
    assert reason.startswith("[0] ")
    assert "ZeroDivisionError: oops" in reason
