"""Making finished reports into submissions with items, many in one unit: what one costs alone, a batch costs once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict
from triage.domain.items import ItemKind
from triage.domain.jobs import NewJob, Stage
from triage.domain.legal import Origin
from triage.domain.reports import Door, FileFacts, ReportFacts, least_viewed
from triage.domain.submissions import Delivery, Found
from triage.store.items import NewItem
from triage.store.kept_reports import Measured
from triage.store.unit_of_work import Unit

from .admitting import Admitted
from .sighting import Sighted, take_sighted
from .taking_items import AFTER_REFERENCE, Taken, first_jobs, take
from .taking_stated import StatedItem, TakenStated, take_stated_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFile:
    """A file of a report that is being finished. `sealed` is None where an item has these bytes, or nobody has.

    `sighted` is what was found in bytes that are not kept.
    """

    public_id: str
    position: int
    facts: FileFacts
    measured: Measured | None
    sealed: Mapping[str, Any] | None
    sighted: Sighted | None = None

    @property
    def is_kept(self) -> bool:
        """Whether its bytes are in the vault, or will be with this commit."""
        return self.measured is not None and self.sighted is None

    @property
    def found(self) -> Found:
        """Its occurrence. A name is data: it is kept as it was told, and nothing is ever opened by it."""
        size = self.measured.size if self.measured else 0
        name = self.facts.name or f"file-{self.position + 1}"
        return Found(name.encode(), size, 0, viewed=self.facts.viewed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A report that is being finished."""

    admitted: Admitted
    door: Door
    public_id: str
    reference: str | None
    facts: ReportFacts
    files: tuple[ReadyFile, ...]
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The submission that a report became, and its items by the public id of their file."""

    submission_id: int
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Written:
    """Submissions, items and occurrences of reports that are being finished in this unit; see `write_all`."""

    reports: Sequence[Ready]
    finished: Sequence[Finished]
    taken: Taken
    events: Sequence[CustodyEvent]
    jobs: Sequence[NewJob]


def write_all(unit: Unit, reports: Sequence[Ready], now: datetime, actor: str) -> Written:
    """Write submissions, items and occurrences of these reports, in their order. `record_all` is owed after it."""
    submissions = unit.submissions.add_received([_delivery(one) for one in reports], now)
    if len(submissions) < len(reports):
        raise Conflict("report-finished", "The report is finished already.")
    new = {one.public_id: [_new_item(file) for file in one.files if file.is_kept] for one in reports}
    taken = take(unit, [item for items in new.values() for item in items], now)
    sighted = _take_sighted(unit, reports, submissions, now, actor)
    stated, stated_ids = _take_stated(unit, reports, submissions, now, actor)
    finished = [
        Finished(
            submissions[_source(one)],
            {
                file.public_id: taken.ids[file.measured.digests.sha256]
                for file in one.files
                if file.measured and file.is_kept
            }
            | {file.public_id: sighted.ids[file.public_id] for file in one.files if file.sighted}
            | {file.public_id: stated_ids[file.public_id] for file in one.files if file.public_id in stated_ids},
        )
        for one in reports
    ]
    unit.submissions.add_occurrences_of(
        {done.submission_id: _places(one, done) for one, done in zip(reports, finished, strict=True)}
    )
    jobs = [*_jobs(reports, finished, new, taken), *sighted.jobs, *stated.jobs]
    return Written(reports, finished, taken, [*sighted.events, *stated.events], jobs)


def record_all(unit: Unit, written: Written, now: datetime, actor: str) -> None:
    """Write the custody records and first jobs: last in the unit, since the log's lock holds up everybody else."""
    if written.reports:
        events = _events(written.reports, written.finished, written.taken, now, actor)
        unit.custody.append([*events, *written.events])
        # After the custody record, whose lock lets one such commit after another: see `settling`.
        busy = {job.submission_id for job in written.jobs}
        unit.jobs.add([*written.jobs, *_links(unit, written.finished, busy)])


def _places(report: Ready, done: Finished) -> list[tuple[int, Found]]:
    """Its occurrences. A place that is told twice, perhaps once without bytes, is as little viewed as is said."""
    places: dict[tuple[int, bytes], Found] = {}
    for file in report.files:
        if file.public_id in done.items:
            key, found = (done.items[file.public_id], file.found.path), file.found
            before = places.setdefault(key, found)
            places[key] = replace(before, viewed=least_viewed(before.viewed, found.viewed))
    return [(item_id, found) for (item_id, _), found in places.items()]


@dataclass(slots=True)
class _Sighted:
    """Items of files that are not kept, by the public id of the file."""

    ids: dict[str, int] = field(default_factory=dict)
    jobs: list[NewJob] = field(default_factory=list)
    events: list[CustodyEvent] = field(default_factory=list)


