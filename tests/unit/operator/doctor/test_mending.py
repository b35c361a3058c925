"""What is proposed is done step by step: one that fails keeps no other from being done."""

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.examining import Examined
from function_app.operator.doctor.finding import Finding, Mend, broken, ok
from function_app.operator.doctor.mending import Mended, carry_out, plan
from function_app.operator.doctor.patient import Patient
from shared.ports import Moved, Unavailable


async def nothing(_: Patient) -> list[Finding]:
    return []


CHECK = Check("a check", "nothing", nothing)


def mend(words: str, done: list[str], error: Exception | None = None) -> Mend:
    async def perform() -> None:
        if error:
            raise error
        done.append(words)

    return Mend(words, perform)


def test_only_what_is_wrong_and_can_be_mended_is_planned() -> None:
    first, second = mend("first", []), mend("second", [])
    findings = [ok("well"), broken("wrong", "by hand"), broken("wrong", "--fix", first)]
    examined = [Examined(CHECK, findings), Examined(CHECK, [broken("wrong", "--fix", second)])]
    assert plan(examined) == [first, second]


async def test_what_changed_meanwhile_is_left_alone_and_the_rest_is_done() -> None:
    done: list[str] = []
    mends = [mend("first", done, Moved("it moved")), mend("second", done, Unavailable("away")), mend("third", done)]
    assert [each async for each in carry_out(mends)] == [
        Mended("first", "it has changed since, and is left alone"),
        Mended("second", "away"),
        Mended("third"),
    ]
    assert done == ["third"]
