"""What the tree must look like, as functions from files to complaints, so that a bad sample can prove each of them."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

# A consumer group belongs to one reader; Event Hubs Standard has 20 for each hub, `$Default` and one spare among them.
MOST_CONSUMER_GROUPS = 18
LONGEST_DOOR = 150
# Services whose door is HTTP, or that only translate: they decide nothing through the reactor.
NOT_DECIDING = frozenset({"approval_pages", "intake", "scoring"})
_DECIDING_HAVE = ("__init__.py", "reactions.py", "policy")
_AMBIENT = frozenset({
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
    ("uuid", "uuid4"), ("uuid", "uuid1"), ("os", "environ"), ("os", "getenv"), ("os", "urandom"),
})  # fmt: skip
# `from <module> import <name>` that brings the same things in under a bare name.
_AMBIENT_IMPORTS = frozenset({"uuid4", "uuid1", "environ", "getenv", "urandom"})
_AMBIENT_MODULES = frozenset({"random", "secrets"})


def incomplete(service: Path, *, decides: bool = True) -> list[str]:
    """What a service's folder lacks; one that only folds has no policy."""
    needed = _DECIDING_HAVE if decides else _DECIDING_HAVE[:-1]
    return [f"{service.name}: {name} is missing" for name in needed if not _has(service, name)]


def _has(service: Path, name: str) -> bool:
    """`name` is a file, or a module or package of that name."""
    return any((service / form).is_file() for form in (name, f"{name}.py", f"{name}/__init__.py"))


def stray_decisions(path: Path, tree: ast.Module) -> list[str]:
    """Functions `decide_...` outside of the policy, where nothing holds them to purity."""
    if "policy" in (part.removesuffix(".py") for part in path.parts):
        return []
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{path.name}: {name}" for name in names if name.startswith("decide_")]


def untested(service: str, tests: Path, *, decides: bool = True) -> list[str]:
    path = tests / "unit" / "services" / service / ("test_policy.py" if decides else "test_folding.py")
    return [] if path.is_file() else [f"{service}: {path.name} is missing in {path.parent.name}"]


def ambient(tree: ast.Module) -> list[str]:
    """Reads of a clock, of the environment or of chance, with their lines: services are given such things."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in _AMBIENT:
                found.append(f"line {node.lineno}: {owner}.{node.attr}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [f"line {node.lineno}: {name}" for name in _imported(node) if name]
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> Iterable[str]:
    for alias in node.names:
        module = node.module if isinstance(node, ast.ImportFrom) else alias.name
        if module in _AMBIENT_MODULES or (module, alias.name) == ("time", "time"):
            yield module or ""
        elif isinstance(node, ast.ImportFrom) and alias.name in _AMBIENT_IMPORTS:
            yield alias.name


def triggers(tree: ast.Module) -> set[str]:
    """Kinds of the Functions triggers that a file declares."""
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    kinds = {"route": "http", "http_type": "http", "event_hub_message_trigger": "event_hub", "timer_trigger": "timer"}
    return {kind for name, kind in kinds.items() if name in names}


def thick(door: Path) -> list[str]:
    """What a function_app.py has too much of."""
    text = door.read_text()
    lines = len(text.splitlines())
    classes = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    long = [f"{door.parent.name}: {lines} lines"] if lines > LONGEST_DOOR else []
    return long + [f"{door.parent.name}: class {name}" for name in classes]


def wrongly_hosted(services: Collection[str], hosts: Mapping[str, Collection[str]]) -> list[str]:
    """Services that no app hosts, or more than one: identities would mix."""
    found = {service: sorted(app for app, hosted in hosts.items() if service in hosted) for service in services}
    return [f"{service}: hosted by {apps or 'no app'}" for service, apps in sorted(found.items()) if len(apps) != 1]


def crowded(groups: Mapping[str, Collection[str]]) -> list[str]:
    return [f"{hub}: {len(names)} groups" for hub, names in groups.items() if len(set(names)) > MOST_CONSUMER_GROUPS]


def mentions(paths: Iterable[Path], needles: Collection[str]) -> list[str]:
    """Text files that contain one of these, with the line."""
    found = []
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            found += [f"{path}:{number}: {needle}" for needle in needles if needle in line]
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except UnicodeDecodeError:
        return []


_NEEDS_A_REASON = re.compile(r"except (Base)?Exception|time\.sleep\(")


def unreasoned(files: Iterable[Path]) -> list[str]:
    """Lines that catch everything, or sleep, and do not say why beside it."""
    lines = ((path, number, line) for path in files for number, line in enumerate(path.read_text().splitlines(), 1))
    return [f"{path}:{number}" for path, number, line in lines if _NEEDS_A_REASON.search(line) and "  # " not in line]