def _take_sighted(
    unit: Unit, reports: Sequence[Ready], submissions: Mapping[bytes, int], now: datetime, actor: str
) -> _Sighted:
    found = _Sighted()
    for one in reports:
        files = [(file.public_id, file.sighted) for file in one.files if file.sighted]
        if files:
            taken = take_sighted(unit, submissions[_source(one)], [sighted for _, sighted in files], now, actor)
            ids = zip(files, taken.item_ids, strict=True)
            found.ids |= {public_id: item_id for (public_id, _), item_id in ids if item_id is not None}
            found.jobs += taken.jobs
            found.events += taken.events
    return found


def _take_stated(
    unit: Unit, reports: Sequence[Ready], submissions: Mapping[bytes, int], now: datetime, actor: str
) -> tuple[TakenStated, dict[str, int]]:
    """Items of files of which only digests are told; also by the public id of the file."""
    told = [(submissions[_source(one)], file) for one in reports for file in one.files if not file.measured]
    if not told:
        return TakenStated((), frozenset(), (), ()), {}
    told_of = [
        (submission_id, StatedItem(file.facts.digests, file.facts.fingerprints)) for submission_id, file in told
    ]
    taken = take_stated_of(unit, told_of, now, actor)
    ids = {file.public_id: one for (_, file), one in zip(told, taken.item_ids, strict=True) if one is not None}
    return taken, ids


def _delivery(report: Ready) -> Delivery:
    sender = report.admitted.sender
    return Delivery(
        case_ref=f"{sender.name}/{report.reference or report.public_id}",
        exhibit_ref=report.public_id,
        basis=sender.legal.acquired_under,
        source=_source(report),
        origin=Origin(sender.kind.value),
        may_share_with=sender.legal.may_share_with,
        handling=sender.legal.handling,
    )


def _source(report: Ready) -> bytes:
    return f"report:{report.public_id}".encode()


def _new_item(file: ReadyFile) -> NewItem:
    measured = file.measured
    assert measured
    return NewItem(measured.digests, measured.size, measured.kind, 0, sealed=file.sealed)


def _jobs(
    reports: Sequence[Ready], finished: Sequence[Finished], new: Mapping[str, Sequence[NewItem]], taken: Taken
) -> list[NewJob]:
    """First jobs of each submission. An item that two reports bring at once is examined for the first."""
    jobs: list[NewJob] = []
    left = dict(taken.fresh)
    for one, done in zip(reports, finished, strict=True):
        items = set(done.items.values())
        fresh = {item_id: left.pop(item_id) for item_id in sorted(items & left.keys())}
        containers = {
            taken.ids[item.digests.sha256]: item.size
            for item in new[one.public_id]
            if item.kind is ItemKind.CONTAINER
        }
        jobs += first_jobs(done.submission_id, fresh, containers)
    return jobs


def _links(unit: Unit, finished: Sequence[Finished], working: set[int]) -> list[NewJob]:
    """LINK for those that wait for nothing: all of their items have answers, or they have none."""
    idle = [done for done in finished if done.submission_id not in working]
    pending = unit.items.pending_among(sorted({item for done in idle for item in done.items.values()}))
    return [NewJob(Stage.LINK, done.submission_id) for done in idle if not pending.intersection(done.items.values())]


def _events(
    reports: Sequence[Ready], finished: Sequence[Finished], taken: Taken, now: datetime, actor: str
) -> list[CustodyEvent]:
    events: list[CustodyEvent] = []
    news = {**taken.fresh, **taken.sealed_now}
    left = set(news)
    for one, done in zip(reports, finished, strict=True):
        details: dict[str, str | int | None] = {
            "step": "complete",
            "report": one.public_id,
            "sender": one.admitted.sender.id,
            "key": one.admitted.key.id,
            "door": one.door.value,
            "basis": one.admitted.sender.legal.acquired_under,
            "files": len(one.files),
            "receipt": one.receipt.hex(),
        }
        events.append(_event(now, actor, CustodyAction.RECEIVED, f"submission:{done.submission_id}", details))
        for item_id in sorted(left.intersection(done.items.values())):
            left.remove(item_id)
            sealed: dict[str, str | int | None] = {
                "submission": done.submission_id,
                "sha256": news[item_id].digests.sha256.hex(),
                "size": news[item_id].size,
                **(AFTER_REFERENCE if item_id in taken.sealed_now else {}),
            }
            events.append(_event(now, actor, CustodyAction.SEALED, f"item:{item_id}", sealed))
    return events


def _event(
    now: datetime, actor: str, action: CustodyAction, subject: str, details: Mapping[str, str | int | None]
) -> CustodyEvent:
    return CustodyEvent(now, actor, action, subject, "report", details)
