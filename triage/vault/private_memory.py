"""What this process has in memory, plaintext and keys, stays there: no dump is written and nobody reads along."""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """For the whole life of this process: no core file, no reading by others of the same account. Root reads all."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
