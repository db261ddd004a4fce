"""What a person is shown of single items, so that most are decided without a look: facts, and no picture of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.vocabulary import FingerprintAlgorithm
from triage.domain.findings import Findings, TakenFingerprint
from triage.domain.items import Item
from triage.domain.matches import Match, Standing
from triage.store.page_models import Shape
from triage.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item in a list. `nearest` is the match that says most; `group` counts what looks like it, and itself."""

    item: Item
    shape: Shape | None
    findings: Findings
    nearest: Match | None
    matches: int
    notes: tuple[str, ...]
    centre: int | None
    group: int

    @property
    def is_representative(self) -> bool:
        """Whether a look at this one stands for its whole group."""
        return self.centre == self.item.id


@dataclass(frozen=True, slots=True)
class ItemPage:
    """All facts of one item."""

    line: ItemLine
    fingerprints: tuple[TakenFingerprint, ...]
    matches: tuple[Match, ...]


def item_lines(unit: Unit, item_ids: Sequence[int]) -> list[ItemLine]:
    """The items named, in the order of their ids; those that do not exist are left out."""
    items = unit.items.many(item_ids)
    shapes = unit.pages.shapes(item_ids)
    findings = unit.examinations.findings(item_ids)
    standing = unit.matches.standing(item_ids)
    notes = unit.pages.notes(item_ids)
    centres = unit.links.centres_of(item_ids)
    sizes = unit.pages.group_sizes(sorted(set(centres.values())))
    lines = []
    for item in items:
        matches = [one.match for one in standing.get(item.id, ())]
        centre = centres.get(item.id)
        lines.append(
            ItemLine(
                item=item,
                shape=shapes.get(item.id),
                findings=findings.get(item.id, Findings()),
                nearest=min(matches, key=_says_most, default=None),
                matches=len(matches),
                notes=tuple(notes.get(item.id, ())),
                centre=centre,
                group=sizes.get(centre, 1) if centre is not None else 1,
            )
        )
    return lines


def item_page(unit: Unit, item_id: int) -> ItemPage | None:
    """One item, or None where there is no such."""
    lines = item_lines(unit, [item_id])
    if not lines:
        return None
    matches = [one.match for one in unit.matches.standing([item_id]).get(item_id, ())]
    fingerprints = unit.examinations.fingerprints([item_id], *FingerprintAlgorithm).get(item_id, [])
    return ItemPage(lines[0], tuple(fingerprints), tuple(sorted(matches, key=_says_most)))


def _says_most(match: Match) -> tuple[bool, int, str, str]:
    """Deciding before held back, nearest first."""
    candidate = match.candidate
    return match.standing is not Standing.DECIDES, candidate.distance, candidate.set_name, candidate.entry_key
