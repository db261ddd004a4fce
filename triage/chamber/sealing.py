"""Seal this process: it keeps its one socket and its memory, and loses everything else.

Each layer is proved by trying what it forbids right after it is put on; what is reported is the outcome of the
attempt, not of the call that asked for the layer. The floor is: hard limits, no new privileges, and a system-call
filter under which opening a file, making a socket, running a program and starting a process all fail. Namespaces
and Landlock are further walls where the kernel lends them; containers often do not.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from triage.chamber.landlock import LandlockUnavailable, give_up_all_rights
from triage.chamber.limits import LIFE_CPU_SECONDS
from triage.chamber.seccomp import SeccompUnavailable, install

_PR_SET_PDEATHSIG = 1
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_CAPABILITY_HEADER = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
_NO_CAPABILITIES = bytes(24)
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWIPC = 0x08000000

LAYER_NAMES = ("limits", "no-new-privileges", "system-calls", "namespaces", "landlock")
FLOOR = ("limits", "no-new-privileges", "system-calls")
"""Without every one of these nothing is decoded."""

THREADS = 16
"""Of a child in a user namespace of its own, where only they are counted. A decoder starts one."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One wall of the chamber. `detail` is a short word for `triage doctor`."""

    name: str
    active: bool
    detail: str


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the parent's thread ends; ends at once when that has happened.

    `parent` is the process that started this one. To be asked again after namespaces: a change of credentials clears
    the request.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def seal(memory_bytes: int, parent: int) -> tuple[Layer, ...]:
    """Put on every layer that this kernel has; returns all of `LAYER_NAMES` with what the probes found.

    Irreversible for this process. `memory_bytes` is how much address space may be taken beyond what is in use now,
    `parent` the process to die with.
    Everything that will ever be imported, compiled or started must be there already.
    """
    namespaces, has_own_users = _enter_namespaces()
    die_with_parent(parent)
    in_use = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    privileges = _renounce_privileges()
    landlock = _renounce_files()
    limits = _set_limits(in_use, memory_bytes, counts_alone=has_own_users)
    filtered = _filter_system_calls()
    sys.meta_path.clear()  # a forgotten import fails the same way on every kernel
    return limits, privileges, filtered, namespaces, landlock


def _enter_namespaces() -> tuple[Layer, bool]:
    """The layer, and whether it has users of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    for flags, detail in (
        (_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC, "user, net, ipc"),
        (_CLONE_NEWNET | _CLONE_NEWIPC, "net, ipc"),  # root inside a container without user namespaces
    ):
        if libc.unshare(flags) == 0:
            return Layer("namespaces", active=_no_route(), detail=detail), bool(flags & _CLONE_NEWUSER)
    return Layer("namespaces", active=False, detail=f"errno {ctypes.get_errno()}"), False


def _no_route() -> bool:
    """A namespace of its own has no interface that is up, not even the loop-back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return _fails(lambda: probe.connect(("127.0.0.1", 9)))


def _set_limits(in_use: int, memory_bytes: int, *, counts_alone: bool) -> Layer:
    wanted = {
        resource.RLIMIT_AS: in_use + memory_bytes,
        resource.RLIMIT_CPU: LIFE_CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,  # descriptors in use stay; none can be added
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if counts_alone:  # elsewhere it would count every process of the account
        wanted[resource.RLIMIT_NPROC] = THREADS
    for kind, value in wanted.items():
        resource.setrlimit(kind, (value, value))
    held = all(resource.getrlimit(kind) == (value, value) for kind, value in wanted.items())
    none_opens = _fails(lambda: os.close(os.dup(0)))
    return Layer("limits", active=held and none_opens, detail=f"memory +{memory_bytes >> 20} MiB")


def _renounce_privileges() -> Layer:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.capset(_CAPABILITY_HEADER, _NO_CAPABILITIES)  # a user namespace gives its maker all of them, over itself
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # nobody of the same user reads this memory, and no dump is written
    left = ctypes.create_string_buffer(len(_NO_CAPABILITIES))
    libc.capget(_CAPABILITY_HEADER, left)
    held = {
        "no-new-privileges": libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
        "no capabilities": left.raw == _NO_CAPABILITIES,
        "unreadable": libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0,
    }
    return Layer("no-new-privileges", active=all(held.values()), detail=", ".join(k for k, v in held.items() if v))


def _renounce_files() -> Layer:
    try:
        abi = give_up_all_rights()
    except LandlockUnavailable as error:
        return Layer("landlock", active=False, detail=str(error))
    return Layer("landlock", active=_refused(lambda: os.close(os.open("/", os.O_RDONLY))), detail=f"ABI {abi}")


def _filter_system_calls() -> Layer:
    try:
        install()
    except SeccompUnavailable as error:
        return Layer("system-calls", active=False, detail=str(error))
    attempts: dict[str, Callable[[], object]] = {
        "open": lambda: os.open("/dev/null", os.O_RDONLY),
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "unix-socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "exec": lambda: os.execv("/nonexistent", ["x"]),  # noqa: S606 -- a probe that must fail: EPERM, not ENOENT
        "fork": _fork,
        "kill": lambda: os.kill(os.getppid(), 0),
        "unlink": lambda: os.unlink("/nonexistent"),  # noqa: PTH108 -- the bare system call is the probe
    }
    open_doors = [name for name, attempt in attempts.items() if not _refused(attempt)]
    detail = "open: " + ", ".join(open_doors) if open_doors else f"{len(attempts)} probes refused"
    return Layer("system-calls", active=not open_doors, detail=detail)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _fails(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _refused(attempt: Callable[[], object]) -> bool:
    """Only a refusal counts: ENOENT would mean that the wall was not there."""
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
