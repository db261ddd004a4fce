"""What reports say, counted: identifiers as rows, and the facts that priority rules and pages take from reports.

Only finished reports count: until then a report has no submission. Nothing here is a name or a number of a person
except `subjects`, which a page of facts shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, String, and_, case, cast, func, not_, select

from triage.domain.finished_reports import OF_A_FILE, FinishedReport, reported_identifiers
from triage.domain.legal import Origin
from triage.domain.preservation import NETWORK_OPERATOR
from triage.domain.reports import FileMark, IdentifierKind, Role, Viewed

from .intake_tables import preservation, report, reported_file, reported_identifier
from .rows import among, insert_all
from .tables import item, occurrence, submission

MANY_REPORTS = 10
"""An item that at least so many reports outside its network hold too is widely reported."""

_NOT_COUNTED = ("container", "known-good", "pending")  # as `items` counts
_ACCOUNTS = (IdentifierKind.ACCOUNT, IdentifierKind.SCREEN_NAME)
_OF_SUBJECTS = (Role.SUBJECT.value, OF_A_FILE)  # whoever sent a file is whom the report is about
_SENDERS = (Origin.PROVIDER.value, Origin.HOTLINE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounts:
    """What the reports of some submissions say of files and law, counted."""

    reports: int
    files: int
    viewed: dict[str, int]  # by a person at the sender: yes, no, unknown → files
    classifications: dict[str, int]  # the sender's own, with its scheme → files
    marks: dict[str, int]  # what the sender marks files as → files


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIdentifier:
    """One identifier of a subject as a page lists it, and in how many of these reports it is."""

    role: str
    kind: str
    value: str
    service: str
    country: str
    reports: int


@dataclass(frozen=True, slots=True)
class ReportRows:
    """Access within one unit of work."""

    connection: Connection

    def add_identifiers(self, finished: Sequence[FinishedReport]) -> None:
        """The identifiers of reports that are finished in this unit."""
        insert_all(
            self.connection,
            reported_identifier,
            [
                {
                    "report_id": one.report_id,
                    "submission_id": one.submission_id,
                    "party": told.party,
                    "role": told.role,
                    "kind": told.kind,
                    "value": told.value,
                    "normal": told.normal,
                    "service": told.service,
                    "event": told.event,
                    "at": told.at,
                    "port": told.port,
                    "country": told.country,
                }
                for one in finished
                for told in reported_identifiers(one)
            ],
        )

    def counts(self, submission_ids: Sequence[int]) -> ReportCounts:
        """Counts for a page: of reports and their files, however many items they gave."""
        of_reports = among(self.connection, report.c.submission_id, submission_ids)
        mark = reported_file.c.facts["marks"].as_string()
        marked = [func.sum(case((_has(mark, one), 1), else_=0)) for one in FileMark]
        files = select(func.count(), *marked).select_from(reported_file).join(report).where(of_reports)
        totals = self.connection.execute(files).one()
        viewed = self._by_word(reported_file.c.viewed, of_reports)
        return ReportCounts(
            reports=self.connection.execute(select(func.count()).select_from(report).where(of_reports)).scalar_one(),
            files=totals[0],
            viewed={word.value: viewed.get(word.value, 0) for word in Viewed},
            classifications=self._by_word(reported_file.c.facts["classification"].as_string(), of_reports),
            marks={one.value: int(count) for one, count in zip(FileMark, totals[1:], strict=True) if count},
        )

    def _by_word(self, column: Any, of_reports: Any) -> dict[str, int]:
        said = select(column.label("word")).select_from(reported_file).join(report).where(of_reports).subquery()
        rows = self.connection.execute(
            select(said.c.word, func.count()).where(said.c.word.is_not(None)).group_by(said.c.word)
        )
        return {row[0]: int(row[1]) for row in sorted(rows)}

    def subjects(self, submission_ids: Sequence[int], limit: int) -> list[ShownIdentifier]:
        """Identifiers of subjects and files, those in the most reports first. Never those of a child or reporter."""
        rows = reported_identifier
        reports = func.count(rows.c.report_id.distinct())
        found = self.connection.execute(
            select(
                func.min(rows.c.role).label("role"),
                rows.c.kind,
                func.min(rows.c.value).label("value"),
                func.min(rows.c.service).label("service"),
                func.max(rows.c.country).label("country"),
                reports.label("reports"),
            )
            .where(among(self.connection, rows.c.submission_id, submission_ids), rows.c.role.in_(_OF_SUBJECTS))
            .group_by(rows.c.kind, rows.c.normal)
            .order_by(reports.desc(), rows.c.kind, rows.c.normal)
            .limit(limit)
        )
        return [ShownIdentifier(**row) for row in found.mappings()]


def count_report_facts(connection: Connection, submission_ids: Sequence[int], today: date) -> dict[str, Any]:
    """The facts of `ReferralFacts` that have their source in reports; {} where no submission is a report.

    Each is defined in docs/priority.md.
    """
    named = among(connection, submission.c.id, submission_ids)
    found = connection.execute(select(submission.c.id).where(named, submission.c.origin.in_(_SENDERS)))
    reported = list(found.scalars())
    if not reported:
        return {}
    return {
        **_from_incidents(connection, reported),
        **_from_identifiers(connection, reported, today),
        **_from_files(connection, reported, submission_ids),
    }


def _from_incidents(connection: Connection, reported: Sequence[int]) -> dict[str, Any]:
    """One row for each distinct list of types."""
    types = report.c.facts["incident"]["types"].as_string().label("types")
    escalated = case((report.c.facts["incident"]["escalated"].as_boolean().is_(True), 1), else_=0).label("escalated")
    said = select(types, escalated).where(among(connection, report.c.submission_id, reported)).subquery()
    rows = connection.execute(select(said.c.types, func.max(said.c.escalated)).group_by(said.c.types)).all()
    words = {word for row in rows for word in json.loads(row[0] or "[]")}
    return {"incident_types": tuple(sorted(words)), "reporter_escalated": any(row[1] for row in rows)}


def _from_identifiers(connection: Connection, reported: Sequence[int], today: date) -> dict[str, Any]:
    """One walk over the network's own rows: a condition on their kind would let a database walk all of that kind."""
    rows = reported_identifier
    is_account = case((rows.c.kind == IdentifierKind.ACCOUNT, 1), else_=0)
    said = (
        select(
            rows.c.kind,
            rows.c.normal,
            rows.c.port,
            rows.c.at,
            func.max(is_account).over(partition_by=(rows.c.report_id, rows.c.party)).label("with_account"),
        )
        .where(among(connection, rows.c.submission_id, reported), rows.c.role != Role.REPORTER.value)
        .subquery()
    )

    def distinct(kind: IdentifierKind, value: Any = said.c.normal, *conditions: Any) -> Any:
        return func.count(case((and_(said.c.kind == kind, *conditions), value)).distinct())

    pair = said.c.normal + " " + cast(said.c.port, String)
    ids, names, phones, emails, addresses = connection.execute(
        select(
            distinct(IdentifierKind.ACCOUNT),
            distinct(IdentifierKind.SCREEN_NAME, said.c.normal, said.c.with_account == 0),
            distinct(IdentifierKind.PHONE),
            distinct(IdentifierKind.EMAIL),
            distinct(IdentifierKind.IP, pair, said.c.port.is_not(None), said.c.at.is_not(None)),
        )
    ).one()
    return {
        "accounts": ids + names,
        "phones": phones,
        "emails": emails,
        "ips_with_port": addresses,
        "fresh_ips_with_port": _fresh(connection, reported, today),
        "child_accounts_in_several_reports": _children_again(connection, reported),
        "agreeing_jurisdiction_signs": _agreeing(connection, reported),
    }


