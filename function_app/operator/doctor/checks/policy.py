"""Is a policy in force, can it be read, and is it the one of the file?"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import Patient
from services import deciding
from shared.policies import InvalidPolicy, PolicyDocument
from shared.ports import Absent, PolicyOnRecord, Refused
from shared.reactor import policy_in

_SHOW = "sluice policy show"


async def look(patient: Patient) -> Sequence[Finding]:
    services = deciding()
    last = await patient.policies.last()
    if last is None:
        return [broken("no policy is on record: control has not started here", "see `sluice doctor control`")]
    words = f"{last.digest[:8]} is in force since {last.at:%Y-%m-%d %H:%M} UTC"
    try:
        PolicyDocument.model_validate_json(await patient.evidence.read(last.digest))
    except (Absent, Refused) as error:
        return [broken(f"{words}, and is not to be had: {error}", "start control again: it keeps its policy")]
    except ValidationError:
        return [broken(f"{words}, and this build cannot read it", "use the command line of what is deployed")]
    if patient.policy_file is None:
        return [ok(f"{words}; with --policy FILE it is compared with a file")]
    inventory = patient.settings.workspaces
    try:
        document = policy_in(patient.policy_file.read_text(), inventory, services, patient.policy_file.name)
    except (OSError, UnicodeDecodeError, InvalidPolicy) as error:
        return [broken(f"{patient.policy_file.name} does not hold: {error}", "sluice policy check")]
    return [_compared(document, last, words, patient.policy_file)]


def _compared(document: PolicyDocument, last: PolicyOnRecord, words: str, file: Path) -> Finding:
    if document.digest == last.digest:
        return ok(f"{words}, as {file.name} says")
    return warning(
        f"{words}; {file.name} is {document.digest[:8]}", f"{_SHOW} --file {file}; deploying puts it in force"
    )


check = Check("policy", "the policy on record: can it be read, is it that of the file", look)
