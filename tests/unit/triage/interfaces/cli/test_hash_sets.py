"""`triage hashsets …` over a deployment that has just been made: for machines, for people, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.triage.stored import digests_of

Triage = Callable[..., Any]


class TestHashSets:
    """`triage hashsets …`."""

    @staticmethod
    def a_list(folder: Path, *lines: str) -> Path:
        path = folder / "list.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        return path

    def test_import_list_disable_enable(self, deployment: Triage, tmp_path: Path) -> None:
        """Each tells what is in force."""
        path = self.a_list(tmp_path, digests_of(b"a").md5.hex(), "not a hash")
        report = deployment("hashsets", "import", path, "--name", "s", "--kind", "known", "--json").document
        release = report["release"]["release_id"]
        assert report["release"]["counts"]["entries"] == 1
        assert [one["release_id"] for one in deployment("hashsets", "list", "--json").document] == [release]
        assert deployment("hashsets", "disable", release, "--json").document == {"in_force": []}
        assert deployment("hashsets", "enable", release, "--json").document == {"in_force": [release]}
        assert release in deployment("hashsets", "list").out

    def test_an_import_for_people(self, deployment: Triage, tmp_path: Path) -> None:
        """Entries, and rejects by their reason."""
        path = self.a_list(tmp_path, digests_of(b"a").md5.hex(), "not a hash")
        shown = deployment("hashsets", "import", path, "--name", "s", "--kind", "known-good").out
        assert "1 entries" in shown
        assert "rejected" in shown

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            (("--column", "md5"), 3, "column-invalid"),
            (("--format", "no-such"), 3, "unknown-format"),
        ],
    )
    def test_an_import_that_is_not_meant_so(
        self, deployment: Triage, tmp_path: Path, more: tuple[str, ...], status: int, code: str
    ) -> None:
        """Nothing comes into force."""
        path = self.a_list(tmp_path, digests_of(b"a").md5.hex())
        ran = deployment("hashsets", "import", path, "--name", "s", "--kind", "known", *more, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (status, code)
        assert deployment("hashsets", "list", "--json").document == []

    def test_a_file_that_is_not_there_is_wrong_usage(self, deployment: Triage, tmp_path: Path) -> None:
        """Before anything is opened."""
        ran = deployment("hashsets", "import", tmp_path / "none", "--name", "s", "--kind", "known")
        assert ran.status == 2


def md5(word: str) -> str:
    return hashlib.md5(word.encode()).hexdigest()


@pytest.fixture
def sets(deployment: Triage, tmp_path: Path) -> Triage:
    """`triage hashsets …` where the set `s` has the entries `a` and `b`, one with a value that is not comparable."""
    apply_updates(
        deployment, tmp_path, {"key": "a", "md5": md5("a"), "photodna": "QUJD"}, {"key": "b", "md5": md5("b")}
    )
    return lambda *words: deployment("hashsets", *words)


def apply_updates(
    triage: Triage, folder: Path, *updates: dict[str, Any], name: str = "s", more: tuple[str, ...] = ()
) -> Any:
    path = folder / "updates.jsonl"
    lines: list[Any] = [{"format": "updates 1", "checkpoint": "c 1"}, *updates, {"updates": len(updates)}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return triage("hashsets", "apply", name, path, *more)


def in_force(sets: Triage) -> str:
    (release,) = (one["release_id"] for one in sets("list", "--json").document if one["enabled"])
    return str(release)


class TestApply:
    """`triage hashsets apply`."""

    def test_it_says_what_became_of_the_updates(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """Added, changed, retracted, unchanged, rejected; then what stays as it is."""
        updates = [
            {"key": "a", "md5": md5("other")},
            {"key": "b", "retracted": True},
            {"key": "c", "md5": md5("c")},
            {"key": "d", "md5": "zz"},
        ]
        ran = apply_updates(deployment, tmp_path, *updates, more=("--json", "--licence", "L", "--share", "nobody"))
        document = ran.document
        assert {name: document["delta"][name] for name in ("added", "changed", "retracted", "unchanged")} == {
            "added": 1,
            "changed": 1,
            "retracted": 1,
            "unchanged": 0,
        }
        assert document["rejects"] == {"no-usable-value": 1, "not-hex": 1}
        assert document["release"]["terms"] == {"licence": "L", "may_use": "", "may_share": "nobody"}
        shown = apply_updates(deployment, tmp_path, {"key": "c", "md5": md5("c")}).out
        assert "stays in force: nothing has changed" in shown
        assert "c 1" in shown
        assert in_force(sets) == document["release"]["release_id"]

    def test_a_file_that_breaks_off(self, sets: Triage, tmp_path: Path) -> None:
        """Refused whole, with a code."""
        before = in_force(sets)
        (tmp_path / "half").write_text('{"format": "updates 1"}\n{"key": "a", "retracted": true}\n')
        ran = sets("apply", "s", tmp_path / "half", "--json")
        assert (ran.status, ran.document["error"]["code"]) == (6, "updates-broken-off")
        assert in_force(sets) == before

    @pytest.mark.usefixtures("sets")
    def test_a_set_of_another_kind(self, deployment: Triage, tmp_path: Path) -> None:
        """A known set does not become a known-good one in passing."""
        update = {"key": "a", "retracted": True}
        ran = apply_updates(deployment, tmp_path, update, more=("--kind", "known-good", "--json"))
        assert (ran.status, ran.document["error"]["code"]) == (5, "set-kind-differs")


class TestReleases:
    """`triage hashsets show | list | diff | expire | verify | formats`."""

    def test_show(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """The manifest in full, what is not comparable and where the source says to go on."""
        page = sets("show", in_force(sets), "--json").document
        assert (page["checkpoint"], page["positions"]) == ("c 1", "update")
        assert page["release"]["counts"]["opaque"] == {"photodna": 1}
        apply_updates(
            deployment,
            tmp_path,
            {"key": "c", "md5": [md5("c"), "zz"], "category": "test"},
            more=("--use", "this unit"),
        )
        shown = sets("show", in_force(sets)).out
        for text in ("this unit", "unstated", "photodna: stored, not comparable", "test class", "not-hex", "1 added"):
            assert text in shown

    def test_a_release_that_there_is_not(self, sets: Triage) -> None:
        """Of each command that takes one."""
        for words in (
            ("show", "none"),
            ("diff", "none", "none"),
            ("expire", "none", "--on", "2027-01-01"),
            ("enable", "none"),
        ):
            ran = sets(*words, "--json")
            assert (ran.status, ran.document["error"]["code"]) == (4, "release-unknown"), words

    def test_diff_and_its_export(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """Counts, the keys asked for, and a file that leads there from the old one elsewhere."""
        old = in_force(sets)
        apply_updates(deployment, tmp_path, {"key": "a", "retracted": True}, {"key": "c", "md5": md5("c")})
        new = in_force(sets)
        document = sets("diff", old, new, "--keys", "added", "--json").document
        assert document == {
            "old": old,
            "new": new,
            "added": 1,
            "retracted": 1,
            "changed": 0,
            "keys": ["c"],
            "export": None,
        }
        ran = sets("diff", old, new, "--keys", "retracted", "--export", tmp_path / "out")
        assert "\na\n" in ran.out
        assert "2 updates written" in ran.out
        sets("enable", old)
        applied = sets("apply", "s", tmp_path / "out", "--json").document
        assert sets("diff", applied["release"]["release_id"], new, "--json").document["changed"] == 0
        again = sets("diff", old, new, "--export", tmp_path / "out", "--json")
        assert (again.status, again.document["error"]["code"]) == (5, "export-exists")

    def test_keys_are_listed_up_to_a_limit(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """The counts are those of all."""
        old = in_force(sets)
        apply_updates(deployment, tmp_path, *({"key": str(n), "md5": md5(str(n))} for n in range(30)))
        document = sets("diff", old, in_force(sets), "--keys", "added", "--limit", "7", "--json").document
        assert (document["added"], len(document["keys"])) == (30, 7)

    def test_a_release_that_may_not_be_shared(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """Neither whole nor as updates."""
        apply_updates(deployment, tmp_path, {"key": "c", "md5": md5("c")}, more=("--share", "nobody"))
        release = in_force(sets)
        for words in (
            ("export", release, tmp_path / "x", "--format", "list"),
            ("diff", release, release, "--export", tmp_path / "x"),
        ):
            ran = sets(*words, "--json")
            assert (ran.status, ran.document["error"]["code"]) == (3, "export-forbidden")
        assert not (tmp_path / "x").exists()

    def test_expire(self, sets: Triage) -> None:
        """From its day on it does not answer, and the list says so."""
        release = in_force(sets)
        assert sets("expire", release, "--on", "2020-01-01", "--json").document == {"in_force": []}
        (listed,) = sets("list", "--json").document
        assert (listed["enabled"], listed["expired"], listed["expires"]) == (True, True, "2020-01-01")
        assert "expired 2020-01-01" in sets("list").out
        assert sets("expire", release, "--on", "2999-01-01", "--json").document == {"in_force": [release]}
        assert sets("expire", release, "--on", "1.1.2027").status == 2

    def test_verify(self, sets: Triage, deployment: Triage, tmp_path: Path) -> None:
        """All of them, also after one that is damaged; exit status 8, and the document even so."""
        apply_updates(deployment, tmp_path, {"key": "a", "md5": md5("a")}, name="t")
        clean = sets("verify", "--json")
        assert (clean.status, clean.document["clean"], len(clean.document["releases"])) == (0, True, 2)
        damaged = clean.document["releases"][0]["release_id"]
        (values,) = (tmp_path / "deployment" / "hashsets" / "releases" / damaged).rglob("values.bin")
        values.write_bytes(bytes(values.stat().st_size))
        ran = sets("verify", "--json")
        assert (ran.status, ran.document["clean"]) == (8, False)
        assert [one["fault"] for one in ran.document["releases"]] == ["release-content-changed", None]
        told = sets("verify")
        assert (told.status, "releases-damaged" in told.err) == (8, True)
        assert "as sealed" in told.out

    def test_formats_need_no_deployment(self, triage: Triage) -> None:
        """What each command reads or writes."""
        document = triage("hashsets", "formats", "--json").document
        assert (document["apply"], document["diff"]) == (["updates", "nsrl-delta"], ["updates"])
        assert {"auto", "vics"} <= set(document["import"])
        assert "hashsets export" in triage("hashsets", "formats").out


class TestEntries:
    """`triage hashsets entry | states | disable-entry | quarantine | confirm | refute | clear-state | feedback`."""

    def test_what_is_said_is_shown(self, sets: Triage) -> None:
        """Each answers with what it recorded; the list, the page and the release count it."""
        said = sets("disable-entry", "s", "a", "--until", "2999-01-01", "--note", "n1", "--json").document
        assert {
            name: said[name] for name in ("number", "set_name", "entry_key", "kind", "until", "note", "cleared")
        } == {
            "number": 1,
            "set_name": "s",
            "entry_key": "a",
            "kind": "disabled",
            "until": "2999-01-01",
            "note": "n1",
            "cleared": False,
        }
        assert "quarantined" in sets("quarantine", "s", "b", "--note", "noisy").out
        assert "confirmed" in sets("confirm", "s", "a").out
        assert "refuted" in sets("refute", "s", "a").out
        assert "no longer quarantined" in sets("clear-state", "s", "b", "quarantined").out
        document = sets("states", "--json").document
        assert [(one["entry_key"], one["kind"]) for one in document] == [("a", "disabled"), ("a", "refuted")]
        assert sets("states", "other", "--json").document["error"]["code"] == "set-unknown"
        assert "2999-01-01" in sets("states", "s").out
        assert sets("list", "--json").document[0]["silenced"] == 1
        page = sets("entry", "s", "a", "--json").document
        assert (page["values"], page["not_comparable"]) == ({"md5": 1, "photodna": 1}, ["photodna"])
        assert [one["state"]["kind"] for one in page["history"]] == ["disabled", "confirmed", "refuted"]
        shown = sets("entry", "s", "b").out
        assert "taken back" in shown
        assert md5("b") not in shown

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (("entry", "s", "z"), 4, "entry-unknown"),
            (("entry", "t", "a"), 4, "set-unknown"),
            (("confirm", "s", "z"), 4, "entry-unknown"),
            (("clear-state", "s", "a", "refuted"), 4, "state-unknown"),
            (("quarantine", "s", "a", "--note", ""), 3, "state-note-unusable"),
            (("refute", "s", "a", "--note", "x" * 101), 3, "state-note-unusable"),
            (("feedback", "t"), 4, "set-unknown"),
        ],
    )
    def test_what_cannot_be_said(self, sets: Triage, words: tuple[str, ...], status: int, code: str) -> None:
        """A code and a status each; nothing is recorded."""
        ran = sets(*words, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (status, code)
        assert sets("states", "--json").document == []

    def test_feedback_for_the_source(self, sets: Triage, tmp_path: Path) -> None:
        """Verdicts, and not who; as a file in either form."""
        sets("refute", "s", "a", "--note", "n1")
        document = sets("feedback", "s", "--json").document
        assert [(one["key"], one["verdict"], one["note"]) for one in document["feedback"]] == [("a", "refuted", "n1")]
        assert (document["release"], document["export"]) == (in_force(sets), None)
        assert "by" not in document["feedback"][0]
        written = sets("feedback", "s", "-o", tmp_path / "f.csv", "--csv", "--json").document["export"]
        assert written["sha256"] == hashlib.sha256((tmp_path / "f.csv").read_bytes()).hexdigest()
        assert "1 verdicts written" in sets("feedback", "s", "-o", tmp_path / "f.json").out
        assert json.loads((tmp_path / "f.json").read_bytes())["set"] == "s"
