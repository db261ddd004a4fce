"""Documents that commands print with --json have the fields that docs/commands.md shows."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import workers.command  # noqa: F401 - adds the command `work`
from demo.files import write_jpeg
from demo.pictures import photo_like
from triage.interfaces.cli import run

STANDING = {"worker", "relay"}
"""Commands that run until they are told to stop: `test_many_workers.py`."""
ELSEWHERE = ("acts ", "keys ", "people ", "push", "reports ", "review ", "senders ")
"""Commands of doors and review, whose answers their own tests hold."""
PAGE = Path(__file__).parents[2] / "docs/commands.md"
OPEN_ENDED = {
    "outcomes",
    "source_notes",
    "processing_notes",
    "jobs",
    "notes",
    "findings",
    "variants",
    "details",
    "lost",
    "changes",
    "rejects",
    "values",
}
"""Fields that count whatever occurs; what occurs in the example need not occur here."""


def examples() -> dict[str, Any]:
    """Command → the JSON document that its section shows."""
    text = PAGE.read_text(encoding="utf-8")
    found = {}
    for heading, body in re.findall(
        r"^## triage ([a-z-]+(?: [a-z-]+)*).*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    ):
        block = re.search(r"^```json\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        if block:
            found[heading] = json.loads(block[1])
    return found


def shape(value: Any) -> Any:
    """The fields of a document, deep; lists by their first element, open-ended tallies not at all."""
    if isinstance(value, dict):
        if "entries" in value and "rejects" in value:  # a release's counts: each of them a tally
            return dict.fromkeys(value)
        return {key: None if key in OPEN_ENDED else shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def differing(documented: Any, printed: Any, where: str = "") -> list[str]:
    """Where two shapes differ; an empty list or an absent value on either side says nothing."""
    if isinstance(documented, dict) and isinstance(printed, dict):
        wrong = [f"{where}.{key}" for key in documented.keys() ^ printed.keys()]
        return wrong + [
            place
            for key in documented.keys() & printed.keys()
            for place in differing(documented[key], printed[key], f"{where}.{key}")
        ]
    if documented and printed and isinstance(documented, list) and isinstance(printed, list):
        return differing(documented[0], printed[0], f"{where}[]")
    return []


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a command with --json on this test's deployment and return its document."""

    def ask(*words: str) -> Any:
        status = run(["--data", str(tmp_path / "deployment"), *words, "--json"])
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return json.loads(printed.out)

    return ask


def known_later(asked: Callable[..., Any], release: str, folder: Path) -> dict[str, Any]:
    """What the commands print that change what is known, and say what is."""
    updates = folder / "updates.jsonl"
    record = {"key": "later", "md5": "0" * 31 + "1", "photodna": "synthetic", "category": "us:1", "series": "made up"}
    lines = [{"format": "updates 1", "checkpoint": "c-1"}, record, {"key": "gone", "retracted": True}, {"updates": 2}]
    updates.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="ascii")
    applied = asked("hashsets", "apply", "made-up", str(updates))
    new, entry = applied["release"]["release_id"], ("made-up", "later")
    return {
        "hashsets apply": applied,
        "hashsets diff": asked("hashsets", "diff", release, new, "--keys", "added"),
        "hashsets expire": asked("hashsets", "expire", release, "--on", "2999-01-01"),
        "hashsets disable-entry": asked("hashsets", "disable-entry", *entry, "--until", "2999-01-01"),
        "hashsets quarantine": asked("hashsets", "quarantine", *entry, "--note", "noisy"),
        "hashsets refute": asked("hashsets", "refute", *entry),
        "hashsets confirm": asked("hashsets", "confirm", *entry),
        "hashsets clear-state": asked("hashsets", "clear-state", *entry, "quarantined"),
        "hashsets entry": asked("hashsets", "entry", *entry),
        "hashsets states": asked("hashsets", "states"),
        "hashsets feedback": asked("hashsets", "feedback", "made-up"),
        "hashsets show": asked("hashsets", "show", new),
        "hashsets verify": asked("hashsets", "verify"),
        "hashsets formats": asked("hashsets", "formats"),
        "rematch": asked("rematch"),
        "join": asked("join"),
    }