def _fresh(connection: Connection, reported: Sequence[int], today: date) -> int:
    """Addresses with port whose operator keeps them still, by the estimate that was made when the report came."""
    fresh = func.count(preservation.c.identifier.distinct())
    query = select(fresh).where(
        among(connection, preservation.c.submission_id, reported),
        preservation.c.holder == NETWORK_OPERATOR,
        preservation.c.identifier.like("% port %"),
        preservation.c.expires_on >= today,
    )
    return connection.execute(query).scalar_one()


def _children_again(connection: Connection, reported: Sequence[int]) -> int:
    """Accounts of children here that at least two finished reports name, wherever; a reporter's naming is none."""
    rows = reported_identifier
    here = (
        select(rows.c.normal)
        .where(
            among(connection, rows.c.submission_id, reported),
            rows.c.role == Role.CHILD.value,
            rows.c.kind.in_(_ACCOUNTS),
        )
        .distinct()
    )
    again = (
        select(rows.c.normal)
        .where(
            rows.c.kind.in_(_ACCOUNTS),
            rows.c.normal.in_(here),
            rows.c.submission_id.is_not(None),
            rows.c.role != Role.REPORTER.value,
        )
        .group_by(rows.c.normal)
        .having(func.count(rows.c.report_id.distinct()) >= 2)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(again)).scalar_one()


