"""May this operator send commands, and are they signed with a key?"""

from collections.abc import Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import Patient
from shared.adapters.signing.commands import Ed25519CommandSigner
from shared.ports import Refused, Unavailable

_RIGHT = "give this identity role Azure Event Hubs Data Sender on hub decisions, and see that the namespace answers"
_KEY = "python -m infra.azure.approval_key operators.key makes a pair; control knows the public half"


async def look(patient: Patient) -> Sequence[Finding]:
    found = [*_signature(patient)]
    if patient.settings.commands is not None:
        try:
            await patient.commands.may_send("decisions")
        except (Unavailable, Refused) as error:
            found.append(broken(str(error), _RIGHT))
    return found or [ok("hub decisions takes commands, and they are signed")]


def _signature(patient: Patient) -> list[Finding]:
    key = patient.settings.signing_key()
    if not key:
        return [warning("commands are not signed: where control checks signatures, it refuses them", _KEY)]
    try:
        Ed25519CommandSigner(key)
    except ValueError as error:
        return [broken(f"what commands are signed with is no key: {error}", _KEY)]
    return []


check = Check("commands", "the link by which commands are sent, opened without sending; the key that signs them", look)