def authorised(asked: Callable[..., Any]) -> dict[str, Any]:
    """What the commands print that concern the legal gate and the preservation clock."""
    given = ("--reference", "W 1", "--person", "A judge", "--given-at", "2026-03-16T09:00+07:00")
    return {
        "authority record": asked("authority", "record", "S-1", "--kind", "warrant", *given),
        "authority list": asked("authority", "list"),
        "authority withdraw": asked("authority", "withdraw", "A-1", "--because", "made up"),
        "authority gate": asked("authority", "gate", "I-1"),
        "preservation list": asked("preservation", "list"),
    }


def put_back(asked: Callable[..., Any], folder: Path) -> dict[str, Any]:
    """What the commands print that save a deployment and go on with what was saved."""
    saved = asked("backup", str(folder / "backup"))
    asked("audit")  # one record more
    for path in (folder / "deployment").glob("triage.sqlite3*"):
        path.unlink()
    shutil.copy(folder / "backup" / "triage.sqlite3", folder / "deployment")
    return {"backup": saved, "restored": asked("restored", "--because", "made up")}


def test_documented_examples_have_the_fields_that_commands_print(tmp_path: Path, asked: Callable[..., Any]) -> None:
    """A field that came, went or was renamed shows, for each command whose page has an example."""
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    for number in range(2):
        write_jpeg(exhibit / f"{number}.jpg", photo_like(number, 320, 240))
    again = exhibit / "again.jpg"
    write_jpeg(again, photo_like(0, 320, 240), quality=60)
    listed = tmp_path / "list.txt"

    printed = {"init": asked("init"), "fingerprint": asked("fingerprint", str(again))}
    values = printed["fingerprint"][0]
    listed.write_text(f"{values['digests']['md5']}\npdq {values['fingerprints'][0]['value']}\n", encoding="ascii")
    printed["hashsets import"] = asked("hashsets", "import", str(listed), "--name", "made-up", "--kind", "known")
    release = printed["hashsets import"]["release"]["release_id"]
    written = str(tmp_path / "written.txt")
    printed["hashsets export"] = asked("hashsets", "export", release, written, "--format", "md5-list")
    printed["hashsets enable"] = asked("hashsets", "enable", release)
    printed["lookup"] = asked("lookup", str(again))
    printed["submit"] = asked("submit", str(exhibit), "--case", "C", "--exhibit", "E", "--basis", "made up")
    printed["submissions urgent"] = asked("submissions", "urgent", "S-1")
    printed["jobs list"] = asked("jobs", "list")
    printed["jobs retry"] = asked("jobs", "retry", "--dead")
    printed["work"] = asked("work", "--threads", "1")
    printed["status"] = asked("status", "S-1")
    printed["referrals list"] = asked("referrals", "list")
    printed["referrals show"] = asked("referrals", "show", "R-1")
    printed["report"] = asked("report", "S-1", "-o", str(tmp_path / "report.html"))
    printed |= authorised(asked)
    printed |= known_later(asked, release, tmp_path)
    printed["audit"] = asked("audit")
    printed["doctor"] = asked("doctor")
    printed["metrics"] = asked("metrics")
    printed |= put_back(asked, tmp_path)

    documented_here = {
        command: document
        for command, document in examples().items()
        if command not in STANDING and not command.startswith(ELSEWHERE)
    }
    assert printed.keys() == documented_here.keys()
    assert printed["work"]["jobs"].keys() == examples()["work"]["jobs"].keys()
    for command, documented in documented_here.items():
        assert differing(shape(documented), shape(printed[command])) == [], command
