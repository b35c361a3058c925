"""`.local/run.json`: every endpoint, connection string (the root one first), key and process of the running system."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local import topology
from infra.local.addresses import WORKSPACES
from infra.local.people import people
from infra.local.state import write_private
from infra.local.supervisor import Report, State
from infra.local.system import System


def path_in(run_dir: Path) -> Path:
    """Return where the file is."""
    return run_dir / "run.json"


def read(run_dir: Path) -> dict[str, Any] | None:
    """Return the document, or nothing when no system was started there or the last one was stopped in order."""
    path = path_in(run_dir)
    return json.loads(path.read_text()) if path.exists() else None


class RunFile:
    """Writes the document again whenever a process changes its state."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._ready = False
        self._processes: dict[str, Report] = {}
        self._started_at = datetime.now(UTC).isoformat(timespec="milliseconds")

    def processes(self, reports: dict[str, Report]) -> None:
        """Write down how the processes are now."""
        self._processes = reports
        self._write()

    def ready(self) -> None:
        """Write down that the whole system has become ready."""
        self._ready = True
        self._write()

    def remove(self) -> None:
        """Say that nothing runs here any more."""
        path_in(self._system.run_dir).unlink(missing_ok=True)

    def _write(self) -> None:
        write_private(path_in(self._system.run_dir), json.dumps(self._document(), indent=2))

    def _document(self) -> dict[str, object]:
        system, addresses = self._system, self._system.addresses
        return {
            "connection_strings": {"event_hubs": self._hubs(), "storage": self._storage()},
            "endpoints": addresses.endpoints(),
            "keys": {
                "functions": system.state.function_keys,
                "masters": system.state.master_keys,
                "identities": system.state.identity_headers,
                "approval_public_key": system.state.approval_public_key(),
                "operator_signing_key": system.state.operator_signing_key,
            },
            "workspace": addresses.workspace("operators"),
            "workspaces": WORKSPACES,
            "people": people(),
            "files": self._files(),
            "processes": {"supervisor": self._supervisor(), **self._processes},
            "ready": self._ready,
            "run_dir": str(system.run_dir),
        }

    def _hubs(self) -> dict[str, str]:
        addresses = self._system.addresses
        granted = {f"{grant.owner}-{grant.hub}": addresses.hub(grant.owner, grant.hub) for grant in topology.KEYED}
        return {"root": addresses.hub_root(), **granted}

    def _storage(self) -> dict[str, str]:
        addresses = self._system.addresses
        limited = {owner: addresses.storage(owner) for owner in topology.STORAGE_GRANTS}
        hosts = {name: addresses.account(name).connection_string() for name in topology.HOST_ACCOUNTS.values()}
        return {"root": addresses.storage_root(), **limited, **hosts}

    def _files(self) -> dict[str, object]:
        system = self._system
        return {
            "settings": {app: str(system.settings_file(app)) for app in topology.APPS},
            "certificate_authority": str(system.certificates.authority),
            "certificate_bundle": str(system.certificates.bundle),
            "outbox": str(system.run_dir / "outbox"),
            "logs": str(system.run_dir / "logs"),
        }

    def _supervisor(self) -> Report:
        log = str(self._system.run_dir / "logs" / "supervisor.log")
        state: State = "ready" if self._ready else "starting"
        return Report(state=state, pid=os.getpid(), restarts=0, started_at=self._started_at, log=log)
