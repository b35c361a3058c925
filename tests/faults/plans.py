"""What a campaign does to the system, and when: everything follows from a count and a seed."""

import random
from dataclasses import dataclass
from itertools import count as count_from

from tests.faults.crashing import Kill, When
from tests.faults.under_way import CANARY, ROLLBACK

# Every call by which the reactor, the streams, the folds and the effects reach outside.
STEPS = (
    *(f"ledger.{name}" for name in ("find", "head", "record", "lease", "mark", "settle")),
    *(f"ledger.{name}" for name in ("due", "wait", "first_waiting", "stop_waiting")),
    *(f"deadlines.{name}" for name in ("set", "due", "clear")),
    *(f"positions.{name}" for name in ("read", "move")),
    *(f"folds.{name}" for name in ("position", "states", "write")),
    *(f"jobs.{name}" for name in ("submit", "state")),
    *(f"models.{name}" for name in ("get", "register_output")),
    *(f"model_packages.{name}" for name in ("fetch", "adopt")),
    *(f"serving_manifests.{name}" for name in ("read", "swap")),
    "approvals.note_requesters",
    "approvals.put",
    "brakes.engaged",
    "captures.keep_predictions",
    "evidence.keep",
    "grown.note",
    "notifier.send",
    "policy_book.put",
    "event_publisher.publish",
)
# Calls of control's that no kill is planned at, and why not.
LEFT_OUT = {
    "archive.keep": "chains a year old; tests/contract/test_archiving.py dies between every two calls",
    "archive.read": "reads",
    "approvals.get": "reads, right before approvals.put or a decision",
    "approvals.requesters": "reads",
    "batch_files.fetch": "jobs alone fetch",
    "batch_files.look": "reads",
    "batch_files.put": "the command line alone hands files over",
    "brakes.set": "the story has no operator; the write is one row, as deadlines.set",
    "captures.keep_labels": "no labels in this story; as captures.keep_predictions",
    "evidence.read": "reads",
    "evidence.report": "reads",
    "folds.forget": "states half a year old; each deletion is one row, and repeated",
    "folds.of": "reads",
    "grown.forget": "once a minute, after seals.keep; what is not forgotten is sealed once more",
    "grown.read": "reads",
    "heartbeats.beat": "one row each five minutes, which nothing decides by",
    "heartbeats.last": "the operators' doctor alone asks",
    "host_checkpoints.forget": "the operators' doctor alone mends, and only what is as it was seen",
    "host_checkpoints.of": "the operators' doctor alone asks",
    "hub_survey.has_group": "the operators' doctor alone asks",
    "hub_survey.may_send": "the operators' doctor alone asks",
    "hub_survey.now": "the operators' doctor alone asks",
    "hub_survey.shape": "the operators' doctor alone asks",
    "hub_reader.epoch": "reads",
    "hub_reader.extent": "reads",
    "hub_reader.held": "only after a gap, and reads",
    "hub_reader.read": "only after a gap, and reads",
    "jobs.creator": "reads",
    "jobs.last_words": "reads",
    "jobs.cancel": "nothing in this story is cancelled",
    "letter_book.forget": "letters a month old; as folds.forget",
    "letter_book.get": "reads",
    "letter_book.keep": "there are no dead letters here; test_poison has some",
    "lane_book.first_runs": "one row, at a process's start",
    "lane_book.resume": "no lane is stopped in this story",
    "lane_book.stop": "no lane is stopped in this story",
    "lane_book.stopped": "reads",
    "ledger.chains": "reads",
    "ledger.entries": "reads",
    "ledger.pending": "reads",
    "ledger.shorten": "as archive.keep",
    "ledger.time": "reads",
    "letter_bodies.keep": "there are no dead letters here; test_poison has some",
    "letter_bodies.read": "reads",
    "live_instances.of": "reads",
    "models.next_version": "reads, right before models.register_output",
    "model_packages.read": "reads",
    "positions.all": "reads",
    "store_survey.container": "the operators' doctor alone asks",
    "store_survey.now": "the operators' doctor alone asks",
    "store_survey.table": "the operators' doctor alone asks",
    "policy_book.last": "reads, before policy_book.put",
    "event_publisher.close": "at the end",
    "seals.all": "reads",
    "seals.keep": "once a minute; tests/unit/shared/reactor/test_sealing.py repeats it",
    "seals.keep_list": "once a day, as seals.keep",
    "seals.latest": "reads",
    "seals.read_list": "reads",
    "serving_manifests.served": "reads; scoring alone lists",
}
# Calls by which a canary step and a rollback are recorded, performed and settled, each aimed at for itself. What comes
# before one of them comes after another.
OF_A_DECISION = (
    *(f"ledger.{name}" for name in ("record", "lease", "mark", "settle")),
    "deadlines.set",
    "serving_manifests.swap",
    "event_publisher.publish",
)
AIMED = tuple((step, phase) for phase in (CANARY, ROLLBACK) for step in OF_A_DECISION)
# A life sees few rollbacks: a kill at the fifth of them would wait for whole stories. No more are waited for.
DECISIONS_IN_A_LIFE = 2
# Called once for each policy document, however many lives there are: a second call would be waited for in vain.
ONCE = {"policy_book.put"}
# Only what could not be had at once is ever waited for.
WAITING = {"ledger.wait", "ledger.first_waiting", "ledger.stop_waiting"}
WHEN: tuple[When, ...] = ("before", "after")
# One of these after so many kills each.
EVERY = {"lost answer": 4, "gap": 8, "reorder": 8, "Event Hubs kill": 30, "storage restart": 60}
# Whose answer is lost: most writes are rows, then events.
PEERS = ("tables", "tables", "tables", "hubs", "hubs", "blobs", "Azure ML")


@dataclass(frozen=True)
class Outage:
    """`kind` is a name in `EVERY`, due as soon as `after` kills have happened; `whose` answer, `skip` of them later."""

    after: int
    kind: str
    whose: str = ""
    skip: int = 0


def boundaries(nth: int) -> list[Kill]:
    """Every place between two steps, at their `nth` call in one life."""
    anywhere = [Kill(step, when, nth) for step in STEPS if nth == 1 or step not in ONCE for when in WHEN]
    aimed = AIMED if nth <= DECISIONS_IN_A_LIFE else ()
    return [*anywhere, *(Kill(step, "after", nth, phase) for step, phase in aimed)]


def kills_of(count: int, seed: int) -> list[Kill]:
    """`count` kills: every boundary of every step once, then again at later calls, in an order given by the seed."""
    chosen: list[Kill] = []
    for nth in count_from(1):
        kills = boundaries(nth)
        chosen += random.Random(f"{seed}/{nth}").sample(kills, len(kills))
        if len(chosen) >= count:
            break
    return chosen[:count]


def outages_of(kills: int, seed: int) -> list[Outage]:
    """All outages of a campaign with so many kills, in the order in which they are due."""
    chance = random.Random(f"{seed}/outages")
    found = [
        Outage(after, kind, chance.choice(PEERS), chance.randrange(30))
        for kind, every in EVERY.items()
        for after in range(every // 2, kills, every)
    ]
    return sorted(found, key=lambda outage: outage.after)


def plan_of(faults: int, seed: int) -> tuple[list[Kill], list[Outage]]:
    """So many kills that they and their outages are at least `faults`."""
    kills = next(n for n in count_from(1) if n + len(outages_of(n, seed)) >= faults)
    return kills_of(kills, seed), outages_of(kills, seed)
