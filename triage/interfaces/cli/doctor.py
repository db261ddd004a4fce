"""`triage doctor`: what this machine gives, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from triage.domain.errors import TriageError, Unavailable

from .app import Json, app, opened, settings
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.services.joining import Standing


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `good` is None for facts that are neither good nor bad."""

    name: str
    good: bool | None
    detail: str


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Check this machine and deployment: chamber, disk, keys, database, custody log, hash sets. Exit 7 if not."""
    checks = [*_machine(), *_chamber(), *_deployment()]
    healthy = all(check.good is not False for check in checks)
    if as_json:
        print_json({"healthy": healthy, "checks": checks})
        raise typer.Exit(0 if healthy else Unavailable.exit_code)
    marks = {True: "ok", False: "MISSING", None: ""}
    console().print(table("Doctor", ["check", "", "detail"], [(c.name, marks[c.good], c.detail) for c in checks]))
    if not healthy:
        raise Unavailable("doctor-found-faults", "Something is missing; see the list.")


def _machine() -> list[Check]:
    chosen = settings()
    data = chosen.data.absolute()
    free = shutil.disk_usage(next(folder for folder in (data, *data.parents) if folder.exists())).free
    return [
        Check(
            "program", None, f"triage {importlib.metadata.version('triage-pipeline')}, {platform.python_version()}"
        ),
        Check("machine", None, f"{platform.system()} {platform.release()}, {len(os.sched_getaffinity(0))} cores"),
        Check("disk", free > 1 << 30, f"{free // (1 << 20):,} MiB free"),
    ]


def _chamber() -> list[Check]:
    from triage.chamber.parent import Chamber  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.chamber.sealing import FLOOR  # noqa: PLC0415 - keeps `triage --help` quick

    try:
        with Chamber() as chamber:
            layers = chamber.layers()
    except TriageError as error:
        return [Check("chamber", False, error.sentence)]
    return [
        Check(
            f"chamber: {layer.name}",
            layer.active if layer.name in FLOOR else (True if layer.active else None),
            f"{layer.detail}{'' if layer.name in FLOOR else ' (beyond the floor)'}",
        )
        for layer in layers
    ]


def _deployment() -> list[Check]:
    try:
        with opened() as application:
            with application.store.reading() as unit:
                pending, total = unit.read.items_pending()
                states = unit.read.job_states()
            standing = application.joining.standing()
            dead = sum(found.get("dead", 0) for found in states.values())
            return [
                Check("keys", True, "those that the database was begun with"),
                Check("database", True, f"{total:,} items, {pending:,} waiting"),
                Check("dead letters", not dead or None, f"{dead:,} jobs were given up"),
                _hash_sets(standing),
                Check("custody log", *_witness(standing)),
            ]
    except TriageError as error:
        return [Check("deployment", None if error.code == "not-initialised" else False, error.sentence)]


def _hash_sets(standing: Standing) -> Check:
    if standing.version == "none":
        return Check("hash sets", None, "none in force: nothing can be known")
    if standing.missing:
        return Check("hash sets", None, f"{', '.join(standing.missing)} not here yet: fetched when work begins")
    return Check("hash sets", True, standing.version.replace("+", ", "))


def _witness(standing: Standing) -> tuple[bool, str]:
    told = f"{standing.records:,} records, {standing.witnessed:,} of them with the witness"
    return standing.witnessed <= standing.records, told
