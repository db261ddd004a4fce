"""One child process, seen from the trusted side: start, talk within a time budget, end."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from triage.chamber.limits import LIFE_CPU_SECONDS
from triage.chamber.protocol import HEADER, MAX_FROM_CHILD, Kind
from triage.domain.findings import NoteCode, ProcessingNote

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from triage.chamber.sealing import die_with_parent; die_with_parent(int(sys.argv[4])); "
    "from triage.chamber.child import main; main(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))"
)
"""A fresh interpreter: forking a process with threads would copy locks that nobody will ever release.

Its first act is to die with us, before the seconds of loading.
"""

_ROOT = str(Path(__file__).resolve().parents[2])

EXIT_MEMORY = 71
"""The child's exit status when it ran out of memory outside any single task step."""


class Ended(Exception):
    """The child is gone or had to be ended; `note` says why."""

    def __init__(self, code: NoteCode, detail: str) -> None:
        super().__init__(code)
        self.note = ProcessingNote(code, detail)


class ChildProcess:
    """A started child. Belongs to the thread that made it: the kernel kills the child when that thread ends.

    Raises OSError when this machine gives no more processes.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(theirs.fileno(), memory_bytes)
            except BaseException:
                self._socket.close()
                raise
        self.pid = self._process.pid
        self.tasks = 0
        self.busy_seconds = 0.0

    def allow_cpu(self, seconds: int) -> None:
        """From now on the kernel ends the child after that much CPU time of all its threads together."""
        if self._process.returncode is not None:
            return  # reaped: its number may be another's by now
        with contextlib.suppress(ProcessLookupError):
            spent = time.clock_gettime(_cpu_clock(self.pid))
            soft = min(int(spent) + 1 + seconds, LIFE_CPU_SECONDS)
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (soft, LIFE_CPU_SECONDS))

    def address_space(self) -> int:
        """Bytes of address space that the child has taken; 0 when it is gone or the machine hides it."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[0]
        except (OSError, IndexError):
            return 0
        return int(pages) * resource.getpagesize()

    def send(self, kind: Kind, payload: bytes, budget: float) -> None:
        """Send one frame; raises Ended when the child does not take it within `budget` seconds."""
        started = time.monotonic()
        try:
            self._socket.settimeout(max(budget, 0.001))
            self._socket.sendall(HEADER.pack(kind, len(payload)) + payload)
        except TimeoutError:
            self.end()
            raise Ended(NoteCode.TIME_LIMIT, "wall limit") from None
        except OSError:
            raise self._died() from None
        finally:
            self.busy_seconds += time.monotonic() - started

    def receive(self, budget: float) -> tuple[Kind, bytes]:
        """The next frame within `budget` seconds, its kind and size within the protocol. Raises Ended."""
        started = time.monotonic()
        try:
            untrusted_kind, untrusted_length = HEADER.unpack(self._exactly(HEADER.size, started + budget))
            if untrusted_kind not in set(MAX_FROM_CHILD) or untrusted_length > MAX_FROM_CHILD[Kind(untrusted_kind)]:
                raise self.lied()
            return Kind(untrusted_kind), self._exactly(untrusted_length, started + budget)
        finally:
            self.busy_seconds += time.monotonic() - started

    def _exactly(self, length: int, deadline: float) -> bytes:
        data = bytearray(length)
        view = memoryview(data)
        filled = 0
        try:
            while filled < length:
                self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
                got = self._socket.recv_into(view[filled:])
                if not got:
                    raise self._died()
                filled += got
        except TimeoutError:
            self.end()
            raise Ended(NoteCode.TIME_LIMIT, "wall limit") from None
        except OSError:
            raise self._died() from None
        return bytes(data)

    def lied(self) -> Ended:
        """End a child that broke the protocol or said what cannot be true; returns what to raise."""
        self.end()
        return Ended(NoteCode.CHAMBER_DIED, "broke the protocol")

    def _died(self) -> Ended:
        """Why a child is gone that we did not end."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        status = self._process.poll()
        self.end()
        if status == -signal.SIGXCPU:
            return Ended(NoteCode.TIME_LIMIT, "cpu limit")
        if status == EXIT_MEMORY:
            return Ended(NoteCode.MEMORY_LIMIT, "")
        if status is not None and status < 0:
            return Ended(NoteCode.CHAMBER_DIED, f"signal {-status}")
        return Ended(NoteCode.CHAMBER_DIED, "left early")

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Kill and reap; may be called again."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _started(descriptor: int, memory_bytes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 -- our own interpreter with our own constant
        [sys.executable, "-I", "-c", _START, _ROOT, str(descriptor), str(memory_bytes), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # parsers' complaints quote the evidence
        pass_fds=(descriptor,),
        env=_environment(),
        cwd="/",
        start_new_session=True,  # Ctrl-C is for us; the child ends when we close the socket
    )


def _cpu_clock(pid: int) -> int:
    """The clock of a process's CPU time, as clock_getcpuclockid(3) computes it."""
    return (~pid << 3) | 2


def _environment() -> dict[str, str]:
    """Next to nothing: one thread per library, a pixel guard, and where compiled kernels may be cached."""
    kept = {name: os.environ[name] for name in ("HOME", "NUMBA_CACHE_DIR") if name in os.environ}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **kept,
        **dict.fromkeys(threads, "1"),
        "LANG": "C.UTF-8",
        "OPENCV_IO_MAX_IMAGE_PIXELS": "60000000",  # read by OpenCV when it is imported
    }
