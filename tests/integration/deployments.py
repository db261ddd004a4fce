"""A real deployment under test: commands in this process or in one of their own, and its facts by content address."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import workers.command  # noqa: F401 - adds `work` to the commands
from triage.interfaces.cli import run

TRIAGE = (sys.executable, "-c", "from workers.program import main; main()")


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Facts:
    """All that a deployment says of its evidence, with items as SHA-256 and submissions as exhibit references.

    Nothing here depends on ids, times or the order of work: two deployments that were given the same agree in all.
    """

    outcomes: dict[str, str]
    closed: frozenset[str]
    notes: frozenset[tuple[str, str, str]]
    source_notes: Counter[tuple[str, bytes, str]]
    occurrences: Counter[tuple[str, str, bytes, str]]
    fingerprints: frozenset[tuple[str, str, str, str, bytes, int | None]]
    matches: frozenset[tuple[str, str, str, str, str, int, str]]
    links: frozenset[tuple[str, str, str, int, str]]
    traits: frozenset[tuple[str, str, frozenset[str]]]
    look_alikes: frozenset[frozenset[str]]
    joins: frozenset[tuple[frozenset[str], str]]
    networks: frozenset[frozenset[str]]
    priority: dict[frozenset[str], tuple[int, int, int, int, str]]

    def differences(self, other: Facts) -> dict[str, tuple[Any, Any]]:
        """What the two disagree in; empty when they agree."""
        pairs = {one.name: (getattr(self, one.name), getattr(other, one.name)) for one in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True)
class Deployment:
    """One data folder and the program over it."""

    data: Path

    def run(self, *words: object) -> Ran:
        """A command in this process; every failure is an exit code, as at the shell."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(["--data", str(self.data), *(str(word) for word in words)])
        return Ran(code, out.getvalue(), err.getvalue())

    def done(self, *words: object) -> Ran:
        """A command that must succeed."""
        ran = self.run(*words)
        assert ran.code == 0, f"{words[0]} ended with {ran.code}: {ran.out[-2000:]}{ran.err[-2000:]}"
        return ran

    def submit(self, source: Path, exhibit: str, *more: object, case: str = "") -> Any:
        """Receive a source; its receipt."""
        basis = f"Synthetic warrant {exhibit}"
        references = ("--case", case or f"CASE-{exhibit}", "--exhibit", exhibit, "--basis", basis)
        return self.done("submit", source, *references, *more, "--json").json

    def work(self, threads: int = 1) -> Any:
        """Work until nothing is owed. Each thread costs the start of a chamber."""
        return self.done("work", "--threads", threads, "--json").json

    def status(self, submission: int = 1) -> Any:
        """Counts of one submission."""
        return self.done("status", f"S-{submission}", "--json").json

    def assert_audit_is_clean(self) -> None:
        """Vault and custody log verify."""
        audit = self.run("audit", "--json")
        assert (audit.code, audit.json["faults"]) == (0, [])

    def start(self, *words: object, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        """The command as a process of its own, its output captured."""
        return subprocess.Popen(
            [*TRIAGE, "--data", str(self.data), *(str(word) for word in words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            **options,
        )

    def clone(self, data: Path) -> Deployment:
        """A copy to tamper with."""
        shutil.copytree(self.data, data, copy_function=_copied)
        return Deployment(data)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "triage.sqlite3"

    def rows(self, query: str, *values: object) -> list[Any]:
        """What the database itself says."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        """Alter the database behind the program's back."""
        with closing(sqlite3.connect(self.database)) as connection:
            assert connection.execute(statement, values).rowcount
            connection.commit()

    def facts(self) -> Facts:
        """Everything that two equal deployments must agree in."""
        return read_facts(self.rows)


def _copied(source: str, target: str) -> None:
    """Copy a file. SQLite's own files beside a database go whenever another test ends reading it."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        if not source.endswith(("-wal", "-shm")):
            raise


def finish(process: subprocess.Popen[str], seconds: float = 60) -> Ran:
    """Wait for a process."""
    out, err = process.communicate(timeout=seconds)
    return Ran(process.returncode, out, err)


def _document(value: Any) -> str:
    """A JSON column, which SQLite gives as text and PostgreSQL as what it means, in one form."""
    return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)


def read_facts(rows: Callable[[str], list[Any]]) -> Facts:
    """The facts of any database, through whatever asks it."""
    sha = {item_id: digest.hex() for item_id, digest in rows("SELECT id, sha256 FROM item")} | {0: ""}
    exhibit = dict(rows("SELECT id, exhibit_ref FROM submission"))
    groups: dict[int, set[str]] = {}
    for item_id, centre in rows("SELECT item_id, centre_id FROM look_alike"):
        groups.setdefault(centre, set()).add(sha[item_id])
    members: dict[int, set[str]] = {}
    for trait_id, item_id in rows("SELECT trait_id, item_id FROM trait_member"):
        members.setdefault(trait_id, set()).add(sha[item_id])
    networks: dict[int, set[str]] = {}
    for submission_id, referral_id in rows("SELECT submission_id, referral_id FROM referral_member"):
        networks.setdefault(referral_id, set()).add(exhibit[submission_id])
    levels = rows("SELECT id, danger, clock, solvability, network, reasons FROM referral WHERE state = 'open'")
    return Facts(
        outcomes={sha[item_id]: outcome for item_id, outcome in rows("SELECT id, outcome FROM item")},
        closed=frozenset(sha[one] for (one,) in rows("SELECT id FROM item WHERE closed_because IS NOT NULL")),
        notes=frozenset(
            (sha[item_id], code, detail)
            for item_id, code, detail in rows("SELECT item_id, code, detail FROM processing_note")
        ),
        source_notes=Counter(
            (exhibit[one], path, code)
            for one, path, code in rows("SELECT submission_id, path, code FROM source_note")
        ),
        occurrences=Counter(
            (exhibit[one], sha[parent], path, sha[item_id])
            for one, parent, path, item_id in rows(
                "SELECT submission_id, parent_item_id, path, item_id FROM occurrence"
            )
        ),
        fingerprints=frozenset(
            (sha[row[0]], *row[1:])
            for row in rows("SELECT item_id, subject, profile, algorithm, value, quality FROM fingerprint")
        ),
        matches=frozenset(
            (sha[row[0]], *row[1:])
            for row in rows(
                "SELECT item_id, set_name, entry_key, basis, profile, distance, transform FROM match"
                " WHERE ended_at IS NULL"
            )
        ),
        links=frozenset(
            (kind, sha[from_item], sha[to_item], distance, transform)
            for kind, from_item, to_item, distance, transform in rows(
                "SELECT kind, from_item, to_item, distance, transform FROM link"
            )
        ),
        traits=frozenset(
            (kind, sha[int(key)] if kind == "same-archive" else key, frozenset(members[trait_id]))
            for trait_id, kind, key in rows("SELECT id, kind, key FROM trait")
        ),
        look_alikes=frozenset(frozenset(group) for group in groups.values()),
        joins=frozenset(
            (frozenset({exhibit[low], exhibit[high]}), kind)
            for low, high, kind in rows("SELECT low_id, high_id, kind FROM network_join WHERE withdrawn_at IS NULL")
        ),
        networks=frozenset(frozenset(network) for network in networks.values()),
        priority={frozenset(networks.get(row[0], ())): (*row[1:5], _document(row[5])) for row in levels},
    )
