"""Jobs that run for as long as nobody says `end`."""

from collections.abc import Collection

from shared.adapters.workspaces import refuse_foreign
from shared.events import JobRef
from shared.ports import Absent, Creator, JobRequest, Jobs, JobState


class MemoryJobs(Jobs):
    """`workspaces` are the full resource ids we know; `submitted` holds the requests by job."""

    def __init__(self, workspaces: Collection[str]) -> None:
        self._workspaces = workspaces
        self.submitted: dict[JobRef, JobRequest] = {}
        self._states: dict[JobRef, JobState] = {}
        self.creators: dict[JobRef, Creator] = {}
        self._last_words: dict[JobRef, str] = {}

    async def submit(self, request: JobRequest) -> None:
        refuse_foreign(request.ref.workspace, self._workspaces)
        if request.ref not in self.submitted:
            self.submitted[request.ref] = request
            self._states[request.ref] = "running"
            self.creators[request.ref] = Creator("ManagedIdentity", "sluice")

    async def state(self, ref: JobRef) -> JobState:
        refuse_foreign(ref.workspace, self._workspaces)
        return self._states.get(ref, "absent")

    async def last_words(self, ref: JobRef) -> str:
        if await self.state(ref) == "absent":
            raise Absent(f"job {ref.name} does not exist")
        return self._last_words.get(ref, "")

    async def creator(self, ref: JobRef) -> Creator:
        refuse_foreign(ref.workspace, self._workspaces)
        if ref not in self.creators:
            raise Absent(f"job {ref.name} does not exist")
        return self.creators[ref]

    async def cancel(self, ref: JobRef) -> None:
        state = await self.state(ref)
        if state == "absent":
            raise Absent(f"job {ref.name} does not exist")
        if state == "running":
            self._states[ref] = "canceled"

    def end(self, ref: JobRef, state: JobState, last_words: str = "") -> None:
        """What Azure ML would find out."""
        self._states[ref] = state
        self._last_words[ref] = last_words
