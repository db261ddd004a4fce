"""What a person is shown of single items, so that most are decided without a look: facts, and no picture of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.vocabulary import FingerprintAlgorithm
from triage.domain.findings import Findings, TakenFingerprint
from triage.domain.items import Item, ItemKind
from triage.domain.matches import Match, Standing
from triage.domain.renditions import stills_of
from triage.store.page_models import Shape
from triage.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item in a list. The first of `matches` says most; `group` counts what looks like it, and itself."""

    item: Item
    shape: Shape | None
    findings: Findings
    matches: tuple[Match, ...]
    notes: tuple[str, ...]
    centre: int | None
    group: int

    @property
    def nearest(self) -> Match | None:
        """The match that says most."""
        return self.matches[0] if self.matches else None

    @property
    def stills(self) -> int:
        """How many stills a look can be asked for: 1 of what does not move."""
        shape = self.shape
        return stills_of(self.item.kind, shape.format if shape else "", shape.frames if shape else 1)

    @property
    def may_show(self) -> bool:
        """Whether there may be a picture in it to ask a look for."""
        return self.item.kind in {ItemKind.RASTER, ItemKind.VIDEO}

    @property
    def is_representative(self) -> bool:
        """Whether a look at this one stands for its whole group."""
        return self.centre == self.item.id


@dataclass(frozen=True, slots=True)
class ItemPage:
    """All facts of one item."""

    line: ItemLine
    fingerprints: tuple[TakenFingerprint, ...]

    @property
    def matches(self) -> tuple[Match, ...]:
        """Those that have not ended, the one that says most first."""
        return self.line.matches


def item_lines(unit: Unit, item_ids: Sequence[int]) -> list[ItemLine]:
    """The items named, in the order of their ids; those that do not exist are left out."""
    if not item_ids:
        return []
    items = unit.pages.items(item_ids)
    findings = unit.examinations.findings(item_ids)
    standing = unit.matches.standing(item_ids)
    notes = unit.pages.notes(item_ids)
    centres = sorted({one.centre for one in items if one.centre is not None})
    sizes = unit.pages.group_sizes(centres) if centres else {}
    lines = []
    for listed in items:
        item, centre = listed.item, listed.centre
        matches = sorted((one.match for one in standing.get(item.id, ())), key=_says_most)
        lines.append(
            ItemLine(
                item=item,
                shape=listed.shape,
                findings=findings.get(item.id, Findings()),
                matches=tuple(matches),
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
    fingerprints = unit.examinations.fingerprints([item_id], *FingerprintAlgorithm).get(item_id, [])
    return ItemPage(lines[0], tuple(fingerprints))


def _says_most(match: Match) -> tuple[bool, int, str, str]:
    """Deciding before held back, nearest first."""
    candidate = match.candidate
    return match.standing is not Standing.DECIDES, candidate.distance, candidate.set_name, candidate.entry_key
