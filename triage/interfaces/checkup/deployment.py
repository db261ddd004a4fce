"""What an opened deployment says of itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

from triage.bootstrap import Application
from triage.deploying import Folders
from triage.domain.jobs import JobState

from .seam import Check, State, judged

_CLOCKS_APART = 5.0
_BEHIND = 10_000


def database(application: Application) -> Iterator[Check]:
    """Which database, and how much is in it. Its schema is current, or it would not have been opened."""
    engine = application.store.engine
    with application.store.reading() as unit:
        pending, total = unit.read.items_pending()
        version = ".".join(str(part) for part in unit.connection.dialect.server_version_info or ())
    yield Check("database", State.OK, f"{engine.dialect.name} {version}: {total:,} items, {pending:,} waiting")


def statistics(application: Application) -> Iterator[Check]:
    """PostgreSQL plans by what it knows of the tables. Knowing nothing it reads a whole submission for each batch."""
    with application.store.reading() as unit:
        kept = unit.figures.keeps_statistics()
    if kept is None:
        return
    yield judged(
        "statistics",
        "autovacuum is on" if kept else "autovacuum is off",
        good=kept,
        otherwise=State.WARN,
        todo="Switch autovacuum on, or run VACUUM (ANALYZE) every few minutes: without it each file costs more than "
        "the one before.",
    )


def clock(application: Application) -> Iterator[Check]:
    """Leases go by the database's clock alone; custody records bear this machine's."""
    with application.store.reading() as unit:
        apart = unit.figures.seconds_behind(time.time())
    yield judged(
        "clock",
        f"{abs(apart):.1f} s from the database's",
        good=abs(apart) < _CLOCKS_APART,
        otherwise=State.WARN,
        todo="Let both machines take their time from one server: custody records bear this machine's time.",
    )


def vault(application: Application) -> Iterator[Check]:
    """It can be written, read and listed. Whether its bytes are whole is for `triage audit`."""
    where = application.settings.vault.url or "a folder of this machine"
    application.vault.check()
    yield Check("vault", State.OK, f"{where}: can be written, read and listed")


def custody_log(application: Application) -> Iterator[Check]:
    """The witness follows the log; one that is ahead of it has seen records that the database lost."""
    with application.store.reading() as unit:
        size = unit.custody.head()[0]
    witnessed = application.store.mirror.view().size
    found = f"{size:,} records, {witnessed:,} of them with the witness"
    if witnessed > size:
        with application.store.reading() as unit:  # it may have grown between the two looks
            size = unit.custody.head()[0]
    if witnessed > size:
        todo = "The database was put back or cut: docs/backup.md says how to go on."
        yield Check("custody log", State.FAIL, found, todo)
        return
    yield judged(
        "custody log",
        found,
        good=size - witnessed < _BEHIND,
        otherwise=State.WARN,
        todo="The witness is far behind: is its disk there and writable?",
    )


def apart(application: Application) -> Iterator[Check]:
    """What guards against one hand or one broken disk must not lie in that hand or on that disk."""
    folders = Folders.of(application.settings)
    if application.settings.vault.url:
        return  # the evidence is on no disk of this machine
    disk = folders.vault.stat().st_dev
    for name, path, risk in (
        ("keys", folders.vault_key, "whoever takes the disk has both; whoever loses it has neither"),
        ("witness", folders.witness, "whoever can rewrite the log can rewrite its witness"),
    ):
        yield judged(
            f"{name} apart",
            "on a disk of its own" if path.stat().st_dev != disk else "on the evidence's disk",
            good=path.stat().st_dev != disk,
            otherwise=State.WARN,
            todo=f"Keep {name} elsewhere as well: {risk}.",
        )


def policy(application: Application) -> Iterator[Check]:
    """A machine with another matching policy than the one in force answers nothing."""
    own = application.matching.policy.provenance
    with application.store.reading() as unit:
        in_force = unit.hash_sets.recorded().policy
    if in_force in {"", own}:
        yield Check("policy", State.OK, f"{own} is in force" if in_force else f"{own}; nothing was answered yet")
        return
    yield Check(
        "policy",
        State.FAIL,
        f"{in_force} is in force, {own} is here",
        "Copy config/matching.toml from the other machines, or put this one in force everywhere: triage rematch.",
    )


def hash_sets(application: Application) -> Iterator[Check]:
    """What can be known."""
    releases = application.library.releases()
    in_force = [found for found in releases if found.enabled and not found.expired]
    expired = [found.set_name for found in releases if found.enabled and found.expired]
    entries = sum(found.counts.entries for found in in_force)
    yield judged(
        "hash sets",
        f"{len(in_force)} in force with {entries:,} entries" if in_force else "none in force",
        good=bool(in_force),
        otherwise=State.WARN,
        todo="Nothing can be known: triage hashsets import.",
    )
    missing = application.joining.standing().missing
    if missing:
        yield Check("sets elsewhere", State.WARN, f"{len(missing)} not on this machine yet", "Work fetches them.")
    if expired:
        yield Check("expired sets", State.WARN, ", ".join(sorted(expired)), "Import a newer release of each.")


def jobs(application: Application) -> Iterator[Check]:
    """Jobs that were given up stay until somebody looks at them."""
    with application.store.reading() as unit:
        states = unit.read.job_states()
    dead = sum(found.get(JobState.DEAD, 0) for found in states.values())
    yield judged(
        "dead letters",
        f"{dead:,} jobs were given up",
        good=not dead,
        otherwise=State.WARN,
        todo="`triage jobs list --dead` says why; `triage jobs retry` gives them another chance.",
    )


def workers(application: Application) -> Iterator[Check]:
    """Whoever works for all; with a queue in Redis nothing moves without one."""
    if not application.settings.queue.url:
        return  # `triage work` does it, when somebody starts it
    with application.store.reading() as unit:
        processes, threads = unit.workers.serving()
    yield judged(
        "workers",
        f"{processes} processes with {threads} threads",
        good=processes > 0,
        otherwise=State.WARN,
        todo="Start `triage worker`, and `triage relay` once.",
    )
