"""Every notifier delivers a notice, and the same one again without harm."""

import json
import ssl
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from shared.adapters.memory import MemoryNotifier
from shared.adapters.notify.fan_out import FanOutNotifier
from shared.adapters.notify.outbox import FileOutbox
from shared.adapters.notify.public_addresses import is_public
from shared.adapters.notify.webhook import Dialect, WebhookNotifier
from shared.ports import Notice, Notifier, Refused, Unavailable

pytestmark = pytest.mark.local_only
NOTICE = Notice(
    "key/1",
    "model-tester",
    "Promote \x00flights:3?",
    "12 of 12\x1b[31m\npassed <b>",
    "https://g.example/a?token=t",
    severity="warning",
    about="endpoint flights in production",
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    command="sluice explain flights",
)
BELOW = ["Severity: Warning", "About: endpoint flights in production", "At: 2026-03-02 09:00:00 UTC"]


@dataclass
class Receiver:
    """An https server on loopback that answers `status` and keeps what it was sent."""

    url: str = ""
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.json()))
        return web.Response(
            status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else self.headers
        )

    def notifier(self, dialect: Dialect = "slack", **options: Any) -> WebhookNotifier:
        return WebhookNotifier(self.url, dialect, **{"allow_private": True, "trust": self.trust, **options})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver, authority = Receiver(), trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.configure_trust(receiver.trust)
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=tls).start()
    receiver.url = f"https://localhost:{runner.addresses[0][1]}/hook/secret"
    yield receiver
    await runner.cleanup()


@pytest.fixture(params=["memory", "outbox", "teams", "slack", "fan-out"])
def notifier(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Notifier:
    notifiers: dict[str, Notifier] = {
        "memory": MemoryNotifier(),
        "outbox": FileOutbox(tmp_path / "outbox"),
        "teams": receiver.notifier("teams"),
        "slack": receiver.notifier("slack"),
        "fan-out": FanOutNotifier({"model-tester": [MemoryNotifier()]}),
    }
    return notifiers[request.param]


async def test_a_notice_may_be_sent_again(notifier: Notifier) -> None:
    await notifier.send(NOTICE)
    await notifier.send(NOTICE)


async def test_the_outbox_holds_one_private_file_for_each_key(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox")
    for notice in (NOTICE, NOTICE, Notice("../key", "model-tester", "t", "x")):
        await outbox.send(notice)
    files = sorted((tmp_path / "outbox").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    held = [json.loads(file.read_text()) for file in files]
    assert {each["key"]: each["link"] for each in held} == {"key/1": NOTICE.link, "../key": ""}
    assert {each["severity"]: each["at"] for each in held} == {"warning": "2026-03-02T09:00:00+00:00", "info": None}


async def test_an_outbox_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable):
        await FileOutbox(tmp_path / "file").send(NOTICE)


async def test_repeats_carry_the_same_idempotency_key(receiver: Receiver) -> None:
    for _ in range(2):
        await receiver.notifier().send(NOTICE)
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 64


async def test_teams_gets_an_adaptive_card_without_control_characters(receiver: Receiver) -> None:
    await receiver.notifier("teams").send(NOTICE)
    body = receiver.got[0][1]
    card = body["attachments"][0]["content"]
    assert body["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["inlines"][0]["text"] for block in card["body"]] == [
        "Promote flights:3?",
        "12 of 12[31m\npassed <b>",
        *BELOW,
        NOTICE.command,
    ]
    assert card["body"][0]["inlines"][0]["color"] == "warning"
    assert card["actions"][0]["url"] == NOTICE.link


async def test_slack_gets_plain_text_blocks(receiver: Receiver) -> None:
    await receiver.notifier("slack").send(NOTICE)
    body = receiver.got[0][1]
    assert body["text"] == "Promote flights:3?"
    assert [block["type"] for block in body["blocks"]] == ["header", "section", "context", "section", "actions"]
    header, text, below, command, actions = body["blocks"]
    assert {block["text"]["type"] for block in (header, text, command)} == {"plain_text"}
    assert [(each["type"], each["text"]) for each in below["elements"]] == [("plain_text", line) for line in BELOW]
    assert command["text"]["text"] == f"$ {NOTICE.command}"
    assert actions["elements"][0]["url"] == NOTICE.link


async def test_a_very_long_text_is_cut(receiver: Receiver) -> None:
    await receiver.notifier("slack").send(Notice("k", "a", "t" * 9000, "x" * 9000))
    header, section, _ = receiver.got[0][1]["blocks"]
    assert len(header["text"]["text"]) == 150
    assert len(section["text"]["text"]) <= 3000


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, Refused) for status in (302, 400, 404, 410)),
        *((status, Unavailable) for status in (401, 403, 408, 423, 429, 503)),
    ],
)
async def test_an_answer_that_is_no_success_raises(receiver: Receiver, status: int, error: type[Exception]) -> None:
    receiver.status = status
    with pytest.raises(error, match=str(status)) as raised:
        await receiver.notifier().send(NOTICE)
    assert "secret" not in str(raised.value)
    assert len(receiver.got) == 1


async def test_nobody_there_is_unavailable_and_the_address_stays_secret() -> None:
    notifier = WebhookNotifier("https://localhost:1/secret", "slack", allow_private=True)
    with pytest.raises(Unavailable) as raised:
        await notifier.send(NOTICE)
    assert "secret" not in str(raised.value)


async def test_a_certificate_nobody_signed_is_not_accepted(receiver: Receiver) -> None:
    with pytest.raises(Unavailable):
        await receiver.notifier(trust=None).send(NOTICE)
    assert receiver.got == []


async def test_a_name_that_leads_into_a_private_network_is_refused(receiver: Receiver) -> None:
    private = receiver.notifier(allow_private=False)
    with pytest.raises(Refused, match="public"):
        await private.send(NOTICE)
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/x",
        "https://",
        "https://user:password@hooks.example.com/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://169.254.169.254/metadata",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "ftp://hooks.example.com",
    ],
)
def test_an_address_that_is_not_public_https_is_an_error(address: str) -> None:
    with pytest.raises(ValueError, match="webhook"):
        WebhookNotifier(address, "teams")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("0.0.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_public_addresses_are_told_from_special_ones(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_an_audience_hears_what_is_meant_for_it() -> None:
    testers, owners, everything = MemoryNotifier(), MemoryNotifier(), MemoryNotifier()
    notifier = FanOutNotifier({"model-tester": [testers], "product-owner": [owners]}, always=[everything])
    await notifier.send(NOTICE)
    assert (testers.sent, owners.sent, everything.sent) == ([NOTICE], [], [NOTICE])


async def test_a_notice_that_nobody_would_hear_is_refused() -> None:
    with pytest.raises(Refused, match="model-tester"):
        await FanOutNotifier({}).send(NOTICE)


async def test_one_target_that_fails_keeps_no_other_from_hearing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    heard = MemoryNotifier()
    with pytest.raises(Unavailable):
        await FanOutNotifier({}, always=[FileOutbox(tmp_path / "file"), heard]).send(NOTICE)
    assert heard.sent == [NOTICE]


async def test_a_webhook_that_asks_for_a_pause_is_left_alone(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "30"}
    with pytest.raises(Unavailable, match="429") as refused:
        await receiver.notifier().send(NOTICE)
    assert refused.value.pause == timedelta(seconds=30)
    assert len(receiver.got) == 1
