"""The twelve personas of the architecture (R085), and who is meant by an audience that is none of them."""

from typing import get_args

from infra.local import topology
from shared.policies import People
from shared.policies.personas import PERSONAS, Person, Process


def test_there_are_twelve_and_each_is_a_person_or_a_process() -> None:
    persons, processes = get_args(Person.__value__), get_args(Process.__value__)
    assert (len(PERSONAS), set(PERSONAS)) == (12, {*persons, *processes})
    assert {name for name, facts in PERSONAS.items() if facts.kind == "process"} == set(processes)


def test_whoever_signs_in_locally_is_one_of_the_persons() -> None:
    assert set(topology.PERSONAS) == set(get_args(Person.__value__))


def test_a_team_that_is_no_persona_is_mapped_onto_some() -> None:
    """R014, R023."""
    assert People().members("data-engineer") == ("data-analyst",)
    assert People().members("infrastructure") == ("platform-support",)
    said = People.model_validate({"audiences": {"infrastructure": ["group:cloud-team", "platform-support"]}})
    assert said.members("infrastructure") == ("group:cloud-team", "platform-support")
    assert said.members("project-lead") == ("project-lead",)
