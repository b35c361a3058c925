"""An Azure ML job that would be started: what runs where, for how long at most."""

from datetime import timedelta

from pydantic import BaseModel

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Block, Facts, Shown, Table
from services.approval_pages.values import NONE, duration
from shared.events import JobRef


class _Work(BaseModel):
    """What jobs of every form have."""

    compute: str = ""
    component: str = ""
    command: str = ""
    inputs: dict[str, str] = {}


class SubmittedJob(BaseModel):
    """As effect `submit_job` records it."""

    job: JobRef
    work: _Work
    experiment: str
    timeout: timedelta


def show(submitted: SubmittedJob) -> Shown:
    work = submitted.work
    facts = Facts((
        ("Job", submitted.job.name),
        ("Workspace", submitted.job.workspace.rpartition("/")[2]),
        ("Runs", work.component or work.command or NONE),
        ("On compute", work.compute or NONE),
        ("For at most", duration(submitted.timeout.total_seconds())),
    ))  # fmt: skip
    inputs = Table("Inputs", ("Name", "Value"), tuple(work.inputs.items()))
    blocks: list[Block] = [facts, *([inputs] if work.inputs else [])]
    return Shown("A job would be started", tuple(blocks))


renderer = Renderer("submit_job", SubmittedJob, show)
