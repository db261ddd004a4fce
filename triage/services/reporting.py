"""Reporting: what is known of a submission, counted and laid out for a person. Opens no evidence: it has no vault."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from hashsets.library import Library, ReleaseInfo
from hashsets.vocabulary import Transform
from triage.domain.checkpoints import verify
from triage.domain.contradictions import contradictions
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.legal import Sharing
from triage.domain.linking_rules import LinkRules
from triage.domain.links import too_common
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Because
from triage.domain.rematches import EndedMatch
from triage.domain.reports import FileMark, IncidentType, Viewed
from triage.domain.retention import HolderKind
from triage.exporters.dossier import (
    ArchiveUse,
    CameraUse,
    Disagreement,
    EndedSetMatch,
    Heading,
    LookAlikes,
    Method,
    PlaceUse,
    ReferralSummary,
    ReleaseUse,
    ReportedFacts,
    SetMatches,
    SubmissionDossier,
    Totals,
)
from triage.store.dossier_facts import MOST_ROWS, DossierFacts
from triage.store.dossier_lines import MatchLine
from triage.store.read_models import SubmissionStatus
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .legal_pages import Reported, legal_part, reported_part


@dataclass(frozen=True)
class Reporting:
    """Makes reports without image bytes and file names, each with its place in the custody log."""

    store: Store
    library: Library
    policy: MatchPolicy
    rules: LinkRules
    clock: Clock
    actor: str
    tool_version: str

    def report(self, submission_id: int, receiver: str = "") -> bytes:
        """The report as one HTML page, recorded before it is handed out. Raises NotFound, Tampered.

        With a `receiver` (a country or an agency) outside of the house it is made only where the submission may be
        shared with them: Refused `may-not-share`.

        The page shows the log as it stood before; the record made here holds the page's SHA-256, so that a page
        can later be shown to be the one that was made.
        """
        dossier = self.dossier(submission_id)
        if receiver:
            heading = dossier.heading
            Sharing(heading.may_share_with, heading.handling).require(receiver)
            dossier = replace(dossier, heading=replace(heading, receiver=receiver))
        from triage.exporters.html_report import render_report  # noqa: PLC0415 - keeps other commands quick

        page = render_report(dossier)
        details: dict[str, str | int | None] = {
            "report_sha256": hashlib.sha256(page).hexdigest(),
            "bytes": len(page),
            "log_size": dossier.heading.checkpoint.size if dossier.heading.checkpoint else 0,
        }
        if receiver:
            details["receiver"] = receiver
        event = CustodyEvent(
            dossier.heading.produced_at,
            self.actor,
            CustodyAction.REPORTED,
            f"submission:{submission_id}",
            "report",
            details,
        )
        with self.store.writing() as unit:
            unit.custody.append([event])
            unit.commit()
        return page

    def dossier(self, submission_id: int) -> SubmissionDossier:
        """Everything that the report shows. Raises NotFound; Tampered when the log's checkpoint is not ours."""
        now = self.clock()
        releases = self.library.releases()
        with self.store.reading() as unit:
            heading = self._heading(unit, submission_id, now)
            status = unit.read.status(submission_id)
            facts = unit.dossier
            matches = facts.matches(submission_id)
            nearness = facts.nearness(submission_id)
            captured = facts.captured(submission_id)
            legal = legal_part(unit, [submission_id], now, limit=0)
            reported = reported_part(unit, [submission_id], now, limit=0)
            return SubmissionDossier(
                heading=heading,
                totals=Totals(facts.files(submission_id), status.occurrences, status.items, status.bytes),
                outcomes={Outcome(name): count for name, count in status.outcomes.items()},
                method=Method(
                    self.policy,
                    _releases(releases, facts.releases_asked([submission_id])),
                    tuple(facts.tools(submission_id)),
                ),
                referrals=self._referrals(facts, submission_id),
                closed_without_viewing=status.closed_without_viewing,
                do_not_render=legal.do_not_render,
                reported=_reported(reported) if reported else None,
                preservation={
                    HolderKind(word): count for word, count in unit.preservation.count([submission_id]).items()
                },
                preserve_until=legal.preserve_until,
                matches=tuple(_set_matches(line) for line in matches),
                ended=tuple(_ended(found) for found in unit.matches.ended([submission_id], MOST_ROWS)),
                ended_count=unit.matches.ended_count([submission_id]),
                held_back={Because(code): count for code, count in status.held_back.items()},
                disagreements=_disagreements(unit, submission_id),
                distances=_distances(nearness),
                transforms=_transforms(nearness),
                look_alikes=_look_alikes(facts, submission_id),
                cameras=_cameras(facts, submission_id),
                places=_places(facts, submission_id),
                archives=_archives(facts, submission_id),
                captured=captured,
                undated=status.items - sum(captured.values()),
                notes=_notes(status),
            )

    def _heading(self, unit: Unit, submission_id: int, now: datetime) -> Heading:
        submission = unit.submissions.get(submission_id)
        _, note = unit.custody.head()
        return Heading(
            submission=f"S-{submission.id}",
            case_ref=submission.delivery.case_ref,
            exhibit_ref=submission.delivery.exhibit_ref,
            basis=submission.delivery.basis,
            received_at=submission.received_at,
            produced_at=now,
            tool_version=self.tool_version,
            origin=submission.delivery.origin,
            handling=submission.delivery.handling,
            may_share_with=submission.delivery.may_share_with,
            checkpoint=verify(note, self.store.signer.verifier) if note else None,
            signed_checkpoint=note,
        )

    def _referrals(self, facts: DossierFacts, submission_id: int) -> tuple[ReferralSummary, ...]:
        """The referral that holds the submission, or nothing: a submission is in one network."""
        found = facts.referral_of(submission_id)
        if found is None:
            return ()
        common = facts.common_traits(found.id, self.rules.most_members)
        return (
            ReferralSummary(
                label=f"R-{found.id}",
                assessment=found.assessment,
                submissions=tuple(f"S-{one}" for one in found.submissions),
                items=found.items,
                earliest_expiry=found.earliest_expiry,
                joined_because=tuple(
                    f"S-{join.low} and S-{join.high}: {join.because}" for join in facts.joins(found.id)
                ),
                links_nothing=tuple(
                    f"{one.because}. {too_common(one.kind, one.members, self.rules)}" for one in common
                ),
            ),
        )


