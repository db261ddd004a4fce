"""Runs a command and counts what all its processes used, however they were started and whoever outlived whom."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Usage:
    """`wall` and `cpu` in seconds, `peak_mb` the largest resident size any one process reached, in 10^6 bytes."""

    wall: float
    cpu: float
    peak_mb: float
    output: str


def run_counted(command: Sequence[str]) -> Usage:
    """Run a command to its end and return what it and all its descendants used.

    A forkserver's children are orphans when their starter exits, and their CPU time would vanish with them; as the
    subreaper this process inherits and counts them, so the caller must have no other children.
    Raises RuntimeError when the command fails.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    cpu = peak = 0.0
    wall = time.perf_counter() - begun
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss * 1024 / 1e6)
        if pid == process.pid:
            wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}")
    return Usage(wall, cpu, peak, output)


def processor_seconds(pid: int) -> float:
    """CPU seconds of a process and of its finished children so far; 0 when it is gone."""
    return sum(map(int, _state(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def own_seconds(pid: int) -> float:
    """CPU seconds of a process alone so far; 0 when it is gone."""
    return sum(map(int, _state(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident size of a process; 0 when it is gone."""
    return _pages(pid)[1] * os.sysconf("SC_PAGE_SIZE")


def private_bytes(pid: int) -> int:
    """Resident size of a process without what it shares with others (a server's buffers); 0 when it is gone."""
    pages = _pages(pid)
    return (pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE")


def children_of(pid: int) -> list[int]:
    """Processes that this one has started and that still run."""
    running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [one for one in running if _parent(one) == pid]


def _parent(pid: int) -> int:
    return int((_state(pid) or ["", "0"])[1])


def _state(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return []


def _pages(pid: int) -> list[int]:
    """The fields of /proc/PID/statm: size, resident, shared, …; zeros when the process is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()]
    except OSError:
        return [0, 0, 0]
