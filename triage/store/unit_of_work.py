"""Transactions. A service opens one; leaving without `commit` rolls back; nothing slow belongs inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from triage.domain.checkpoints import LogSigner
from triage.domain.errors import Tampered

from .access import Access
from .authorities import Authorities
from .claims import Claims
from .credentials import Credentials
from .custody import Custody, LogMirror
from .decisions import Decisions
from .disclosures import Disclosures
from .doorbells import Doorbells
from .dossier_facts import DossierFacts
from .engine import WRITER, as_reader, telling_refusals
from .examinations import Examinations
from .exposures import Exposures
from .figures import FigureReading
from .hash_sets import HashSets
from .items import Items
from .job_pages import JobPages
from .jobs import Jobs
from .legal_gate import Gates
from .links import Links
from .look_plans import LookPlans
from .matches import Matches
from .networks import Networks
from .opinions import Opinions
from .outcomes import Outcomes
from .page_models import PageModels
from .partings import Partings
from .people import People
from .plans import Erasures, Plans
from .preservation import Preservation
from .pushes import Pushes
from .read_models import ReadModels
from .referral_pages import ReferralPages
from .rematches import Rematches
from .report_facts import ReportRows
from .reports import Reports
from .senders import Senders
from .sessions import Sessions
from .stated_items import StatedItems
from .submissions import Submissions
from .uploads import Uploads
from .viewings import Viewings
from .workers import Workers

_COMPARED = 4_096
"""Records that a process compares with the mirror when it first feeds it, and the most that it feeds at once."""

MIRROR_SECONDS = 1.0
"""How far behind the mirror may be while work goes on: each feeding waits for its disk."""


class Unit:
    """One transaction and the aggregates within it."""

    def __init__(self, connection: Connection, signer: LogSigner) -> None:
        self.connection = connection
        self.submissions = Submissions(connection)
        self.items = Items(connection)
        self.stated = StatedItems(connection)
        self.examinations = Examinations(connection)
        self.matches = Matches(connection)
        self.rematches = Rematches(connection)
        self.links = Links(connection)
        self.look_plans = LookPlans(connection)
        self.networks = Networks(connection)
        self.hash_sets = HashSets(connection)
        self.senders = Senders(connection)
        self.uploads = Uploads(connection)
        self.pushes = Pushes(connection)
        self.reports = Reports(connection)
        self.authorities = Authorities(connection)
        self.gates = Gates(connection)
        self.preservation = Preservation(connection)
        self.report_rows = ReportRows(connection)
        self.jobs = Jobs(connection)
        self.doorbells = Doorbells(connection)
        self.workers = Workers(connection)
        self.custody = Custody(connection, signer)
        self.job_pages = JobPages(connection)
        self.read = ReadModels(connection)
        self.pages = PageModels(connection)
        self.referral_pages = ReferralPages(connection)
        self.dossier = DossierFacts(connection)
        self.figures = FigureReading(connection)
        self.claims = Claims(connection)
        self.decisions = Decisions(connection)
        self.opinions = Opinions(connection)
        self.viewings = Viewings(connection)
        self.exposures = Exposures(connection)
        self.outcomes = Outcomes(connection)
        self.people = People(connection)
        self.credentials = Credentials(connection)
        self.sessions = Sessions(connection)
        self.access = Access(connection)
        self.plans = Plans(connection)
        self.erasures = Erasures(connection)
        self.partings = Partings(connection)
        self.disclosures = Disclosures(connection)
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


@dataclass
class Mirroring:
    """How far this process has fed the mirror, and when it does so next, by its monotonic clock."""

    fed: int = 0
    next_at: float = 0.0


@dataclass(frozen=True)
class Store:
    """The database. `mirror` keeps a copy of the custody log's hashes outside it."""

    engine: Engine
    signer: LogSigner
    mirror: LogMirror
    meter: Meter = field(default_factory=Meter)
    mirroring: Mirroring = field(default_factory=Mirroring)
    _writers: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """A read transaction: one moment. It holds up nobody, but a long one keeps SQLite's log from being cut."""
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
                self._feed_mirror_in_time()

    def scour(self) -> None:
        """Leave no copy of rows that were deleted where the database itself keeps one, as far as it can say so.

        SQLite: its journal is written into the file, whose freed places are zeroed. PostgreSQL: old rows give way.
        """
        with telling_refusals(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("ROLLBACK")  # a checkpoint needs to be outside of any transaction
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("VACUUM sealed_object")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with telling_refusals(), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Bring the mirror up to date, if this process has written, and let go of the database."""
        if self.mirroring.fed:
            with suppress(Tampered):  # a mirror that disagrees has stopped this process's first write already
                self.feed_mirror()
        self.engine.dispose()

    def feed_mirror(self) -> None:
        """Bring the mirror up to the log's head. What it has of the latest records is compared, not only counted.

        Raises Tampered: `custody-head-broken` (the log itself lacks records), `witness-cut` (the mirror lacks more
        than a crash can take), `witness-ahead` (the database was put back or cut), `witness-disagrees`. Such a mirror
        is left as it is: an audit must see it.
        """
        view = self.mirror.view()
        with self._connected() as connection:
            custody = Custody(connection, self.signer)
            size, _ = custody.head()
            if view.size < view.settled:
                raise Tampered("witness-cut", "The custody log's witness was cut short; run an audit.")
            if view.size > size:
                raise Tampered("witness-ahead", "The database ends before its witness; run an audit.")
            start = min(view.size, max(self.mirroring.fed, size - _COMPARED))
            while start < size:
                end, checkpoint = custody.checkpoint_after(start, _COMPARED)
                leaves = custody.leaves(start, end - start)
                connection.rollback()
                if len(leaves) < end - start:
                    raise Tampered(
                        "custody-head-broken", "The custody log lacks records that were signed; run an audit."
                    )
                start = max(end, self.mirror.extend(start, leaves, checkpoint))
        self.mirroring.fed = size

    def _feed_mirror_in_time(self) -> None:
        if time.monotonic() >= self.mirroring.next_at:
            self.feed_mirror()
            self.mirroring.next_at = time.monotonic() + MIRROR_SECONDS