def _reported(found: Reported) -> ReportedFacts:
    facts = {name: int(value) for name, value in found.facts.items() if name != "incident_types"}
    said = found.counts
    return ReportedFacts(
        files=said.files,
        viewed={Viewed(word): count for word, count in said.viewed.items()},
        classifications=said.classifications,
        marks={FileMark(word): count for word, count in said.marks.items()},
        facts=facts,
        incident_types=tuple(map(IncidentType, found.facts["incident_types"])),
    )


def _set_matches(line: MatchLine) -> SetMatches:
    return SetMatches(
        line.set_name,
        line.release_id,
        line.set_kind,
        line.category,
        line.series,
        line.exact,
        line.near,
        line.without_effect,
    )


def _disagreements(unit: Unit, submission_id: int) -> tuple[Disagreement, ...]:
    found = contradictions(unit.matches.exact_of_several_releases([submission_id]), items_named=0)
    return tuple(
        Disagreement(
            one.kind, tuple((said.set_name, said.set_kind, said.category or None) for said in one.says), one.items
        )
        for one in found
    )


def _ended(found: EndedMatch) -> EndedSetMatch:
    candidate = found.match.candidate
    return EndedSetMatch(
        f"I-{found.match.item_id}",
        candidate.set_name,
        candidate.release_id,
        candidate.entry_key,
        found.ended_at,
        found.because,
    )


def _releases(releases: list[ReleaseInfo], asked: set[str]) -> tuple[ReleaseUse, ...]:
    """Those that the submission's items were compared with, whether or not they are in force now."""
    return tuple(
        ReleaseUse(
            release.set_name,
            release.release_id,
            release.set_kind,
            release.source,
            release.counts.entries,
            datetime.fromisoformat(release.created),
            release.not_comparable,
        )
        for release in releases
        if release.release_id in asked
    )


def _distances(nearness: dict[tuple[int, Transform], int]) -> dict[int, int]:
    distances: dict[int, int] = {}
    for (distance, _), count in nearness.items():
        distances[distance] = distances.get(distance, 0) + count
    return distances


def _transforms(nearness: dict[tuple[int, Transform], int]) -> dict[Transform, int]:
    transforms: dict[Transform, int] = {}
    for (_, transform), count in nearness.items():
        transforms[transform] = transforms.get(transform, 0) + count
    return transforms


def _look_alikes(facts: DossierFacts, submission_id: int) -> tuple[LookAlikes, ...]:
    """A group is called after its centre: both stay what they are when later submissions join in."""
    return tuple(
        LookAlikes(f"G-{group.centre_id}", f"I-{group.centre_id}", group.items, group.farthest)
        for group in facts.look_alikes(submission_id)
    )


def _cameras(facts: DossierFacts, submission_id: int) -> tuple[CameraUse, ...]:
    return tuple(
        CameraUse(use.make, use.model, use.serial, use.items, use.first, use.last)
        for use in facts.cameras(submission_id)
    )


def _places(facts: DossierFacts, submission_id: int) -> tuple[PlaceUse, ...]:
    return tuple(
        PlaceUse(use.latitude, use.longitude, use.items, use.first, use.last) for use in facts.places(submission_id)
    )


def _archives(facts: DossierFacts, submission_id: int) -> tuple[ArchiveUse, ...]:
    return tuple(ArchiveUse(f"I-{archive}", members) for archive, members in facts.archives(submission_id).items())


def _notes(status: SubmissionStatus) -> dict[NoteCode, int]:
    """Notes on items and on places at the source together: the reader asks what is missing, not from which table."""
    counts: dict[NoteCode, int] = {}
    for notes in (status.processing_notes, status.source_notes):
        for code, count in notes.items():
            counts[NoteCode(code)] = counts.get(NoteCode(code), 0) + count
    return counts
