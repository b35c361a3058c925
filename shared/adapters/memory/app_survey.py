"""Apps that answer as a test says."""

from collections.abc import Mapping

from shared.ports import AppSurvey, Refused, Unavailable


class MemoryAppSurvey(AppSurvey):
    """`running` is app to function to whether it is switched on, `answers` app and route to a status, `shut` who may
    not be asked what it runs."""

    def __init__(self) -> None:
        self.running: dict[str, dict[str, bool]] = {}
        self.answers: dict[tuple[str, str], int] = {}
        self.shut: set[str] = set()

    async def status(self, app: str, route: str) -> int:
        self._reach(app)
        return self.answers.get((app, route), 404)

    async def functions(self, app: str) -> Mapping[str, bool]:
        self._reach(app)
        if app in self.shut:
            raise Refused(f"{app} does not say what it runs")
        return self.running[app]

    def _reach(self, app: str) -> None:
        if app not in self.running:
            raise Unavailable(f"{app} does not answer")
