"""What takes two people, by command on a real deployment: asked for, answered, carried out; a clean audit after."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pyrage
import pytest

from demo.files import write_jpeg
from demo.pictures import photo_like
from tests.integration.deployments import Deployment, Ran
from triage.bootstrap import open_application
from triage.settings import load_settings

PASSWORD = "four plain words together"
WHY = ("--because", "a made-up reason, long enough")


@dataclass
class Terminal:
    """A deployment with people, and what each of them types."""

    deployment: Deployment
    monkeypatch: pytest.MonkeyPatch
    secrets: dict[str, str] = field(default_factory=dict)

    def add(self, login: str, role: str, unit: str) -> None:
        """Make somebody known; they enrol as in a browser."""
        words = ("--role", role, "--unit", unit, "--json")
        code = self.deployment.done("people", "add", login, *words).json["code"]
        self.deployment.done("people", "cases", login, "--case", "*")
        application = open_application(load_settings(data=self.deployment.data))
        begun = application.enrolling.begin(code)
        secret = parse_qs(urlsplit(begun.address).query)["secret"][0]
        application.enrolling.finish(begun.token, PASSWORD, PASSWORD, pyotp.TOTP(secret).now())
        application.close()
        self.secrets[login] = secret

    def acts(self, login: str, *words: object, password: str = PASSWORD) -> Ran:
        """`triage acts …`, signed in for."""
        self.deployment.change("UPDATE principal SET totp_last_step = 0, failures = 0, locked_until = NULL")
        typed = f"{password}\n{pyotp.TOTP(self.secrets[login]).now()}\n"
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return self.deployment.run("acts", *words, "--as", login, "--json")


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Two exhibits of one case, worked through: one referral. An analyst, supervisors of two units."""
    deployment = Deployment(tmp_path / "deployment")
    deployment.done("init")
    for number in (1, 2):
        write_jpeg(tmp_path / f"E-{number}/one.jpg", photo_like(number, 160, 120))
        write_jpeg(tmp_path / f"E-{number}/two.jpg", photo_like(10 + number, 160, 120))
        deployment.submit(tmp_path / f"E-{number}", f"E-{number}", "--share", "TH", case="CASE-1")
    deployment.work()
    made = Terminal(deployment, monkeypatch)
    made.add("anna", "analyst", "north")
    made.add("susan", "supervisor", "north")
    made.add("sam", "supervisor", "south")
    return made


def test_the_three_acts_from_asking_to_the_end(terminal: Terminal, tmp_path: Path) -> None:
    """Export, split, deletion; each spent afterwards; what was not deleted is as it was."""
    identity, out = pyrage.x25519.Identity.generate(), tmp_path / "package.tar.age"
    ((one,), (two,)) = terminal.deployment.rows(
        "SELECT min(item_id) FROM occurrence GROUP BY submission_id ORDER BY submission_id"
    )
    asked = ("export", "R-1", "--to", "TH", "--key", identity.to_public(), "--item", f"I-{one}", *WHY)
    assert terminal.acts("anna", *asked, password="another one, wrong").json["error"]["code"] == "sign-in-failed"
    plan = terminal.acts("anna", *asked).json
    assert (plan["plan"], plan["state"], plan["terms"]["items"]) == ("P-1", "waiting", [f"I-{one}"])
    assert terminal.acts("anna", "answer", "P-1", "--agree").json["error"]["code"] == "role-lacks"
    early = terminal.acts("anna", "carry-out", "P-1", "--out", out)
    assert (early.json["error"]["code"], out.exists()) == ("second-person-needed", False)
    assert terminal.acts("susan", "answer", "P-1", "--agree").json["state"] == "granted"
    assert terminal.acts("anna", "carry-out", "P-1").json["error"]["code"] == "out-missing"
    done = terminal.acts("anna", "carry-out", "P-1", "--out", out).json
    assert (done["state"], done["result"]["bytes"]) == ("done", out.stat().st_size)
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(out.read_bytes(), [identity]))) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert [item["item"] for item in manifest["items"]] == [f"I-{one}"]
    assert terminal.acts("anna", "carry-out", "P-1", "--out", tmp_path / "again").json["error"]["code"] == "plan-over"

    assert terminal.acts("susan", "split", "R-1", "--apart", "S-2", *WHY).json["plan"] == "P-2"
    assert terminal.acts("sam", "answer", "P-2", "--agree").json["state"] == "granted"
    assert terminal.acts("susan", "carry-out", "P-2").json["result"] == {"referrals": [1, 2]}
    terminal.deployment.done("rematch")
    terminal.deployment.work()
    held = "SELECT referral_id FROM referral_member ORDER BY submission_id"
    assert terminal.deployment.rows(held) == [(1,), (2,)], "re-linking leaves it so"
    assert terminal.acts("susan", "join-again", "R-2", "--plan", "P-2", *WHY).json == {"referrals": ["R-1"]}

    ground = ("--ground", "court-order", "--reference", "Court 7/2026", *WHY)
    assert terminal.acts("anna", "delete", "S-2", *ground).json["error"]["code"] == "role-lacks"
    assert terminal.acts("susan", "delete", *ground).json["error"]["code"] == "plan-about"
    assert terminal.acts("susan", "delete", "S-2", *ground).json["plan"] == "P-3"
    terminal.acts("sam", "answer", "P-3", "--agree")
    assert terminal.acts("susan", "carry-out", "P-3").json["result"] == {"items": 2, "left": 0}
    audit = terminal.deployment.done("audit", "--json").json
    assert (audit["clean"], audit["items"], audit["erased"]) == (True, 4, 2)
    assert [one["state"] for one in terminal.deployment.done("acts", "list", "--json").json] == ["done"] * 3
    assert terminal.deployment.done("acts", "show", "P-3").out.startswith("P-3 · delete · S-2 · done")
    assert terminal.deployment.rows("SELECT count(*) FROM sealed_object WHERE item_id = ?", two) == [(0,)]


def test_jobs_that_are_owed_to_deleted_bytes_end_with_a_note(terminal: Terminal) -> None:
    """Examined again, an item without bytes keeps its facts and says why there is no more; no job fails."""
    ground = ("--ground", "mistaken-receipt", "--reference", "Note 3", *WHY)
    terminal.acts("susan", "delete", "S-1", *ground)
    terminal.acts("sam", "answer", "P-1", "--agree")
    assert terminal.acts("susan", "carry-out", "P-1").json["result"]["items"] == 2
    before = terminal.deployment.rows("SELECT count(*) FROM fingerprint")
    terminal.deployment.change(
        "UPDATE job SET state = 'ready', attempts = 0, lease_until = 0, not_before = 0, ring_at = 0 "
        "WHERE stage = 'examine' AND submission_id = 1"
    )
    terminal.deployment.work()
    assert terminal.deployment.rows("SELECT count(*) FROM job WHERE state <> 'done'") == [(0,)]
    noted = terminal.deployment.rows("SELECT count(*) FROM processing_note WHERE code = 'bytes-erased'")
    assert noted == [(2,)]
    assert terminal.deployment.rows("SELECT count(*) FROM fingerprint") == before
    terminal.deployment.assert_audit_is_clean()
