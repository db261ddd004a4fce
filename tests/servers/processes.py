"""What every private server needs: its program, a port, an account that is not root, a death without farewell."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest


class ServerMissing(RuntimeError):
    """The server's program is not installed here."""


def find_program(name: str, folders: Iterable[Path] = ()) -> Path:
    """A program by its name: in these folders, the last of them first, then on the path. Raises ServerMissing."""
    for folder in reversed(list(folders)):
        if (folder / name).exists():
            return folder / name
    found = shutil.which(name)
    if found is None:
        raise ServerMissing(f"{name} is not installed")
    return Path(found)


def skip_or_fail(error: ServerMissing) -> NoReturn:
    """Skip at home; in CI a missing server is a failure, or nobody would notice that half the tests are gone."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{error}, and CI must have it.")
    pytest.skip(f"{error}.")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def account() -> dict[str, Any]:
    """Who runs a server that refuses root, as options of Popen; empty where we are somebody else already."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise ServerMissing("an account other than root")


def folder_for(name: str) -> Path:
    """A new folder that the server's account owns and can reach: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix=f"triage-{name}-"))
    give_away(folder)
    return folder


def give_away(folder: Path) -> None:
    """Let the servers' account own a folder."""
    if owner := account():
        os.chown(folder, owner["user"], owner["group"])


def wait_for(true: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Look every 20 ms until it is so. Raises TimeoutError with `what` did not happen."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """`kill -9` of a process and of all that it started, children in sessions of their own too; gone on return."""
    doomed = [process.pid, *descendants(process.pid)]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(10)
    wait_for(lambda: not any(map(is_alive, doomed)), "the killed are gone")


def descendants(pid: int) -> list[int]:
    """Processes that this one has started, and those that they have."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found + [below for child in found for below in descendants(child)]


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
