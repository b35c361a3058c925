"""A person with an approval link: signs in, reads the page, presses a button."""

import asyncio
import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from infra.demo.run import Run

_ROOM = re.compile(r"\s+")


class _Form(HTMLParser):
    """The fields of the page's form, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action: str | None = None
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found.get("action")
        if tag == "input" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        if _ROOM.sub("", data):
            self.text.append(data.strip())


class NoForm(Exception):
    """The page offers no decision; the message is what it says instead."""


async def invitation(run: Run, approval_id: str, persona: str) -> dict[str, Any]:
    """The notice that this persona got for this approval, from the outbox."""
    while True:
        for path in run.outbox.glob("*.json") if run.outbox.exists() else ():
            notice: dict[str, Any] = json.loads(path.read_text())
            if notice["audience"] == persona and approval_id in notice.get("link", ""):
                return notice
        await asyncio.sleep(0.1)


async def decide(run: Run, link: str, persona: str, verdict: str, comment: str) -> None:
    """Sign in as this persona and decide; raises `NoForm` when the page does not let them."""
    person = run.person(persona)
    base = f"{urlsplit(link).scheme}://{urlsplit(link).netloc}"
    jar = aiohttp.CookieJar(unsafe=True)  # the local gateway is addressed by number
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        await session.post(f"{base}/.auth/login", data={"person": person["id"]}, headers={"Origin": base})
        async with session.get(link) as answer:
            form = _Form()
            form.feed(await answer.text())
        if form.action is None:
            raise NoForm(" ".join(form.text)[:300])
        fields = {**form.fields, "verdict": verdict, "comment": comment}
        target = form.action if form.action.startswith("http") else base + form.action
        async with session.post(target or link, data=fields, headers={"Origin": base, "Referer": link}) as answer:
            answer.raise_for_status()
