"""No policy on record, one that is gone, one that this build cannot read, and one that is not the file's."""

from function_app.operator.doctor.checks.policy import check
from shared.adapters.memory import MemoryPolicyBook
from shared.ports import PolicyOnRecord
from tests.support.builders import NOW, digest
from tests.unit.operator.doctor.patients import Parts, words


async def test_none_is_on_record(parts: Parts) -> None:
    ((verdict, text),) = words(await check.look(parts.patient(policies=MemoryPolicyBook())))
    assert (verdict, text) == ("broken", "no policy is on record: control has not started here")


async def test_it_is_gone_or_of_another_kind(parts: Parts) -> None:
    book = MemoryPolicyBook()
    await book.put(PolicyOnRecord(digest(), 1, NOW))
    ((verdict, text),) = words(await check.look(parts.patient(policies=book)))
    assert (verdict, "is not to be had" in text) == ("broken", True)
    await book.put(PolicyOnRecord(await parts.evidence.keep(b'{"endpoints": 3}'), 2, NOW, digest()))
    ((verdict, text),) = words(await check.look(parts.patient(policies=book)))
    assert (verdict, "this build cannot read it" in text) == ("broken", True)


async def test_the_file_says_something_else(parts: Parts) -> None:
    patient = parts.patient()
    assert patient.policy_file is not None
    patient.policy_file.write_text("endpoints: {flights: {model: other}}\n")
    ((verdict, text),) = words(await check.look(patient))
    assert (verdict, "; policy.yaml is " in text) == ("warning", True)


async def test_a_file_that_does_not_hold_is_broken(parts: Parts) -> None:
    patient = parts.patient()
    assert patient.policy_file is not None
    patient.policy_file.write_text("endpoints: {flights: {}}\n")
    assert [verdict for verdict, _ in words(await check.look(patient))] == ["broken"]


async def test_without_a_file_nothing_is_compared(parts: Parts) -> None:
    ((verdict, text),) = words(await check.look(parts.patient(policy_file=None)))
    assert (verdict, "--policy FILE" in text) == ("ok", True)
