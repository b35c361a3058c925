"""The product's files, as git knows or would know them, and as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def project_files() -> list[Path]:
    """Tracked files and those that a commit of everything would add; what .gitignore names is not the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).is_file()]


def python_files(folder: str) -> list[Path]:
    return [path for path in project_files() if path.suffix == ".py" and path.is_relative_to(ROOT / folder)]


def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def service_folders() -> list[Path]:
    return sorted({ROOT / "services" / path.relative_to(ROOT / "services").parts[0] for path in _inside_services()})


def _inside_services() -> Iterator[Path]:
    return (path for path in python_files("services") if len(path.relative_to(ROOT / "services").parts) > 1)


def imported_services(path: Path) -> set[str]:
    """Names of the services that this file imports, itself or something out of."""
    found: set[str] = set()
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "services":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("services."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("services.")}
    return found
