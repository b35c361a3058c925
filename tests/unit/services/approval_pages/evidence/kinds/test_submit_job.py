"""A job that would be started, as the effect that starts it is recorded."""

from datetime import timedelta

from services.approval_pages.evidence.registry import show
from shared.approvals import Exhibit
from shared.ports import CommandJob, PipelineJob
from shared.reactor import SubmitJob
from tests.support.builders import job_ref
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, tables


def exhibit(work: CommandJob | PipelineJob) -> Exhibit:
    effect = SubmitJob(job=job_ref(), work=work, experiment="retraining", timeout=timedelta(hours=2))
    return Exhibit(kind=effect.kind, version=effect.version, data=effect.model_dump(mode="json"))


def test_what_runs_where_and_for_how_long_is_told() -> None:
    shown = show(exhibit(PipelineJob("flights-training:3", "cpu", {"data_from": "2026-01-01"})))
    known = facts(shown)
    assert (known["Runs"], known["On compute"], known["For at most"]) == ("flights-training:3", "cpu", "2 hours")
    assert tables(shown)[0].rows == (("data_from", "2026-01-01"),)


def test_a_command_is_a_job_too() -> None:
    assert facts(show(exhibit(CommandJob("python -m x", "sluice:1", "cpu"))))["Runs"] == "python -m x"
