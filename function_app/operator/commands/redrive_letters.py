"""`sluice dead-letters redrive`: one dead letter, or all that are alike, once more."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.console import output, print_json, say, table, warn
from function_app.operator.letters.reading import (
    Filter,
    Letter,
    Matching,
    OfService,
    Since,
    Until,
    all_letters,
    by_reason,
    one,
)
from function_app.operator.ordering.names import services_of_this_build
from function_app.operator.ordering.orders import Order, order, stated
from function_app.operator.ordering.sending import (
    EXITS,
    Answered,
    Wait,
    Way,
    Who,
    Why,
    Within,
    give,
    give_all,
    who,
)
from function_app.operator.ordering.sending import (
    as_json as order_json,
)
from function_app.operator.running import NO, UNREACHABLE, Unknown, run
from shared.events import RedriveRequested

EXAMPLE = (
    "Examples: sluice dead-letters redrive 1f0c2a77 --reason 'the parser knows it now' · "
    f"sluice dead-letters redrive --service staging --since 2h --reason 'the bug is mended' --yes. {EXITS}"
)
_READING_S = 30
_AGAIN = "events"

LetterId = Annotated[str, typer.Argument(help="Id of one dead letter, or its first digits.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
All = Annotated[bool, typer.Option("--all", help="All there are, where nothing else says which.")]


def redrive(
    reason: Why, letter_id: LetterId = "", service: OfService = "", matching: Matching = "", since: Since = "",
    until: Until = "", every: All = False, yes: Yes = False, operator: Who = "", wait: Wait = None,
    timeout: Within = 60, as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Have dead letters handled again, once: each is sent to hub events anew, where who missed it finds it.

    One by its id; or all that are of a service, have a reason, are of a time: what will be sent is shown first.
    """
    way = Way(run_dir, False, wait, timeout, as_json)
    wanted = Filter.of(service, matching, since, until)
    if (bool(letter_id), wanted != Filter(), every).count(True) != 1:
        raise typer.BadParameter("give one id, or which ones (--service, --matching, --since, --until), or --all")
    if letter_id:
        give(_order(run(one(run_dir, letter_id, _READING_S)), who(operator), reason, way), way)
        return
    letters = _can_be_sent(_wanted(wanted, way))
    _ask(letters, yes, as_json)
    _sum_up(give_all([_order(each, who(operator), reason, way) for each in letters], way), way)


def _order(letter: Letter, operator: str, reason: str, way: Way) -> Order:
    data = letter.data
    command = stated(RedriveRequested, service=data.service, letter=letter.id, operator=operator, reason=reason)
    return order(command, settings(way.run_dir))


def _wanted(wanted: Filter, way: Way) -> list[Letter]:
    async def found() -> list[Letter]:
        letters, _ = await all_letters(way.run_dir, _READING_S)
        if chosen := wanted.of_all(letters, services_of_this_build()):
            return chosen
        raise Unknown("no dead letter is like that; see `sluice dead-letters list`")

    return run(found())


def _can_be_sent(letters: Sequence[Letter]) -> list[Letter]:
    """Control may send to hub `events` only. Ends the process when nothing is left."""
    others = Counter(letter.data.hub for letter in letters if letter.data.hub != _AGAIN)
    for hub, count in others.items():
        warn(f"{count} came by hub {hub} and are left out: only their sender can send them again")
    found = [letter for letter in letters if letter.data.hub == _AGAIN]
    if not found:
        raise typer.Exit(NO)
    return found


def _ask(letters: Sequence[Letter], yes: bool, as_json: bool) -> None:
    """The plan, and whether to go on. Ends the process with a no."""
    if not as_json:
        rows = [(str(count), service, reason) for service, reason, count in by_reason(letters)]
        output().print(table([("letters", {"no_wrap": True, "justify": "right"}), "of", "reason"], rows))
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise typer.BadParameter(f"{len(letters)} dead letters would be sent: there is nobody to ask, so say --yes")
    if not typer.confirm(f"Redrive {len(letters)} dead letters?"):
        raise typer.Exit(NO)


def _sum_up(answered: Sequence[Answered], way: Way) -> None:
    """Ends the process by the answers: 3 where one is missing, else 1 where one is no."""
    if way.as_json:
        print_json([order_json(sent, found) for sent, found in answered])
    elif not way.waits:
        say(f"{len(answered)} were sent; sluice ledger show --service brakes --last {len(answered)} shows the answers")
    else:
        _say_answers([found for _, found in answered])
    if way.waits and any(found is None for _, found in answered):
        raise typer.Exit(UNREACHABLE)
    if any(found and not found.good for _, found in answered):
        raise typer.Exit(NO)


def _say_answers(found: Sequence[Any]) -> None:
    good = sum(1 for answer in found if answer and answer.good)
    missing = sum(1 for answer in found if answer is None)
    say(f"{good} of {len(found)} are under way again" + (f"; {missing} have no answer yet" if missing else ""))
    for text, count in Counter(answer.text for answer in found if answer and not answer.good).most_common():
        say(f"{count} × {text}")
