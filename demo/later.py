"""What becomes known after the seizure was worked through: updates of a set, and a second set that contradicts it.

Updates list three pictures that nothing had matched, and retract one that a source should not have listed. The second
set lists another picture of the first under another category. Nothing is decoded again, and nobody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.truth import SampleFile, SeizureTruth
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion, SetKind
from hashsets.writers.updates import write_updates
from triage.bootstrap import Application
from triage.domain.items import Outcome
from triage.domain.rematches import in_words
from triage.services.clock import system_clock
from triage.services.referral_pages import referral_page

SET = "synthetic-known"
SECOND_SET, SECOND_CATEGORY = "synthetic-second-opinion", "us:3"
ADDED = 3
FIRST = "1"
"""The first entry of the VICS document: the first known picture."""


@dataclass(frozen=True, slots=True)
class Later:
    """The two files, and what they must lead to."""

    updates: Path
    second_set: Path
    newly_known: int
    no_longer_known: int
    disputed: int


def make_later(folder: Path, truth: SeizureTruth) -> Later:
    """Write a file of updates for `SET`, and a table that contradicts one of its entries."""
    known = _ordinary(truth, Outcome.KNOWN)
    unknown = _ordinary(truth, Outcome.UNKNOWN)
    opinion = Opinion("us:1", tags=("synthetic", "demo"))
    added = [
        Entry(f"later-{number}", (Digest(DigestAlgorithm.MD5, file.md5),), opinion=opinion)
        for number, file in enumerate(unknown[-ADDED:])
    ]
    updates = folder / "synthetic-known.updates.jsonl"
    changes = [*((entry.key, entry) for entry in added), (FIRST, None)]
    write_updates(changes, updates, "demo-1")
    second = folder / "synthetic-second-opinion.csv"
    second.write_text(f"key,md5,category\n1,{known[1].md5.hex()},{SECOND_CATEGORY}\n", encoding="ascii")
    return Later(updates, second, newly_known=ADDED, no_longer_known=1, disputed=1)


def _ordinary(truth: SeizureTruth, outcome: Outcome) -> list[SampleFile]:
    """Distinct pictures of an outcome, in the order in which the sets list them; no versions of one another."""
    return list(
        {file.sha256: file for file in truth.files if file.expected is outcome and file.look is None}.values()
    )


def known_to_all(truth: SeizureTruth) -> SampleFile:
    """A picture that stays exactly known, whatever is learnt later."""
    return _ordinary(truth, Outcome.KNOWN)[2]


def learn(application: Application, later: Later) -> None:
    """Apply the updates and import the second set: each owes to match again."""
    application.importing.apply_file(later.updates, name=SET)
    application.importing.import_file(
        later.second_set, name=SECOND_SET, kind=SetKind.KNOWN, source="made by the demo"
    )


def what_changed(application: Application, later: Later, submissions: Sequence[int]) -> dict[str, Any]:
    """The latest re-match as the program counts it, whether that is what was made, and where people see it."""
    with application.store.reading() as unit:
        run = unit.rematches.latest()
        releases = application.library.releases()
        pages = [
            referral_page(unit, row.id, application.linking.rules, releases, limit=5, now=system_clock())
            for row in unit.referral_pages.referrals()
        ]
        closed = unit.read.outcomes(list(submissions)).closed
    changes = dict(run.result.changes) if run and run.result else {}
    disputes = [(page.referral, dispute) for page in pages for dispute in page.disputes]
    newly = sum(count for change, count in changes.items() if change.endswith(">known"))
    no_longer = sum(count for change, count in changes.items() if change.startswith("known>"))
    return {
        "said": in_words(changes),
        "newly_known": newly,
        "no_longer_known": no_longer,
        "retracted_matches": run.result.retracted if run and run.result else 0,
        "disputed": sum(dispute["items"] for _, dispute in disputes),
        "disputed_in": sorted({referral for referral, _ in disputes}),
        "referrals_told": sorted(
            page.referral for page in pages if any(event["kind"] == "rematched" for event in page.history)
        ),
        "closed_without_viewing": closed,
        "as_expected": (newly, no_longer, sum(dispute["items"] for _, dispute in disputes))
        == (later.newly_known, later.no_longer_known, later.disputed),
    }
