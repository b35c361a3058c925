"""Packages that are not those of the lock."""

from importlib.metadata import version

from function_app.operator.doctor.checks.packages import check
from function_app.operator.doctor.expected import LOCK
from tests.unit.operator.doctor.patients import Parts, words


async def test_another_version_and_one_that_is_missing_are_broken(parts: Parts) -> None:
    patient = parts.patient()
    patient.lock.write_text(
        "pydantic==0.1 \\\n    --hash=sha256:0\nno-such-package-of-ours[extra]==1.0 ; python_version > '3'\n"
    )
    assert words(await check.look(patient)) == [
        ("broken", f"pydantic is {version('pydantic')}, the lock says 0.1"),
        ("broken", "no-such-package-of-ours is not installed, the lock says 1.0"),
    ]


async def test_a_lock_that_pins_nothing_proves_nothing(parts: Parts) -> None:
    patient = parts.patient()
    patient.lock.write_text("# nothing\n")
    assert [verdict for verdict, _ in words(await check.look(patient))] == ["broken"]


async def test_this_installation_is_as_its_lock_says(parts: Parts) -> None:
    ((verdict, text),) = words(await check.look(parts.patient(lock=LOCK)))
    assert (verdict, int(text.split()[0]) > 100) == ("ok", True)
