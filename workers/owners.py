"""Who holds a lease: machine, process and thread; and whether that process is known to be gone."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path


def own_name() -> str:
    """The calling thread as the owner of a lease."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def has_died(owner: str) -> bool:
    """Whether the owner was a process of this machine and is gone. Nothing is known of others: their leases run out.

    For a process that holds no lease yet: one under its own number is an earlier life's (in a container every life
    has the same).
    """
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    return int(pid) == os.getpid() or not Path("/proc", pid).exists()
