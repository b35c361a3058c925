"""Bodies in a dictionary, by their SHA-256."""

from hashlib import sha256

from shared.ports import Absent, Refused


class Digested:
    """`name` is what they are called in errors."""

    name = ""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    async def keep(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        self.bodies.setdefault(digest, body)
        return digest

    async def read(self, digest: str) -> bytes:
        if digest not in self.bodies:
            raise Absent(f"{self.name}: {digest} does not exist")
        body = self.bodies[digest]
        if sha256(body).hexdigest() != digest:
            raise Refused(f"{self.name}: {digest} was altered")
        return body
