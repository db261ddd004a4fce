"""One seizure that holds the whole hostile corpus, submitted and worked by real workers."""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

import pytest

from tests.hostile import corpus
from tests.integration.deployments import Deployment
from triage.domain.findings import NoteCode

MINUTES = 10
EVERY = int(os.environ.get("TRIAGE_TEST_HOSTILE_EVERY", "4"))
"""Which files of the corpus: 1 takes them all and some minutes."""
CPU_SECONDS = 6


@pytest.mark.timeout(60 * MINUTES)
def test_a_seizure_of_hostile_files_is_worked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every item has an answer, whatever was not whole has a coded note, no job died, and the audit is clean."""
    for name, value in {"CHAMBER__CPU_SECONDS": CPU_SECONDS, "ARCHIVES__MAX_MEMBERS": 200, "ARCHIVES__MAX_RATIO": 50,
                        "ARCHIVES__MAX_TOTAL_BYTES": 64 << 20}.items():  # fmt: skip
        monkeypatch.setenv(f"TRIAGE_{name}", str(value))
    source = tmp_path / "seizure"
    files = 0
    for kind, made in corpus.KINDS.items():
        (source / kind).mkdir(parents=True)
        for number, (_, data) in enumerate(itertools.islice(made(), 0, None, EVERY)):
            (source / kind / f"{number}.bin").write_bytes(data)
            files += 1
    deployment = Deployment(tmp_path / "deployment")
    deployment.done("init")
    began = time.monotonic()
    deployment.submit(source, "E")
    worker = deployment.start("work", "--threads", 2, "--json")
    _, complaints = worker.communicate()
    assert worker.returncode == 0, complaints[-2000:]
    took = round(time.monotonic() - began)
    outcomes = dict(deployment.rows("SELECT outcome, count(*) FROM item GROUP BY outcome"))
    notes = dict(deployment.rows("SELECT code, count(*) FROM processing_note GROUP BY code"))
    jobs = dict(deployment.rows("SELECT state, count(*) FROM job GROUP BY state"))
    with capsys.disabled():
        died = {code: notes.get(code, 0) for code in ("time-limit", "memory-limit", "chamber-died")}
        sys.stdout.write(f"\nhostile seizure: {files} files, items {outcomes}, {died}, worker deaths 0, {took} s\n")
    assert set(jobs) == {"done"}
    assert "pending" not in outcomes
    assert set(notes) <= set(NoteCode)
    assert notes.get("chamber-died", 0) == notes.get("gave-up", 0) == 0
    ((without_a_word,),) = deployment.rows(
        "SELECT count(*) FROM item WHERE outcome = 'undecodable' AND id NOT IN (SELECT item_id FROM processing_note)"
    )
    assert without_a_word == 0
    deployment.assert_audit_is_clean()
