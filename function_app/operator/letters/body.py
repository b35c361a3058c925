"""The message of a dead letter, as it came."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from function_app.operator.console import clean, clean_lines

_SHOWN = 4096


@dataclass(frozen=True, slots=True)
class Body:
    """The message as it came; `content` is None when it is deleted by now, and `missing` says why."""

    content: bytes | None
    missing: str = ""

    def as_text(self) -> str:
        """Readable JSON, or text, or hexadecimal digits; cut where it gets long."""
        if self.content is None:
            return clean(self.missing)
        try:
            text = json.dumps(json.loads(self.content), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            text = _decoded(self.content)
        more = f"\n... {len(text) - _SHOWN} more characters; --json prints all" if len(text) > _SHOWN else ""
        return clean_lines(text[:_SHOWN]) + more

    def as_json(self) -> dict[str, Any]:
        if self.content is None:
            return {"message": None, "message_missing": self.missing}
        try:
            return {"message": self.content.decode()}
        except UnicodeDecodeError:
            return {"message_base64": base64.b64encode(self.content).decode()}


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.hex(" ")