def _agreeing(connection: Connection, reported: Sequence[int]) -> int:
    """Kinds of identifiers of subjects and files that name one country: of the country that the most kinds name.

    Ten addresses of one country are one sign: they have one source.
    """
    rows = reported_identifier
    kinds = (
        select(func.count(rows.c.kind.distinct()).label("kinds"))
        .where(among(connection, rows.c.submission_id, reported), rows.c.role.in_(_OF_SUBJECTS), rows.c.country != "")
        .group_by(rows.c.country)
        .subquery()
    )
    return connection.execute(select(func.max(kinds.c.kinds))).scalar_one_or_none() or 0


def _from_files(connection: Connection, reported: Sequence[int], network: Sequence[int]) -> dict[str, Any]:
    """Items by what senders mark them as, where every report here that has the item says so; and by how widely."""
    mark = reported_file.c.facts["marks"].as_string()
    flags = [case((_has(mark, one), 1), else_=0) for one in (FileMark.GENERATED, FileMark.MEME)]
    each = (
        select(func.min(flags[0]).label("generated"), func.min(flags[1]).label("meme"))
        .select_from(reported_file)
        .join(report, report.c.id == reported_file.c.report_id)
        .join(item, item.c.id == reported_file.c.item_id)
        .where(among(connection, report.c.submission_id, reported), item.c.outcome.not_in(_NOT_COUNTED))
        .group_by(reported_file.c.item_id)
        .subquery()
    )
    marked = connection.execute(select(func.sum(each.c.generated), func.sum(each.c.meme))).one()
    return {
        "marked_generated": int(marked[0] or 0),
        "marked_meme": int(marked[1] or 0),
        "widely_reported": _widely(connection, network),
    }


def _widely(connection: Connection, network: Sequence[int]) -> int:
    inside = among(connection, occurrence.c.submission_id, network)
    here = (
        select(item.c.id)
        .join(occurrence, occurrence.c.item_id == item.c.id)
        .where(inside, item.c.outcome.not_in(_NOT_COUNTED))
    )
    elsewhere = (
        select(occurrence.c.item_id)
        .join(submission, submission.c.id == occurrence.c.submission_id)
        .where(occurrence.c.item_id.in_(here), submission.c.origin.in_(_SENDERS), not_(inside))
        .group_by(occurrence.c.item_id)
        .having(func.count(occurrence.c.submission_id.distinct()) >= MANY_REPORTS)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(elsewhere)).scalar_one()


def _has(marks: Any, mark: FileMark) -> Any:
    """Whether a list of words in JSON, as text, has the word; the words have no quotation marks in them."""
    return marks.like(f'%"{mark.value}"%')
