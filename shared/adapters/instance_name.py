"""What a running instance is called in events and reports."""

import os
import socket


def instance_name() -> str:
    """Unique among all starts of all instances: the host's name and chance."""
    return f"{socket.gethostname().split('.')[0][:40]}-{os.urandom(6).hex()}"
