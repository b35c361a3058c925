"""Are there dead letters that nobody has seen?"""

from collections.abc import Sequence
from datetime import timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, ok, warning
from function_app.operator.doctor.patient import Patient
from function_app.operator.letters.reading import by_reason
from shared.settings.operator import OperatorSettings

_RECENT = timedelta(days=1)


async def look(patient: Patient) -> Sequence[Finding]:
    """A letter stays on its hub, redriven or not: older ones are history."""
    if "dead-letter" not in patient.readable:
        return [warning("dead letters are not looked at", f"set {OperatorSettings.setting('dead-letter')}")]
    letters = await patient.letters()
    recent = [letter for letter in letters if patient.clock.now() - letter.time < _RECENT]
    found = [
        warning(
            f"{count} dead letters of {service} within a day: {reason}",
            f"sluice dead-letters list --service {service} --since 1d; redrive them when it is mended",
        )
        for service, reason, count in by_reason(recent)
    ]
    return found or [ok(f"none within a day; {len(letters)} before")]


check = Check("dead-letters", "hub dead-letter, for letters of the last day", look)
