"""Uploads in parts: who owns them, how far they are told to be, what they became."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, null, select, text, update

from hashsets.algorithms.digests import Digests
from triage.domain.errors import NotFound
from triage.domain.items import ItemKind
from triage.domain.uploads import NewUpload, UploadState, stated_row

from .intake_tables import sender, upload
from .rows import among, insert_telling, sliced

_OWED = text("state IN ('open', 'arrived')")  # word for word the condition of the partial index


@dataclass(frozen=True, slots=True)
class KeptUpload:
    """An upload as recorded. `stated` are digests in hex by algorithm; times are seconds since 1970."""

    id: int
    public_id: str
    sender_id: int
    key_id: int
    sandbox: bool
    report_id: int | None
    submission_id: int | None
    path: bytes
    mtime_ns: int
    length: int
    received: int
    state: UploadState
    because: str | None
    stated: Mapping[str, str]
    machine: str
    spool_key: bytes = field(repr=False)
    spool_key_id: str
    expires_at: float
    sha256: bytes | None

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are known to have come."""
        return self.received == self.length


@dataclass(frozen=True, slots=True)
class Uploads:
    """Access to uploads within one unit of work."""

    connection: Connection

    def add(
        self,
        public_id: str,
        new: NewUpload,
        *,
        sender_id: int,
        key_id: int,
        sandbox: bool,
        machine: str,
        spool_key: bytes,
        spool_key_id: str,
        now: float,
        expires_at: float,
    ) -> int:
        """A new upload's id."""
        row = {
            "public_id": public_id,
            "sender_id": sender_id,
            "key_id": key_id,
            "sandbox": sandbox,
            "report_id": new.report_id,
            "submission_id": new.submission_id,
            "path": new.path,
            "mtime_ns": new.mtime_ns,
            "length": new.length,
            "received": 0,
            "state": UploadState.OPEN,
            "stated": stated_row(new.stated),
            "machine": machine,
            "spool_key": spool_key,
            "spool_key_id": spool_key_id,
            "made_at": now,
            "expires_at": expires_at,
        }
        [written] = insert_telling(self.connection, upload, [row], upload.c.id)
        return int(written.id)

    def named(self, public_id: str, sender_id: int, *, sandbox: bool) -> KeptUpload:
        """An upload of this sender. Raises NotFound `no-upload`, whether it is another's or nobody's."""
        query = select(upload).where(
            upload.c.public_id == public_id, upload.c.sender_id == sender_id, upload.c.sandbox.is_(sandbox)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-upload", "There is no such upload of this sender.")
        return _kept(row)

    def unfinished(self, sender_id: int) -> tuple[int, int]:
        """How many uploads a sender has open, and their bytes; nobody adds one to them until this unit ends."""
        self.connection.execute(select(sender.c.id).where(sender.c.id == sender_id).with_for_update())
        query = select(func.count(), func.coalesce(func.sum(upload.c.length), 0)).where(
            upload.c.sender_id == sender_id, upload.c.state == UploadState.OPEN
        )
        count, size = self.connection.execute(query).one()
        return int(count), int(size)

    def told(self, upload_id: int, received: int, expires_at: float) -> None:
        """How far it is, as its sender was told."""
        self._while_open(upload_id, received=received, expires_at=expires_at)

    def arrived(
        self,
        upload_id: int,
        state: UploadState,
        measured: Digests,
        kind: ItemKind,
        sealed: Mapping[str, Any] | None = None,
    ) -> bool:
        """All of it is here; whether it was still open. `sealed` is kept while it waits for its report."""
        row: dict[str, Any] = {
            "md5": measured.md5,
            "sha1": measured.sha1,
            "sha256": measured.sha256,
            "kind": kind,
        }
        if sealed is not None:
            row["sealed"] = {**sealed, "wrapped_key": base64.b64encode(sealed["wrapped_key"]).decode()}
        return self._end(upload_id, state, **row)

    def end(self, upload_id: int, state: UploadState, because: str | None = None) -> bool:
        """It failed or was dropped; whether it was still open. Its spool can be opened by nobody from now on."""
        return self._end(upload_id, state, because=because, sealed=null())

    def drop_of_push(self, submission_id: int) -> None:
        """What is still open of a push that is finished without it."""
        self.connection.execute(
            update(upload)
            .where(upload.c.submission_id == submission_id, upload.c.state == UploadState.OPEN)
            .values(state=UploadState.DROPPED, machine="", spool_key=b"")
        )

    def whole(self, machine: str, limit: int = 100) -> list[KeptUpload]:
        """Uploads of which all has come to this machine and that are to be taken, oldest first."""
        query = self._open_on(machine).where(upload.c.received == upload.c.length)
        return list(map(_kept, self.connection.execute(query.order_by(upload.c.id).limit(limit))))

    def overdue(self, machine: str, now: float, limit: int = 100) -> list[KeptUpload]:
        """Unfinished uploads on this machine that nobody has gone on with in time."""
        query = self._open_on(machine).where(upload.c.received < upload.c.length, upload.c.expires_at < now)
        return list(map(_kept, self.connection.execute(query.order_by(upload.c.id).limit(limit))))

    def open_among(self, machine: str, public_ids: Sequence[str]) -> list[KeptUpload]:
        """Those of these uploads that are still open here."""
        found: list[KeptUpload] = []
        for part in sliced(public_ids):
            query = self._open_on(machine).where(among(self.connection, upload.c.public_id, part))
            found += map(_kept, self.connection.execute(query))
        return found

    def open_of_push(self, submission_id: int) -> list[KeptUpload]:
        """What is on its way into a pushed submission, oldest first."""
        query = select(upload).where(upload.c.submission_id == submission_id, upload.c.state == UploadState.OPEN)
        return list(map(_kept, self.connection.execute(query.order_by(upload.c.id))))

    def _open_on(self, machine: str) -> Any:
        return select(upload).where(_OWED, upload.c.machine == machine, upload.c.state == UploadState.OPEN)

    def _end(self, upload_id: int, state: UploadState, **values: Any) -> bool:
        return self._while_open(upload_id, state=state, machine="", spool_key=b"", **values)

    def _while_open(self, upload_id: int, **values: Any) -> bool:
        changed = self.connection.execute(
            update(upload).where(upload.c.id == upload_id, upload.c.state == UploadState.OPEN).values(**values)
        )
        return changed.rowcount == 1


def _kept(row: Row[Any]) -> KeptUpload:
    return KeptUpload(
        id=row.id,
        public_id=row.public_id,
        sender_id=row.sender_id,
        key_id=row.key_id,
        sandbox=row.sandbox,
        report_id=row.report_id,
        submission_id=row.submission_id,
        path=row.path,
        mtime_ns=row.mtime_ns,
        length=row.length,
        received=row.received,
        state=UploadState(row.state),
        because=row.because,
        stated=row.stated,
        machine=row.machine,
        spool_key=row.spool_key,
        spool_key_id=row.spool_key_id,
        expires_at=row.expires_at,
        sha256=row.sha256,
    )
