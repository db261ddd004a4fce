"""Programs of a cluster as a service manager keeps them: started again whenever they end, until nobody wants them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.processes import descendants, is_alive, kill_all, wait_for

MARK = "TRIAGE_TEST_CLUSTER"
"""In the environment of every program of a cluster, and so of every process that it starts, chambers included."""

_ROOT = Path(__file__).parents[2]
_AGAIN_SECONDS = 0.5
_STOP_SECONDS = 90.0  # a worker finishes what it has in hand; on a busy machine that takes its time


@dataclass
class Program:
    """One command that runs, is killed, and runs again. `wanted` false: it stays down when it ends."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    farewell: signal.Signals = signal.SIGTERM
    wanted: bool = True
    process: subprocess.Popen[bytes] | None = None
    endings: list[int] = field(default_factory=list)
    kills: int = 0
    _again_at: float = 0.0

    @property
    def is_running(self) -> bool:
        """Whether a process of it lives now."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, its output at the end of its log."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; it would inherit it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self.environment), cwd="/"
            )

    def tend(self) -> None:
        """Note when it has ended, and start it again after a pause while it is wanted."""
        if self.process is not None and self.process.poll() is not None:
            self.endings.append(self.process.returncode)
            self.process = None
            self._again_at = time.monotonic() + _AGAIN_SECONDS
        if self.process is None and self.wanted and time.monotonic() >= self._again_at:
            self.start()

    def kill(self) -> None:
        """`kill -9` of the process, not of its children: those have to notice by themselves."""
        if self.process is None or not self.is_running:
            return
        children = descendants(self.process.pid)
        self.process.kill()
        self.process.wait(10)
        self.kills += 1
        wait_for(lambda: not any(map(is_alive, children)), f"the children of a killed {self.name} end")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.is_running:
            self.process.send_signal(number)

    def ask_to_end(self) -> None:
        """Ask it to finish what it has in hand and end. Raises TimeoutError, with its stacks, when it does not."""
        self.signal(self.farewell)
        try:
            wait_for(lambda: not self.is_running, f"{self.name} ends when asked", _STOP_SECONDS)
        except TimeoutError as error:
            self.signal(signal.SIGABRT)  # Python's fault handler writes where each thread is
            self.drop()
            raise TimeoutError(f"{error}: …{self.log.read_text(errors='replace')[-4_000:]}") from error

    def drop(self) -> None:
        """Whatever is left of it goes, children included: a harness leaves nothing behind."""
        self.wanted = False
        if self.process is not None:
            self.signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                kill_all(self.process)


def with_clock(clock: Path) -> tuple[str, ...]:
    """The program with a clock that this file sets."""
    return (sys.executable, str(_ROOT / "tests" / "faults" / "stepped_clock.py"), str(clock))


def marked(mark: str) -> list[int]:
    """Every living process of this machine that a cluster's program has started, whoever its parent is now."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid() and is_alive(pid)]
