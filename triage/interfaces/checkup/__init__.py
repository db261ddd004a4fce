"""What `triage doctor` looks at. **One more check**: a function in the file of its kind, and its line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import deployment, machine
from .seam import Check, State

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.settings import Settings

__all__ = ["OF_A_DEPLOYMENT", "OF_A_MACHINE", "Check", "State"]

OF_A_MACHINE: tuple[Callable[[Settings], Iterator[Check]], ...] = (
    machine.program,
    machine.packages,
    machine.processor,
    machine.compiled_code,
    machine.disks,
    machine.keys,
    machine.chamber,
    machine.queue,
)
"""They need no deployment, and no database that answers."""

OF_A_DEPLOYMENT: tuple[Callable[[Application], Iterator[Check]], ...] = (
    deployment.database,
    deployment.statistics,
    deployment.clock,
    deployment.vault,
    deployment.custody_log,
    deployment.apart,
    deployment.policy,
    deployment.hash_sets,
    deployment.jobs,
    deployment.workers,
)
"""They ask an opened one."""
