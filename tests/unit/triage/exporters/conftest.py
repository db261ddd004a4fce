"""Made-up dossiers: a full one, as a real submission would give, and an empty one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hashsets.disputes import DisputeKind
from hashsets.reports import NotComparable
from hashsets.vocabulary import SetKind, Transform
from triage.domain.checkpoints import Checkpoint
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.legal import Handling, Origin
from triage.domain.match_policy import MatchPolicy, Nearness
from triage.domain.matches import Because
from triage.domain.priority import Assessment, Axis, Reason
from triage.domain.rematches import EndedBecause
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

PRODUCED = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
CLOCK = datetime(2026, 3, 12, 16, 30)  # noqa: DTZ001  # a camera's wall clock has no zone

ASSESSMENT = Assessment(
    danger=3,
    solvability=2,
    network=2,
    clock=0,
    reasons=(
        Reason(Axis.DANGER, 3, "camera-originals", "62 unmatched items carry traces of the camera that made them"),
        Reason(Axis.DANGER, 2, "recent", "28 items not exactly known were captured in the last 30 days"),
        Reason(Axis.DANGER, 3, "jokes", "The reporter marked 3 items as circulating jokes", lowers=True),
        Reason(Axis.SOLVABILITY, 2, "serial-and-place", "One camera body with a serial, together with a position"),
        Reason(Axis.NETWORK, 2, "two-cases", "2 cases meet in this network"),
    ),
    sort_key="0000-9999999-999999937-999999876",
    edition="2026-11-22",
)


@pytest.fixture
def empty_dossier() -> SubmissionDossier:
    """A submission that has just been opened: nothing received, no set enabled, no checkpoint."""
    return SubmissionDossier(
        heading=Heading("S-9", "SYNTH-0", "EXH-0", "Synthetic warrant 0/2026", None, PRODUCED, "0.1.0"),
        totals=Totals(),
        outcomes={},
        method=Method(MatchPolicy("2026-11-22")),
    )


@pytest.fixture
def full_dossier() -> SubmissionDossier:
    """A submission with something in every section."""
    bangkok = timezone(timedelta(hours=7))
    return SubmissionDossier(
        heading=Heading(
            submission="S-1",
            case_ref="SYNTH-2026-014 คดีตัวอย่าง",
            exhibit_ref="EXH-A",
            basis="หมายค้นตัวอย่าง ก/2569 · Synthetic warrant A/2026 (demo; no real case)",
            received_at=datetime(2026, 3, 16, 15, 2, tzinfo=bangkok),
            produced_at=PRODUCED,
            tool_version="0.1.0",
            origin=Origin.PROVIDER,
            handling=(Handling.H1, Handling.H2),
            may_share_with=("TH", "<i>Agency</i>"),
            checkpoint=Checkpoint("triage.example/custody", 1204, bytes(range(32))),
        ),
        totals=Totals(files=182, occurrences=197, items=182, bytes=31_524_376),
        outcomes={
            Outcome.KNOWN: 12,
            Outcome.NEAR: 20,
            Outcome.UNKNOWN: 124,
            Outcome.KNOWN_GOOD: 8,
            Outcome.TOO_POOR: 10,
            Outcome.UNDECODABLE: 6,
            Outcome.CONTAINER: 2,
        },
        closed_without_viewing=20,
        do_not_render=3,
        reported=ReportedFacts(
            files=9,
            viewed={Viewed.YES: 6, Viewed.NO: 2, Viewed.UNKNOWN: 1},
            classifications={"ncmec:B2": 1, "<b>own</b>:A1": 5},
            marks={FileMark.MEME: 2},
            facts={"accounts": 4, "emails": 0, "fresh_ips_with_port": 1},
            incident_types=(IncidentType.ENTICEMENT, IncidentType.MATERIAL),
        ),
        preservation={HolderKind.TRAFFIC_DATA: 3, HolderKind.REPORT_CONTENT: 1},
        preserve_until=date(2026, 6, 10),
        referrals=(
            ReferralSummary(
                label="R-1",
                assessment=ASSESSMENT,
                submissions=("S-1", "S-2"),
                items=206,
                earliest_expiry=date(2026, 6, 10),
                joined_because=(
                    "S-1 and S-2: same camera body: SYNTHCAM SC-12 PRO, serial SC12-004711",
                    "S-1 and S-2: 2 unmatched items lie in both",
                ),
                links_nothing=("One position is held by 5,000 items or more",),
            ),
        ),
        matches=(
            SetMatches("synthetic-near", "rel-2b90c4", SetKind.KNOWN, None, None, near=20),
            SetMatches("synthetic-known", "rel-8f21aa", SetKind.KNOWN, "1", "Synthetic series A", exact=12),
            SetMatches("synthetic-good", "rel-77d0e1", SetKind.KNOWN_GOOD, None, None, exact=8),
        ),
        ended=(
            EndedSetMatch("I-9", "synthetic-known", "rel-7a1200", "17", PRODUCED, EndedBecause.RETRACTED),
            EndedSetMatch("I-8", "synthetic-near", "rel-2b90c4", "v-45ed", PRODUCED, EndedBecause.DECIDED),
        ),
        ended_count=2,
        held_back={Because.LITTLE_INFORMATION: 12, Because.ALLOWED_NEARER: 1},
        disagreements=(
            Disagreement(
                DisputeKind.CATEGORIES_DIFFER,
                (("synthetic-known", SetKind.KNOWN, "us:1"), ("synthetic-other", SetKind.KNOWN, "us:2")),
                3,
            ),
            Disagreement(
                DisputeKind.KNOWN_AND_KNOWN_GOOD,
                (("synthetic-good", SetKind.KNOWN_GOOD, None), ("synthetic-known", SetKind.KNOWN, "us:1")),
                1,
            ),
        ),
        distances={0: 6, 2: 5, 6: 4, 12: 3, 18: 1, 22: 1},
        transforms={Transform.IDENTITY: 12, Transform.ROTATE_90: 4, Transform.FLIP_Y: 4},
        look_alikes=(LookAlikes("G-2", "I-140", 6, 8), LookAlikes("G-1", "I-121", 15, 20)),
        cameras=(
            CameraUse("Examplon", "EX-3", None, 12, CLOCK - timedelta(days=400), CLOCK - timedelta(days=399.9)),
            CameraUse("SynthCam", "SC-12 Pro", "SC12-004711", 32, CLOCK - timedelta(days=75), CLOCK),
            CameraUse("กล้องตัวอย่าง", "ท-1", None, 1),
        ),
        places=(
            PlaceUse(9.5142, 102.3131, 18, CLOCK, CLOCK + timedelta(minutes=45)),
            PlaceUse(7.8450, 97.1022, 10),
            PlaceUse(-8.2065, 88.4410, 3),
        ),
        archives=(ArchiveUse("I-171", 14), ArchiveUse("I-172", 6)),
        captured={date(2025, 2, 1): 12, date(2025, 12, 1): 10, date(2026, 3, 1): 22},
        undated=138,
        notes={NoteCode.LOW_QUALITY: 10, NoteCode.TRUNCATED: 1, NoteCode.EMPTY: 1, NoteCode.TYPE_DISAGREES: 2},
        method=Method(
            policy=MatchPolicy("2026-11-22", near_by_set={"synthetic-near": Nearness(24, 24)}),
            releases=(
                ReleaseUse(
                    "synthetic-known",
                    "rel-8f21aa",
                    SetKind.KNOWN,
                    "made up for the demo",
                    419,
                    PRODUCED,
                    NotComparable("synthetic-known", "rel-8f21aa", {"photodna": 8000}, 120),
                ),
                ReleaseUse("synthetic-near", "rel-2b90c4", SetKind.KNOWN, "made up for the demo", 405, PRODUCED),
                ReleaseUse("synthetic-good", "rel-77d0e1", SetKind.KNOWN_GOOD, "", 408, PRODUCED),
            ),
            tools=("simplejpeg 1.9.0", "pillow 13.0.0"),
        ),
    )
