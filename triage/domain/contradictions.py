"""Where sources contradict each other about the same bytes, gathered over many items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hashsets.disputes import Dispute, DisputeKind, disputes
from hashsets.vocabulary import Candidate, SetKind


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """What one set says of the bytes."""

    set_name: str
    set_kind: SetKind
    category: str


@dataclass(slots=True)
class Contradiction:
    """One way in which sources contradict each other, and the items to which it applies.

    `scheme` is that of the grades that differ, or empty where the kinds of the sets do. `first_items` are the lowest.
    """

    kind: DisputeKind
    scheme: str
    says: tuple[Said, ...]
    items: int = 0
    first_items: list[int] = field(default_factory=list)


def contradictions(exact_by_item: Iterable[tuple[int, Sequence[Candidate]]], items_named: int) -> list[Contradiction]:
    """Contradictions of items in order of their ids; those of most items first. Each names `items_named` at most."""
    found: dict[tuple[DisputeKind, str, tuple[Said, ...]], Contradiction] = {}
    for item_id, exact in exact_by_item:
        for dispute in disputes(exact):
            says = _said(dispute)
            one = found.setdefault(
                (dispute.kind, dispute.scheme, says), Contradiction(dispute.kind, dispute.scheme, says)
            )
            one.items += 1
            if len(one.first_items) < items_named:
                one.first_items.append(item_id)
    return sorted(found.values(), key=lambda one: (-one.items, one.kind, one.scheme, one.says))


def _said(dispute: Dispute) -> tuple[Said, ...]:
    return tuple(sorted({Said(one.set_name, one.set_kind, one.opinion.category or "") for one in dispute.candidates}))
