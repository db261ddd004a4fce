"""Transactions. A service opens one; leaving without `commit` rolls back; nothing slow belongs inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from triage.domain.checkpoints import LogSigner
from triage.domain.errors import Tampered, Unavailable

from .custody import Custody, LogMirror
from .dossier_facts import DossierFacts
from .engine import WRITER, as_reader
from .examinations import Examinations
from .items import Items
from .jobs import Jobs
from .links import Links
from .matches import Matches
from .networks import Networks
from .read_models import ReadModels
from .submissions import Submissions

_REFEED = 4_096


class Unit:
    """One transaction and the aggregates within it."""

    def __init__(self, connection: Connection, signer: LogSigner) -> None:
        self.connection = connection
        self.submissions = Submissions(connection)
        self.items = Items(connection)
        self.examinations = Examinations(connection)
        self.matches = Matches(connection)
        self.links = Links(connection)
        self.networks = Networks(connection)
        self.jobs = Jobs(connection)
        self.custody = Custody(connection, signer)
        self.read = ReadModels(connection)
        self.dossier = DossierFacts(connection)
        self.committed = False

    def commit(self) -> None:
        """Make everything in this unit true at once."""
        self.connection.commit()
        self.committed = True


@dataclass
class Meter:
    """CPU seconds that threads of this process spent inside units of work."""

    cpu_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the calling thread's time until the block ends."""
        started = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self.cpu_seconds += time.thread_time() - started


@dataclass(frozen=True)
class Store:
    """The database. `mirror` keeps a copy of the custody log's hashes outside it."""

    engine: Engine
    signer: LogSigner
    mirror: LogMirror
    meter: Meter = field(default_factory=Meter)
    _writers: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """A short read transaction."""
        with self.meter.running(), self._connected() as connection:
            as_reader(connection)
            yield Unit(connection, self.signer)
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        """A short write transaction; one at a time in a process, so that threads queue instead of colliding."""
        with self._writers, self.meter.running(), self._connected() as connection:
            connection.execution_options(**{WRITER: True})
            unit = Unit(connection, self.signer)
            yield unit
            if not unit.committed:
                connection.rollback()
            elif unit.custody.appended:
                self._mirror(unit.custody)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except OperationalError as error:
            raise Unavailable("database-unavailable", _reason(error)) from error

    def _mirror(self, custody: Custody) -> None:
        end = custody.appended_from + len(custody.appended)
        if self.mirror.extend(custody.appended_from, custody.appended, custody.checkpoint) < end:
            self.catch_up_mirror()
            if self.mirror.view().size < end:
                raise Tampered("witness-cut", "The custody log's witness was cut short; run an audit.")

    def catch_up_mirror(self) -> None:
        """Feed the mirror what a crash between commit and copy left out, up to the head's checkpoint.

        One that lacks more than a crash can take is left as it is: an audit must see that.
        """
        view = self.mirror.view()
        held = view.size
        if held < view.settled:
            return
        with self._connected() as connection:
            custody = Custody(connection, self.signer)
            size, checkpoint = custody.head()
            missing: list[bytes] = []
            while held + len(missing) < size:
                part = custody.leaves(held + len(missing), min(_REFEED, size - held - len(missing)))
                if not part:
                    break
                missing += part
            if missing:
                self.mirror.extend(held, missing, checkpoint)
            connection.rollback()


def _reason(error: OperationalError) -> str:
    detail = str(error.orig).lower()
    if "disk is full" in detail or "no space" in detail:
        return "The disk that holds the database is full."
    if "locked" in detail:
        return "The database is held by another process for too long."
    if "readonly" in detail:
        return "The database cannot be written."
    return "The database does not answer."
