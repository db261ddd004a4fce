"""A made-up provider reports: one file it names by digest only, two that it sends; nobody there opened one of them.

So the last one must not be shown until an authority is recorded, and evidence elsewhere begins to expire.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from demo.pictures import photo_like
from demo.truth import SampleFile
from hashsets.vocabulary import Digest, DigestAlgorithm
from triage.bootstrap import Application
from triage.domain.legal import Legal
from triage.domain.reports import (
    Door,
    FileFacts,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    ReportFacts,
    Role,
    Viewed,
)
from triage.domain.senders import Scope, SenderKind
from triage.services.clock import system_clock

NAME = "example-provider"
_SEEDS = (9_001, 9_002)


def report(application: Application, known: SampleFile) -> dict[str, Any]:
    """One whole report through the same service as the API: what it was answered at the door."""
    now = system_clock()
    basis = Legal("Made-up statute for the demo, s. 1", may_share_with=("TH",))
    application.admitting.add_sender(NAME, SenderKind.PROVIDER, "US", basis)
    issued = application.admitting.issue(NAME, frozenset({Scope.REPORT, Scope.KNOWN}), timedelta(days=1))
    admitted = application.admitting.admit(issued.token)
    taking = application.taking_reports
    opened = taking.open(admitted, Door.API, _facts(now), reference="demo-1")
    named = FileFacts(name="IMG_0001.JPG", viewed=Viewed.YES, digests=(Digest(DigestAlgorithm.MD5, known.md5),))
    answers = [taking.add_file(admitted, opened.public_id, named)]
    for seed, viewed in zip(_SEEDS, (Viewed.YES, Viewed.NO), strict=True):
        facts = FileFacts(name=f"IMG_{seed}.JPG", viewed=viewed, uploaded_at=now - timedelta(days=2))
        answers.append(taking.add_file(admitted, opened.public_id, facts, _jpeg(seed)))
    taking.finish(admitted, opened.public_id)
    return {"known_at_the_door": [str(one.known) for one in answers]}


def what_it_led_to(application: Application) -> dict[str, Any]:
    """The submission of the report, and what law says of it."""
    now = system_clock()
    with application.store.reading() as unit:
        submission = max(unit.submissions.all_ids())
        status = unit.read.status(submission)
        shut = unit.gates.shut_count([submission], now)
        soonest = unit.preservation.soonest([submission], now.date())
        referral = status.referral_id
    return {
        "submission": f"S-{submission}",
        "referral": f"R-{referral}" if referral else None,
        "outcomes": status.outcomes,
        "do_not_render": shut,
        "evidence_until": soonest.isoformat() if soonest else None,
    }


def _facts(now: datetime) -> ReportFacts:
    upload = now - timedelta(days=2)
    subject = (
        Identifier(kind=IdentifierKind.ACCOUNT, value="made-up-user", service="Example Host"),
        Identifier(kind=IdentifierKind.EMAIL, value="made-up@example.invalid"),
        Identifier(kind=IdentifierKind.IP, value="203.0.113.7", port=54_321, event="upload", at=upload),
    )
    incident = Incident(types=(IncidentType.ENTICEMENT,), at=upload, platform="Example Host", escalated=True)
    return ReportFacts(incident, (Party(Role.SUBJECT, subject),))


def _jpeg(seed: int) -> bytes:
    out = BytesIO()
    Image.fromarray(photo_like(seed, 800, 600)).save(out, "JPEG", quality=85)
    return out.getvalue()
