"""What a door gets back: a status, headers and a body; and errors as values."""

from dataclasses import dataclass

from pydantic_core import to_json

type Headers = tuple[tuple[str, str], ...]

JSON: Headers = (("content-type", "application/json"),)


@dataclass
class Answer:
    """`body` is complete; headers come without content-length. Never changed: some are given to many.

    Neither frozen nor with slots: the interpreter makes one, as every request does, in a quarter and half of the time.
    """

    status: int
    body: bytes
    headers: Headers = JSON


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is not answered. `retry_after_s` is for those worth repeating, `headers` say what would do."""

    status: int
    message: str
    retry_after_s: int | None = None
    headers: Headers = ()

    def answer(self) -> Answer:
        """The error object of the Open Inference Protocol."""
        headers = (*JSON, *self.headers)
        if self.retry_after_s is not None:
            headers = (*headers, ("retry-after", str(self.retry_after_s)))
        return Answer(self.status, to_json({"error": self.message}), headers)


class Invalid(Exception):
    """Inside decoding only, where it ends a deep call; it leaves as a `Problem`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.problem = Problem(status, message)
