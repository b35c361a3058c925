"""Templates hold together: what `bicep build` would say first, found without it."""

import re

import pytest
import tree_sitter

from tests.infra.templates import AZURE, Template, all_templates, changed, content_of, nodes, syntax, template

FILES = sorted(str(file.relative_to(AZURE)) for file in AZURE.rglob("*.bicep"))
_DECLARATIONS = {
    "parameter_declaration",
    "variable_declaration",
    "resource_declaration",
    "module_declaration",
    "lambda_expression",
}
_NAMED_ELSEWHERE = {"object_property", "call_expression", "output_declaration", "target_scope_assignment"}


def broken_references(file: Template) -> set[str]:
    """Names that are used and nowhere declared."""
    source = file.text.encode()
    declared, used = set(), set()
    for node in nodes(file.tree):
        named = node.named_children
        if node.type in _DECLARATIONS and named:
            declared.add(content_of(named[0]))
        if node.type == "for_statement":
            declared.update(_loop_names(content_of(node)))
        called = source[node.end_byte : node.end_byte + 1] == b"("
        if node.type == "identifier" and not called and not _is_name_of_something(node):
            used.add(content_of(node))
    return used - declared


def _loop_names(loop: str) -> set[str]:
    head = re.match(r"\[\s*for\s+(?:\((\w+),\s*(\w+)\)|(\w+))\s+in", loop)
    assert head, f"this loop is not understood: {loop[:60]}"
    return {name for name in head.groups() if name}


def _is_name_of_something(node: tree_sitter.Node) -> bool:
    """A property or an output: what no declaration in this file has to explain."""
    parent = node.parent
    return parent is not None and parent.type in _NAMED_ELSEWHERE and parent.named_children[0] == node


def wrong_parameters(file: Template, others: dict[str, Template]) -> list[str]:
    """Modules that are given too much, too little, or do not exist."""
    found = []
    for name, module in file.section("modules").items():
        path = module["detail"]["path"]
        target = others.get(path if path.startswith("modules/") else f"modules/{path}")
        if target is None:
            found.append(f"{name}: there is no {path}")
            continue
        found += _difference(name, set(file.parameters_of(name)), target)
    return found


def _difference(module: str, given: set[str], target: Template) -> list[str]:
    parameters = target.section("parameters")
    required = {name for name, each in parameters.items() if each["default"] is None}
    missing, unknown = required - given, given - set(parameters)
    return [f"{module}: {name} is missing" for name in missing] + [f"{module}: no parameter {n}" for n in unknown]


def wrong_outputs(file: Template, others: dict[str, Template]) -> list[str]:
    """Outputs of modules that the modules do not have."""
    found = []
    for module, output in re.findall(r"\b(\w+)\.outputs\.(\w+)", file.text):
        path = file.section("modules")[module]["detail"]["path"]
        target = others[path if path.startswith("modules/") else f"modules/{path}"]
        if output not in target.section("outputs"):
            found.append(f"{module} has no output {output}")
    return found


def wrong_parameter_file(text: str, main: Template) -> list[str]:
    given = re.findall(r"^param (\w+) =", text, re.MULTILINE)
    return _difference("parameters", set(given), main)


@pytest.mark.parametrize("path", FILES)
def test_a_template_is_bicep(path: str) -> None:
    assert not syntax((AZURE / path).read_text()).has_error


def test_a_forgotten_brace_is_found() -> None:
    assert syntax("resource a 'A.B/c@2024-01-01' = {\n  name: 'x'\n").has_error


@pytest.mark.parametrize("path", FILES)
def test_every_name_that_is_used_is_declared(path: str) -> None:
    assert broken_references(all_templates()[path]) == set()


def test_a_misspelt_name_is_found() -> None:
    assert broken_references(changed("modules/alerts.bicep", "parent: namespace", "parent: namespaec")) == {"namespaec"}
    assert broken_references(template("param a array\noutput b array = [for x in a: y]")) == {"y"}


@pytest.mark.parametrize("path", FILES)
def test_every_module_is_given_what_it_asks_for(path: str) -> None:
    file, others = all_templates()[path], all_templates()
    assert wrong_parameters(file, others) == []
    assert wrong_outputs(file, others) == []


def test_a_wrong_call_of_a_module_is_found() -> None:
    others = all_templates()
    assert wrong_parameters(changed("main.bicep", "hubName: 'inbound'", "hub: 'inbound'"), others) == [
        "alerts: hubName is missing",
        "alerts: no parameter hub",
    ]
    lost = changed("main.bicep", "'modules/alerts.bicep'", "'modules/alarms.bicep'")
    assert wrong_parameters(lost, others) == ["alerts: there is no modules/alarms.bicep"]
    assert wrong_outputs(changed("main.bicep", "alerts.outputs.id", "alerts.outputs.name"), others) == [
        "alerts has no output name"
    ]


def test_the_example_of_parameters_fits() -> None:
    example, main = (AZURE / "main.example.bicepparam").read_text(), all_templates()["main.bicep"]
    assert wrong_parameter_file(example, main) == []
    assert wrong_parameter_file(example.replace("param prefix =", "param prefxi ="), main) == [
        "parameters: prefix is missing",
        "parameters: no parameter prefxi",
    ]
