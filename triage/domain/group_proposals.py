"""What looks at a group propose for the rest of it, once facts are enough for that. A person confirms it or does not.

Only where all looks that said the one or the other said it in the same category. What is near to what is known is
left for a person's own judgement: it has facts of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from .look_plan import Outline, Stack, Verdict, proposed


@dataclass(frozen=True, slots=True)
class Looked:
    """What was said after a look at one of a stack and stands: the decision, and its category."""

    decision_id: int
    category: str


@dataclass(frozen=True, slots=True)
class GroupProposal:
    """To decide these stacks, by their centres, as `decision_id` was; `items` are open in them."""

    group: Outline
    decision_id: int
    category: str
    centres: tuple[int, ...]
    items: int
    mark: str  # changes whenever what is proposed does


def group_proposals(
    group: Outline, stacks: Mapping[int, Stack], said: Mapping[int, tuple[Looked, ...]]
) -> Iterator[GroupProposal]:
    """At most one for each verdict; `stacks` and `said` by centre. The group needs no further look."""
    for verdict in Verdict:
        looked = [one for centre, stack in stacks.items() if stack.said is verdict for one in said.get(centre, ())]
        left = {
            centre: stack.open_items
            for centre, stack in sorted(stacks.items())
            if stack.open_items and not stack.is_near and proposed(group, stack) is verdict
        }
        if left and len({one.category for one in looked}) == 1:
            source = max(looked, key=lambda one: one.decision_id)
            told = repr((source.decision_id, source.category, left)).encode()
            mark = sha256(told).hexdigest()[:16]
            yield GroupProposal(group, source.decision_id, source.category, tuple(left), sum(left.values()), mark)
