"""The custody log's rows: appended in the same commit as what they record, one writer at a time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, insert, select, text

from triage.domain.checkpoints import Checkpoint, LogSigner, sign, verify
from triage.domain.custody import SALT_SIZE, CustodyAction, CustodyEvent, canonical, commitment_to, custody_leaf
from triage.domain.errors import Tampered
from triage.domain.log_records import StoredRecord
from triage.domain.merkle import HASH_SIZE, Frontier

from .deployment_tables import custody_checkpoint, custody_event, custody_head
from .rows import insert_all

_HEAD = 1
_PAGE = 2_000
_LOCK = 0x7472_6961_6765  # "triage": PostgreSQL's advisory lock for the log's tail


class MirrorView(Protocol):
    """A moment of the mirror."""

    @property
    def size(self) -> int:
        """Leaves held."""
        ...

    @property
    def settled(self) -> int:
        """Leaves that no crash can cost it."""
        ...


class LogMirror(Protocol):
    """A copy of the log outside the database; see `triage.vault.witness`."""

    def view(self) -> MirrorView:
        """What it holds now."""
        ...

    def extend(self, start: int, leaf_hashes: Sequence[bytes], checkpoint: str) -> int:
        """Append leaves from index `start`; returns how many leaves it holds now (fewer: feed it from there)."""
        ...


@dataclass(slots=True)
class Custody:
    """Appends within one unit of work, and reads for audits."""

    connection: Connection
    signer: LogSigner
    appended: int = 0  # records in this unit

    def hold(self) -> None:
        """Let no other unit append until this one ends: what is read from now on, other such units have finished."""
        if self.connection.dialect.name == "postgresql":  # SQLite has one writer
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def append(self, events: Sequence[CustodyEvent]) -> None:
        """Record events. They take their place in the tree when the unit commits, never without it."""
        if not events:
            return
        frontier = self._locked_head()
        rows: list[dict[str, object]] = []
        leaves: list[bytes] = []
        salts = secrets.token_bytes(SALT_SIZE * len(events))  # each asking lets go of the interpreter
        for place, event in enumerate(events):
            salt = salts[place * SALT_SIZE : (place + 1) * SALT_SIZE]
            written = canonical(event)
            committed = commitment_to(written, salt)
            leaf = custody_leaf(committed)
            leaves.append(leaf)
            rows.append(
                {
                    "seq": frontier.size + place,
                    "event": written.decode(),
                    "salt": salt,
                    "commitment": committed,
                    "leaf": leaf,
                }
            )
        insert_all(self.connection, custody_event, rows)
        self.appended += len(leaves)
        extended = frontier.extended(leaves)
        note = sign(Checkpoint(self.signer.name, extended.size, extended.root), self.signer)
        self.connection.execute(
            custody_head.update()
            .where(custody_head.c.id == _HEAD)
            .values(size=extended.size, frontier=b"".join(extended.peaks))
        )
        self.connection.execute(insert(custody_checkpoint).values(size=extended.size, note=note))

    def _locked_head(self) -> Frontier:
        self.hold()
        # Head and newest checkpoint in one question: everybody else who appends waits for the answer.
        last = select(custody_checkpoint).order_by(custody_checkpoint.c.size.desc()).limit(1).subquery()
        head_of_log = (custody_head.c.size, custody_head.c.frontier)
        found = self.connection.execute(
            select(last.c.size.label("signed"), last.c.note, *head_of_log).select_from(
                last.outerjoin(custody_head, custody_head.c.id == _HEAD)
            )
        ).one_or_none()
        row = found or self.connection.execute(select(custody_head).where(custody_head.c.id == _HEAD)).one_or_none()
        signed_size, note = (found.signed, found.note) if found else (0, "")
        size, frontier = (row.size or 0, row.frontier or b"") if row else (0, b"")
        peaks = tuple(frontier[start : start + HASH_SIZE] for start in range(0, len(frontier), HASH_SIZE))
        try:
            head = Frontier(size, peaks)
        except ValueError as error:
            raise Tampered("custody-head-broken", "The head of the custody log does not fit its size.") from error
        # Never sign on top of a head that our own last signature does not cover. Only an empty log has none.
        name = self.signer.name
        signed = verify(note, self.signer.verifier) if signed_size else Checkpoint(name, 0, Frontier().root)
        if signed != Checkpoint(name, head.size, head.root):
            raise Tampered("custody-head-broken", "The head of the custody log is not the one last signed.")
        if row is None:
            self.connection.execute(insert(custody_head).values(id=_HEAD, size=0, frontier=b""))
        return head

    def head(self) -> tuple[int, str]:
        """Size and newest signed checkpoint as stored; (0, "") for an empty log."""
        row = self.connection.execute(
            select(custody_checkpoint).order_by(custody_checkpoint.c.size.desc()).limit(1)
        ).one_or_none()
        return (row.size, row.note) if row else (0, "")

    def checkpoint_after(self, start: int, records: int) -> tuple[int, str]:
        """Size and note of the newest checkpoint over at most so many `records` more than `start`.

        Else of the first over more: a commit of very many records has one checkpoint only. There must be one.
        """
        later = select(custody_checkpoint).where(custody_checkpoint.c.size > start)
        within = later.where(custody_checkpoint.c.size <= start + records)
        row = (
            self.connection.execute(within.order_by(custody_checkpoint.c.size.desc()).limit(1)).one_or_none()
            or self.connection.execute(later.order_by(custody_checkpoint.c.size).limit(1)).one()
        )
        return row.size, row.note

    def leaves(self, start: int, count: int) -> list[bytes]:
        """Stored leaf hashes from index `start`."""
        query = (
            select(custody_event.c.leaf)
            .where(custody_event.c.seq >= start)
            .order_by(custody_event.c.seq)
            .limit(count)
        )
        return list(self.connection.execute(query).scalars())

    def leaf_stream(self) -> Iterator[bytes]:
        """Every stored leaf hash in order of its index."""
        query = select(custody_event.c.leaf).order_by(custody_event.c.seq)
        yield from self.connection.execute(query).yield_per(_PAGE).scalars()

    def checkpoints(self) -> Iterator[str]:
        """Every stored signed checkpoint, oldest first."""
        yield from (
            self.connection.execute(select(custody_checkpoint.c.note).order_by(custody_checkpoint.c.size))
            .yield_per(_PAGE)
            .scalars()
        )

    def records(self) -> Iterator[StoredRecord]:
        """Every stored record in order of its index, not yet believed."""
        rows = self.connection.execute(select(custody_event).order_by(custody_event.c.seq)).yield_per(_PAGE)
        for row in rows:
            yield StoredRecord(row.seq, row.salt, _event(row.event, row.seq), row.commitment, row.leaf)


def _event(text: str | None, seq: int) -> CustodyEvent | None:
    """The event of a canonical text. A text in any other form gives an event that fits no commitment."""
    if text is None:
        return None
    try:
        fields = json.loads(text)
        event = CustodyEvent(
            at=datetime.fromisoformat(fields["at"]),
            actor=fields["actor"],
            action=CustodyAction(fields["action"]),
            subject=fields["subject"],
            purpose=fields["purpose"],
            details=fields["details"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return _unreadable(seq)
    return event if canonical(event).decode() == text else _unreadable(seq)


def _unreadable(seq: int) -> CustodyEvent:
    return CustodyEvent(datetime.fromtimestamp(0, UTC), "?", CustodyAction.NOTED, f"custody:{seq}", "unreadable")
