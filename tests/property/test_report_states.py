"""A report's states under any order of requests: hypothesis against the real service, on SQLite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from sqlalchemy import func, select

from tests.reported import Desk, file_of, report_of
from triage.domain.checkpoints import LogSigner
from triage.domain.errors import Conflict, TriageError
from triage.domain.reports import FileFacts, ReportState
from triage.services.report_answers import ReportStatus
from triage.store.engine import open_engine
from triage.store.intake_tables import report as kept_report
from triage.store.intake_tables import upload
from triage.store.schema import upgrade_schema
from triage.store.tables import sealed_object, submission
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror


@cache
def _template() -> Path:
    """An empty database, migrated once."""
    path = Path(tempfile.mkdtemp()) / "template.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CONTENTS = st.sampled_from([b"one", b"two", b"three", None])


class Reports(RuleBasedStateMachine):
    """What each report should be is kept beside it; the service must say the same."""

    reports: Bundle[str] = Bundle("reports")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        shutil.copyfile(_template(), path / "triage.sqlite3")
        signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        store = Store(open_engine(f"sqlite:///{path / 'triage.sqlite3'}"), signer, LogMirror.create(path / "witness"))
        self.desk = Desk.over(store, path)
        self.taking = self.desk.taking
        self.sender = self.desk.sender()
        self.expected: dict[str, ReportState] = {}
        self.times: dict[str, tuple[datetime, datetime]] = {}
        self.files: dict[str, list[bytes | None]] = {}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.taking.preparing.writers.close()
            self.desk.store.close()
            self.folder.cleanup()

    @rule(target=reports, data=CONTENTS)
    def open(self, data: bytes | None) -> str:
        files = () if data is None else (file_of(data),)
        [status] = self.taking.take([report_of(self.sender, *files, finish=False)])
        assert isinstance(status, ReportStatus)
        self._begin(status.public_id, ReportState.OPEN, [data] if files else [])
        return status.public_id

    @rule(target=reports, data=CONTENTS)
    def hand_in_whole(self, data: bytes | None) -> str:
        files = () if data is None else (file_of(data),)
        [status] = self.taking.take([report_of(self.sender, *files)])
        assert isinstance(status, ReportStatus)
        self._begin(status.public_id, ReportState.FINISHED, [data] if files else [])
        return status.public_id

    @rule(report=reports, data=CONTENTS)
    def add(self, report: str, data: bytes | None) -> None:
        if self._goes(report, lambda: self.taking.add_file(self.sender, report, FileFacts(), data)):
            self.files[report].append(data)
            self.times[report] = self.times[report][0], self.desk.clock.now

    @rule(report=reports)
    def finish(self, report: str) -> None:
        if self._goes(report, lambda: self.taking.finish(self.sender, report)):
            self.expected[report] = ReportState.FINISHED

    @rule(report=consumes(reports))
    def retract(self, report: str) -> None:
        if self._goes(report, lambda: self.taking.retract(self.sender, report)):
            self.expected[report] = ReportState.RETRACTED

    @rule(hours=st.sampled_from([0.5, 12, 23.5]))
    def wait(self, hours: float) -> None:
        self.desk.clock.pass_(timedelta(hours=hours))
        for report, state in self.expected.items():
            opened, changed = self.times[report]
            if state is ReportState.OPEN and max(opened + DAY, changed + HOUR) <= self.desk.clock.now:
                self.expected[report] = ReportState.EXPIRED

    @rule()
    def sweep(self) -> None:
        """Afterwards nobody finds an expired report open, or its bytes."""
        self.taking.sweep()
        still_open = {one for one, state in self.expected.items() if state is ReportState.OPEN}
        assert set(self.unswept()) == still_open

    @invariant()
    def every_report_is_in_its_state(self) -> None:
        for report, state in self.expected.items():
            status = self.taking.status(self.sender, report)
            assert status.state is state
            assert len(status.files) == len(self.files[report])
            assert (status.receipt is not None) == (state is ReportState.FINISHED)

    @invariant()
    def only_finished_reports_are_evidence(self) -> None:
        finished = [report for report, state in self.expected.items() if state is ReportState.FINISHED]
        contents = {data for report in finished for data in self.files[report] if data is not None}
        with self.desk.store.reading() as unit:
            count = select(func.count())
            assert unit.connection.execute(count.select_from(submission)).scalar_one() == len(finished)
            assert unit.connection.execute(count.select_from(sealed_object)).scalar_one() == len(contents)

    @invariant()
    def bytes_wait_for_open_reports_alone(self) -> None:
        """And what waits, or has waited, of an ended report can be opened by nobody."""
        both = select(func.count()).select_from(upload.join(kept_report, kept_report.c.id == upload.c.report_id))
        with self.desk.store.reading() as unit:
            found = both.where(kept_report.c.state != "open", upload.c.state == "arrived")
            assert unit.connection.execute(found).scalar_one() == 0

    def unswept(self) -> list[str]:
        """Reports whose time has come, and which nobody has let go of yet."""
        with self.desk.store.reading() as unit:
            return list(
                unit.connection.execute(
                    select(kept_report.c.public_id).where(kept_report.c.state == "open")
                ).scalars()
            )

    def _begin(self, report: str, state: ReportState, files: list[bytes | None]) -> None:
        self.expected[report], self.files[report] = state, files
        self.times[report] = self.desk.clock.now, self.desk.clock.now

    def _goes(self, report: str, attempt: Callable[[], object]) -> bool:
        """Whether it went, which it must exactly where the report is open."""
        refusal = _refusal(attempt)
        if refusal is None:
            assert self.expected[report] is ReportState.OPEN
            return True
        assert isinstance(refusal, Conflict)
        assert refusal.code == f"report-{self.expected[report].value}"
        return False


def _refusal(attempt: Callable[[], object]) -> TriageError | None:
    try:
        attempt()
    except TriageError as error:
        return error
    return None


TestReports = Reports.TestCase
TestReports.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
