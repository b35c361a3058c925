"""How things stand, as tables and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from function_app.operator.console import Grid, clean, table
from function_app.operator.ledger.views import short_entity, short_type
from function_app.operator.moments import age
from function_app.operator.standing.endpoints import Canary, Signal, Standing
from function_app.operator.standing.unmeasured import Unmeasured
from shared.approvals import Approval
from shared.approvals.quorum import missing
from shared.ports import Waiting

_WHOLE = {"no_wrap": True}


def endpoints_table(endpoints: Sequence[Standing], now: datetime, wide: bool) -> Grid:
    rows = [
        (
            str(each.endpoint.entity) if wide else each.endpoint.name,
            _serves(each),
            _canary(each.canary, now),
            ", ".join(map(_signal, each.windows)) or "none yet",
            "; ".join(map(_missed, each.unmeasured)) or "-",
        )
        for each in endpoints
    ]
    return table(["endpoint", "live", "canary", "last window", "rows not measured"], rows, wide)


def _serves(each: Standing) -> str:
    if not each.shares:
        return "nothing" if each.decided else "nothing: no decision yet"
    (model, share), *rest = each.shares
    return f"{model}" if not rest else f"{model} {share:g} %, " + ", ".join(f"{name} {part:g} %" for name, part in rest)


def _canary(canary: Canary | None, now: datetime) -> str:
    if canary is None:
        return "-"
    since = f" since {age(canary.since, now)}" if canary.since else ""
    return f"{canary.model} at {canary.share:g} %, {canary.status}{since}"


def _signal(signal: Signal) -> str:
    sign, word = (">", "drifted") if signal.breach else ("≤", "stable")
    return f"{signal.name} {word} ({signal.score:.3g} {sign} {signal.limit:g}, {signal.start[:10]})"


def _missed(each: Unmeasured) -> str:
    """`12 lost on 03-02: the hub is away`; `300 of flights:3 unmonitored on 03-02`; `7 of 90 late or misdated`."""
    if each.kind == "strayed":
        return f"{each.rows:,} of {each.of:,} late or misdated" + (", too many at the look before" if each.many else "")
    on = f" on {each.on:%m-%d}" if each.on else ""
    if each.kind == "unmonitored":
        return f"{each.rows:,} of {each.why} unmonitored{on}"
    return f"{each.rows:,} lost{on}: {each.why}"


def approvals_table(approvals: Sequence[Approval], now: datetime, base_url: str, wide: bool) -> Grid:
    rows = [
        (
            f"{age(each.opened_at, now)} ago",
            each.title,
            who_may(each),
            f"in {age(now, each.expires_at)}" if each.expires_at > now else "now",
            page_of(each, base_url) or each.id,
        )
        for each in approvals
    ]
    page = "page" if base_url else "id"
    return table([("asked", _WHOLE), "question", "who may decide", ("expires", _WHOLE), (page, _WHOLE)], rows, wide)


def who_may(approval: Approval) -> str:
    """The seats that are still empty; nobody decides about their own request."""
    seats = " and ".join(" or ".join(seat.personas) for seat in missing(approval, approval.says))
    return f"{seats}, not {approval.requested_by}" if approval.requested_by else seats


def page_of(approval: Approval, base_url: str) -> str:
    """Without the token: it shows nothing to whoever has not got the invitation's link."""
    return f"{base_url.rstrip('/')}/approvals/{approval.id}" if base_url else ""


def pending_table(pending: Sequence[Waiting], now: datetime, wide: bool) -> Grid:
    rows = [
        (
            each.service,
            short_entity(each.entity),
            short_type(str(each.event.get("type", "?"))),
            each.reason or "no reason was given",
            age(each.since, now),
            tries(each, now),
        )
        for each in pending
    ]
    return table(["service", "about", "event", "why it waits", ("since", _WHOLE), "tries"], rows, wide)


def tries(waiting: Waiting, now: datetime) -> str:
    """How often it was tried, and when it is next."""
    coming = f"in {age(now, waiting.due)}" if waiting.due > now else "due now"
    return f"{waiting.attempts + 1}, next {coming}"


def pending_words(waiting: Waiting, now: datetime) -> str:
    """`registration on model churn:3: adopt_package: ...; since 12 s, try 7, next in 12 s`."""
    what = f"{waiting.service} on {short_entity(waiting.entity)}: {waiting.reason or 'no reason was given'}"
    return clean(f"{what}; since {age(waiting.since, now)}, try {tries(waiting, now)}")


def endpoint_json(each: Standing) -> dict[str, Any]:
    return {
        "endpoint": str(each.endpoint.entity),
        "generation": each.generation,
        "live": [{"model": model, "share": share} for model, share in each.shares],
        "canary": {**asdict(each.canary), "since": _iso(each.canary.since)} if each.canary else None,
        "last_window": [asdict(signal) for signal in each.windows],
        "not_measured": [{**asdict(rows), "on": rows.on.isoformat() if rows.on else None} for rows in each.unmeasured],
        "decided": each.decided,
    }


def approval_json(each: Approval, base_url: str) -> dict[str, Any]:
    kept = each.model_dump(mode="json", include={"id", "title", "summary", "requested_by", "opened_at", "expires_at"})
    return {**kept, "about": each.scope, "may_decide": who_may(each), "page": page_of(each, base_url) or None}


def pending_json(each: Waiting) -> dict[str, Any]:
    return {
        "service": each.service,
        "about": str(each.entity),
        "event_id": each.event_id,
        "event_type": each.event.get("type"),
        "reason": each.reason,
        "since": _iso(each.since),
        "tries": each.attempts + 1,
        "next": _iso(each.due),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
