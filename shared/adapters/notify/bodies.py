"""A notice as a Teams Adaptive Card and as Slack blocks: plain text throughout, nobody's text becomes a link."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from shared.ports import Notice

_LONGEST = 2900
_SEVERITY = {"info": "Information", "warning": "Warning", "error": "Error"}
# https://adaptivecards.io/explorer/TextRun.html, `color`
_COLOUR = {"info": "default", "warning": "warning", "error": "attention"}


def clean(text: str) -> str:
    """Plain text for a message: no control characters but line breaks, and not too long."""
    printable = "".join(character for character in text if character == "\n" or character.isprintable())
    return printable if len(printable) <= _LONGEST else printable[:_LONGEST] + " …"


def _facts(notice: Notice) -> Iterator[tuple[str, str]]:
    """What stands below every notice."""
    yield "Severity", _SEVERITY[notice.severity]
    if notice.about:
        yield "About", clean(notice.about)
    if notice.at:
        yield "At", f"{notice.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def teams(notice: Notice) -> dict[str, Any]:
    """An Adaptive Card. Text runs, unlike text blocks and facts, know no Markdown."""
    body = [
        _rich_text(clean(notice.title), weight="bolder", size="medium", color=_COLOUR[notice.severity]),
        _rich_text(clean(notice.text)),
        *(_rich_text(f"{name}: {value}", size="small", isSubtle=True) for name, value in _facts(notice)),
    ]
    if notice.command:
        body.append(_rich_text(clean(notice.command), fontType="monospace", size="small"))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if notice.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": notice.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _rich_text(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def slack(notice: Notice) -> dict[str, Any]:
    """Blocks of plain text; `text` is what a notification on a phone shows."""
    title, text = clean(notice.title), clean(notice.text)
    facts = [_plain(f"{name}: {value}") for name, value in _facts(notice)]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(title.replace("\n", " ")[:150])},
        {"type": "section", "text": _plain(text)},
        {"type": "context", "elements": facts},
    ]
    if notice.command:
        blocks.append({"type": "section", "text": _plain(f"$ {clean(notice.command)}")})
    if notice.link:
        button = {"type": "button", "text": _plain("Open"), "url": notice.link}
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), "blocks": blocks}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text or " "}
