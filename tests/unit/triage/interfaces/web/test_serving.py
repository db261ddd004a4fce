"""Running the application: what a process that answers for long does once it is warm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.domain.errors import Unavailable
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings

_SETTLED = """
import gc
from triage.interfaces.web.serving import settle
settle()
print(gc.get_freeze_count() > 10_000, gc.get_count()[2], gc.get_threshold()[0] >= 10_000)
"""


def test_what_is_loaded_is_walked_by_no_collection_any_more() -> None:
    """Each walk stops every thread. In a process of its own: this one's garbage would stay for good."""
    said = subprocess.run([sys.executable, "-c", _SETTLED], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["True", "0", "True"]


def test_a_deployment_says_that_it_is_warm_whether_it_opened_or_not(tmp_path: Path) -> None:
    """Once each time."""
    chosen = load_settings(data=tmp_path / "data")
    initialise(chosen)
    warmed: list[str] = []
    deployment = Deployment(lambda: open_application(chosen), lambda: warmed.append("open"))
    deployment.warm()
    deployment.close()

    def refuse() -> None:
        raise Unavailable("database-unavailable", "The database does not answer.")

    Deployment(refuse, lambda: warmed.append("closed")).warm()  # type: ignore[arg-type] # it never returns
    assert warmed == ["open", "closed"]
