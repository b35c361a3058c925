"""What goes back to the browser, with the headers that every page carries."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_environment = Environment(
    loader=PackageLoader("services.approval_pages"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; at most one cookie."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(_HEADERS))


def render(status: int, template: str, **values: object) -> Answer:
    """A page from a template; every value is escaped, and a name that the template misses is an error."""
    return Answer(status, _environment.get_template(template).render(style=_STYLE, **values))


def message(status: int, title: str, text: str, link: str = "", link_text: str = "") -> Answer:
    """A page that only says something, in words for people."""
    return render(status, "message.html", title=title, text=text, link=link, link_text=link_text)


def see_other(target: str) -> Answer:
    """303: whatever was posted, the browser now gets this page, and reloading it posts nothing again."""
    return Answer(303, "", {**_HEADERS, "Location": target})


def with_cookie(answer: Answer, cookie: str) -> Answer:
    return Answer(answer.status, answer.body, {**answer.headers, "Set-Cookie": cookie})
