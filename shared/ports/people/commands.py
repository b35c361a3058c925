"""Whether a command came from operators: a hub does not say who sent to it."""

from typing import Protocol


class CommandVerifier(Protocol):
    def refusal(self, statement: bytes, proof: str) -> str:
        """Why this is no command of the operators', in words; "" when it is one."""
        ...
