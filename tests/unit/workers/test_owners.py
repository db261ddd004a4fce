"""Whose lease may be ended early: only that of a process which is certainly gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from workers.owners import has_died, own_name

HOST = socket.gethostname()


def test_a_process_that_runs_here_is_alive() -> None:
    """It may be busy with the job."""
    assert not has_died(f"{HOST}:{os.getppid()}:1")


def test_a_process_that_has_ended_here_has_died() -> None:
    """Its number is nobody's."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert has_died(f"{HOST}:{ended.pid}:1")


def test_an_earlier_life_under_our_own_number_has_died() -> None:
    """The first process of a container has the same number in every life."""
    assert has_died(own_name())


def test_of_another_machine_nothing_is_known() -> None:
    """Nor of a name in another form."""
    assert not has_died(f"not-{HOST}:4194305:1")
    assert not has_died(f"{HOST}:x:1")
    assert not has_died(HOST)
