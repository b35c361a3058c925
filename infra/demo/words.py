"""What a promotion and a rollback say of themselves, in a line for the terminal."""

from typing import Any

type Data = dict[str, Any]


def begun(data: Data) -> str:
    """Of `promotion.started`. A first version has nobody beside it: it gets all requests at once."""
    share = data.get("share", 100)
    generation = f"generation {data['generation']}"
    return f"canary begins: {share:g} % of the requests, {generation}" if share < 100 else f"takes over, {generation}"


def stepped(data: Data) -> str:
    """Of `promotion.stepped`."""
    said = findings(data) or "no analysis is asked for here"
    return f"canary goes on to {data['share']:g} %: {said}"


def live(data: Data) -> str:
    """Of `promotion.completed`."""
    return f"live: generation {data['generation']}, confirmed by {instances(data['instances'])}"


def aborted(data: Data) -> str:
    """Of `promotion.aborted`."""
    details = "; ".join(f"{each['test']}: {each['detail']}" for each in against(data))
    return f"aborted: {data['reason']}" + (f" ({details})" if details and details not in data["reason"] else "")


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


def findings(data: Data) -> str:
    """Each test's verdict, and how many requests of the candidate it is from."""
    return ", ".join(f"{each['test']} {each['verdict']} ({each['of']})" for each in data.get("findings", ()))


def against(data: Data) -> list[Data]:
    """The findings that speak against the candidate."""
    return [each for each in data.get("findings", ()) if each["verdict"] != "go on"]


def proof(data: Data) -> tuple[int, float]:
    """Golden rows scored on each instance (the fewest), and the largest distance on any."""
    proofs = data["proofs"]
    return min((each["rows"] for each in proofs), default=0), max((each["distance"] for each in proofs), default=0.0)


def instances(count: int) -> str:
    return f"{count} scoring instance" + ("" if count == 1 else "s")
