"""Landlock: give up every right to files, TCP and (where the kernel knows it) signals to other processes.

An unprivileged process may only shrink its rights, so an empty rule set is a complete answer. Layout and bits are
those of linux/landlock.h; newer kernels know more bits, asked for by ABI version.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE_RULESET = 444  # the same numbers on every machine
_RESTRICT_SELF = 446
_ASK_VERSION = 1

_FILE_RIGHTS_BY_ABI = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP_BIND_AND_CONNECT = 0x3  # ABI 4
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0x3  # ABI 6


class LandlockUnavailable(Exception):
    """The kernel has no Landlock or does not let us."""


def give_up_all_rights() -> int:
    """Bind the calling thread (and its later children) to an empty rule set; returns the kernel's ABI version.

    Needs no-new-privileges. Raises LandlockUnavailable.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    abi: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if abi < 1:
        raise LandlockUnavailable(f"errno {ctypes.get_errno()}")
    words = [sum(bits for since, bits in _FILE_RIGHTS_BY_ABI if abi >= since)]
    if abi >= 4:
        words.append(_TCP_BIND_AND_CONNECT)
    if abi >= 6:
        words.append(_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0 or libc.syscall(_RESTRICT_SELF, ruleset, 0):
        raise LandlockUnavailable(f"errno {ctypes.get_errno()}")
    os.close(ruleset)
    return abi
