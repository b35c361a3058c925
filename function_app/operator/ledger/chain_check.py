"""One chain checked in itself: hashes, order, membership, head."""

from dataclasses import dataclass

from function_app.operator.ledger.reading import Chain
from shared.events import canonical
from shared.ports import Entry, Head, Progress
from shared.reactor import is_intact
from shared.reactor.recording import link


@dataclass(frozen=True, slots=True)
class Problem:
    """The first entry of a chain that does not hold; `position` counts from zero, `event_id` is empty for a gap."""

    service: str
    entity: str
    position: int
    event_id: str
    what: str


def check_chain(chain: Chain, head: Head) -> Problem | None:
    """The first thing that is wrong, in the order of positions."""
    before: Progress | None = None
    for index, progress in enumerate(chain.entries, chain.first):
        what = _entry_problem(chain, progress.entry, index, before)
        if what:
            return Problem(chain.service, str(chain.entity), index, progress.entry.event_id, what)
        before = progress
    if chain.unreadable:
        return _at_end(chain, f"cannot be read: {chain.unreadable}")
    what = _head_problem(chain, head)
    return _at_end(chain, what) if what else None


def _at_end(chain: Chain, what: str) -> Problem:
    return Problem(chain.service, str(chain.entity), chain.length, "", what)


def ends(progress: Progress) -> set[str]:
    """What may follow this entry: its link once it is settled; its own hash before, and in what older builds wrote."""
    entry = progress.entry
    return {entry.hash, link(entry, progress.marks)} if progress.settled else {entry.hash}


def _entry_problem(chain: Chain, entry: Entry, index: int, before: Progress | None) -> str:
    if not _intact(entry):
        return "its content does not give its hash: something in it was changed"
    if (entry.service, entry.entity) != (chain.service, chain.entity):
        return f"belongs to another chain: {entry.service} {entry.entity}"
    if entry.position > index:
        return f"the entry at position {index} is missing; the next one is at {entry.position}"
    if entry.position < index:
        return f"was inserted: position {entry.position} is already taken"
    # What the first one follows nobody can tell any more where those before it are gone.
    follows = ends(before) if before else {"" if index == 0 else entry.previous}
    if entry.previous not in follows:
        return (
            "does not follow from the entry before it: one of the two was exchanged, "
            "or what became of the former's effects was rewritten"
        )
    return ""


def _intact(entry: Entry) -> bool:
    """What cannot be written down again was not written by the reactor."""
    try:
        return is_intact(entry)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return False


def _head_problem(chain: Chain, head: Head) -> str:
    last = chain.entries[-1] if chain.entries else None
    if head.length != chain.length:
        return f"the head counts {head.length} entries, {chain.length} are here"
    if last is None and chain.first:
        return ""
    if head.hash not in (ends(last) if last else {""}):
        return "the head has another hash than the last entry with what became of its effects"
    if _differ(head.state, last.entry.state if last else None):
        return "the head has another state than the last entry left"
    return ""


def _differ(one: object, other: object) -> bool:
    try:
        return canonical(one) != canonical(other)
    except (ValueError, TypeError):
        return True
