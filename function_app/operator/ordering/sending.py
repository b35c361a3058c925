"""One way for every command to control: look whether what it names is there, send it, wait, say the answer."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from function_app.operator.connections import Store, opened, settings
from function_app.operator.console import print_json, progress, say, warn
from function_app.operator.ordering.answers import Answer
from function_app.operator.ordering.orders import Order, publish
from function_app.operator.ordering.waiting import answer
from function_app.operator.running import NO, UNREACHABLE, Unknown, run

Why = Annotated[str, typer.Option("--reason", "-r", help="Why, in words: kept with the command, and told to people.")]
Who = Annotated[
    str, typer.Option("--operator", envvar="SLUICE_OPERATOR", help="Who you are. Without it: the name of your account.")
]
Force = Annotated[bool, typer.Option("--force", help="Send it without looking whether what it names is there.")]
Wait = Annotated[
    bool | None,
    typer.Option("--wait/--no-wait", help="Wait for the answer; without either: on a terminal.", show_default=False),
]
Within = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the answer at most.")]
_AT_ONCE = 8
EXITS = (
    "Exit codes: 0 done (or sent, with --no-wait), 1 control says no or the name is unknown, "
    "2 wrong arguments or settings, 3 not reached or no answer in time, 130 interrupted."
)


@dataclass(frozen=True, slots=True)
class Way:
    """How a command is sent. `wait` None: as the terminal has it."""

    run_dir: Path | None
    force: bool = False
    wait: bool | None = None
    timeout_s: float = 60
    as_json: bool = False

    @property
    def waits(self) -> bool:
        return sys.stdout.isatty() if self.wait is None else self.wait


def who(operator: str) -> str:
    """The name that was given, else the account's."""
    return operator or getpass.getuser()


def look[T](way: Way, what: Callable[[Store], Awaitable[T]]) -> T:
    """What the store says before anything is sent; ends the process when it is not to be had."""
    return run(_looked(way.run_dir, what))


async def _looked[T](run_dir: Path | None, what: Callable[[Store], Awaitable[T]]) -> T:
    try:
        async with opened(run_dir) as store:
            return await what(store)
    except Unknown as error:
        raise Unknown(f"{error} (nothing was sent; --force sends it anyway)") from error


def give(order: Order, way: Way) -> None:
    """Ends the process by the answer."""
    run(publish([order], settings(way.run_dir)), "interrupted while it was being sent: whether it was is not known")
    if not way.waits:
        _say(order, way, None)
        return
    found = run(_answer(order, way), f"interrupted: {sent(order)}, and control will still do it; {where(order)}")
    _say(order, way, found)
    if found is None:
        warn(f"sluice: no answer within {way.timeout_s:g} s: is control running? {where(order)}")
        raise typer.Exit(UNREACHABLE)
    if not found.good:
        raise typer.Exit(NO)


type Answered = tuple[Order, Answer | None]


def give_all(orders: Sequence[Order], way: Way) -> list[Answered]:
    """One after the other, so that Ctrl-C leaves whole ones behind; then all the answers, where they are waited for."""
    done: list[Order] = []
    try:
        return run(_given(orders, way, done))
    except typer.Exit:
        warn(f"sluice: {len(done)} of {len(orders)} were sent; see `sluice ledger show --service brakes`")
        raise


async def _given(orders: Sequence[Order], way: Way, done: list[Order]) -> list[Answered]:
    found = settings(way.run_dir)
    with progress(f"sending {len(orders)} orders") as note:
        for each in orders:
            await publish([each], found)
            done.append(each)
            note(f"{len(done)} sent")
    if not way.waits:
        return [(each, None) for each in orders]
    async with opened(way.run_dir) as store:
        with progress(f"{len(orders)} sent; waiting for the answers"):
            several = asyncio.Semaphore(_AT_ONCE)

            async def one(order: Order) -> Answered:
                async with several:
                    return order, await answer(order, store.ledger, way.timeout_s, lambda _: None)

            return await asyncio.gather(*map(one, orders))


def sent(order: Order) -> str:
    return f"{order.command.type} was sent by {order.command.operator} ({order.envelope.id})"


def where(order: Order) -> str:
    return f"the ledger of service {order.service} has the answer: sluice ledger entry {order.envelope.id}"


async def _answer(order: Order, way: Way) -> Answer | None:
    async with opened(way.run_dir) as store:
        with progress(f"{sent(order)}; waiting for the answer") as note:
            return await answer(order, store.ledger, way.timeout_s, note)


def _say(order: Order, way: Way, found: Answer | None) -> None:
    if way.as_json:
        print_json(as_json(order, found))
    elif found:
        say(found.text)
    elif not way.waits:
        say(f"{sent(order)}; {where(order)}")


def as_json(order: Order, found: Answer | None) -> dict[str, Any]:
    """`answer` is null where none was waited for, or none came."""
    said = {"good": found.good, "event": found.event, "text": found.text} if found else None
    return {
        "id": order.envelope.id, "type": order.command.type, **order.command.model_dump(mode="json"), "answer": said,
    }  # fmt: skip
