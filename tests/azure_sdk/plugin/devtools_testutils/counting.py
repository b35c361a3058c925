"""Hooks of the clients' pipelines: they count, and change what a service answered."""

from typing import Any


class RetryCounter:
    """How often a client tried again."""

    def __init__(self) -> None:
        self.count = 0

    def simple_count(self, _: Any) -> None:
        self.count += 1


class ResponseCallback:
    """Lets `status` look like `new_status`: the first time, or always."""

    def __init__(self, status: int | None = None, new_status: int | None = None) -> None:
        self.status, self.new_status = status, new_status
        self.first, self.count = True, 0

    def override_status(self, answer: Any) -> bool:
        self.count += 1
        if answer.http_response.status_code != self.status:
            return False
        answer.http_response.status_code = self.new_status
        return True

    def override_first_status(self, answer: Any) -> None:
        if self.first:
            self.first = not self.override_status(answer)
        else:
            self.count += 1
