"""What a promotion and a rollback say of themselves, in a line for the terminal."""

from typing import Any

type Data = dict[str, Any]


def begun(data: Data) -> str:
    """Of `promotion.started`. A first version has nobody beside it: it gets all requests at once."""
    share = data.get("share", 100)
    generation = f"generation {data['generation']}"
    return f"canary begins: {share:g} % of the requests, {generation}" if share < 100 else f"takes over, {generation}"


def stepped(data: Data) -> str:
    """Of `promotion.stepped`: what was found in the step before, and who let it pass where that was not enough."""
    found = data.get("findings", ())
    tests = ", ".join(each["test"] for each in found)
    passed = f"within limits over {max(each['of'] for each in found)} requests ({tests})" if found else "passed"
    cleared = f"cleared by {data['cleared_by']}" if data.get("cleared_by") else passed
    return f"canary {cleared}; now {data['share']:g} %"


def live(data: Data) -> str:
    """Of `promotion.completed`."""
    return f"live: generation {data['generation']}, confirmed by {instances(data['instances'])}"


def aborted(data: Data) -> str:
    """Of `promotion.aborted` or `.refused`: the reason, and what else spoke against the candidate."""
    details = [each["detail"] for each in data.get("findings", ()) if each["verdict"] != "go on"]
    further = "; ".join(detail for detail in details if detail not in data["reason"])
    return f"aborted: {data['reason']}" + (f" ({further})" if further else "")


def restored(data: Data) -> str:
    """Of `rollback.completed`: who serves again, and the proof."""
    rows, distance = proof(data)
    version = data["restored"]["model"]["version"]
    text = (
        f"rolled back in {data['seconds']:.1f} s: version {version} serves again, generation {data['generation']}; "
        f"proven on {instances(data['instances'])}: {rows} golden rows, largest distance {distance:g}"
    )
    rehearsal = data.get("rehearsal")
    return text + (f"; rehearsed in staging in {rehearsal['restore_s']:.1f} s" if rehearsal else "")


def proof(data: Data) -> tuple[int, float]:
    """Golden rows scored on each instance (the fewest), and the largest distance on any."""
    proofs = data["proofs"]
    return min((each["rows"] for each in proofs), default=0), max((each["distance"] for each in proofs), default=0.0)


def instances(count: int) -> str:
    return f"{count} scoring instance" + ("" if count == 1 else "s")
