"""The page for a provider's engineer: its commands run against a live server, its tables are whole."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_openapi import serving
from triage.clients.reports import ReportError, ReportsClient
from triage.domain.feedback import Feedback
from triage.domain.senders import Scope
from triage.services.knowing import SANDBOX_ANSWERS, Known

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
BOTH = frozenset({Scope.REPORT, Scope.KNOWN})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where a server listens, and a sandbox token."""
    with serving(tmp_path_factory.mktemp("providers") / "data", BOTH, sandbox=True) as (address, token):
        yield address, token


def test_the_first_report_is_made_as_the_page_says(server: tuple[str, str], tmp_path: Path) -> None:
    """Every line of shell, in order, in one shell."""
    address, token = server
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    script = "\n".join(["set -eu", *blocks]).replace("http://127.0.0.1:8470", address).replace("prefix.secret", token)
    script = script.replace("curl -sS", "curl -sS --fail-with-body -w '\\n'")
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers = [json.loads(line) for line in ran.stdout.splitlines() if line.strip()]
    assert [answer.get("state", answer.get("outcome")) for answer in answers] == [
        "finished",
        "finished",
        "arrived",
        "finished",
        "finished",
        "under-review",
    ]


def test_the_python_example_runs(server: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """As it stands on the page."""
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    address, token = server
    exec(example.replace("http://127.0.0.1:8470", address).replace("prefix.secret", token), {})
    assert capsys.readouterr().out == "finished under-review []\n"


def test_the_client_goes_through_a_whole_report(server: tuple[str, str]) -> None:
    """Step by step; refusals keep their code and status."""
    client = ReportsClient(*server)
    report = client.report({"incident": {"types": ["material"]}})
    client.add_file(report["id"], {"name": "a.jpg"}, b"made-up")
    client.add_file(report["id"], {"md5": "0" * 32})
    assert client.finish(report["id"])["state"] == "finished"
    assert len(client.status(report["id"])["files"]) == 2
    with pytest.raises(ReportError) as refused:
        client.retract(report["id"])
    assert (refused.value.code, refused.value.status) == ("report-finished", 409)
    assert client.known([{"md5": "0" * 32}]) == ["not-known"]


def test_every_code_of_the_interface_is_on_the_page() -> None:
    """Errors that the door's rooms raise, outcomes, and what is known."""
    sources = [*Path("triage/interfaces/api").glob("*.py"), Path("triage/interfaces/web/statuses.py")]
    sources += [
        Path(f"triage/services/{name}.py") for name in ("taking_reports", "coming_reports", "taking_together")
    ]
    raised = {
        code
        for source in sources
        for code in re.findall(
            r"(?:Refused|Conflict|NotFound|Unreadable|Unavailable)\(\s*\"([a-z-]+)\"", source.read_text()
        )
    }
    assert len(raised) > 10
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, flags=re.MULTILINE))
    assert raised | {one.value for one in Feedback} <= told
    assert all(f"`{known.value}`" in PAGE for known in Known)
    assert all(f"`{text.decode()}`" in PAGE for text in SANDBOX_ANSWERS)
