"""What a submission shares with others, and the joins that follow from it as the facts stand now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triage.domain.cells import Cell, occasions
from triage.domain.grounds import Overlap, grounds
from triage.domain.items import Outcome
from triage.domain.linking_rules import LinkRules
from triage.domain.links import LinkKind
from triage.domain.networks import Join, join_between
from triage.store.networks import SharedTrait
from triage.store.unit_of_work import Unit

_NEW = Outcome.UNKNOWN.value
"""What joins networks is unmatched content: known content is distributed too widely to mean that two have met."""


@dataclass(frozen=True, slots=True)
class Overlapping:
    """Counts what submissions have in common, by the link rules."""

    rules: LinkRules

    def joins(self, unit: Unit, submission_id: int) -> list[Join]:
        """Joins of this submission as the facts stand now."""
        return [
            join_between(submission_id, other, ground.kind, ground.because, ground.count)
            for other, overlap in sorted(self._overlaps(unit, submission_id).items())
            for ground in grounds(overlap, self.rules.joining)
            if ground.joins
        ]

    def _overlaps(self, unit: Unit, submission_id: int) -> dict[int, Overlap]:
        found: dict[int, Overlap] = {}

        def add(other: int, **counts: int) -> None:
            before = found.get(other, Overlap())
            found[other] = replace(before, **{name: getattr(before, name) + more for name, more in counts.items()})

        most = self.rules.joining.most_submissions
        networks = unit.networks
        for other in networks.same_case(submission_id):
            found[other] = replace(found.get(other, Overlap()), same_case=True)
        for shared in self._shared_traits(unit, submission_id, LinkKind.SAME_CAMERA):
            name = "camera_bodies" if len(shared.submissions) <= most else "widespread"
            for other in shared.submissions:
                add(other, **{name: 1})
        # Digests that two senders told, and that nothing known lists, are one content as unmatched bytes are.
        for content in networks.shared_content(submission_id, _NEW, Outcome.NOT_EXAMINED.value):
            name = "unmatched_contents" if content.holders <= most else "widespread"
            add(content.submission_id, **{name: content.items})
        for content in networks.shared_content(submission_id, Outcome.KNOWN.value):
            add(content.submission_id, known_contents=content.items)
        for content in networks.shared_content(submission_id, Outcome.CONTAINER.value):
            add(content.submission_id, archives=content.items)
        for other, groups in networks.shared_look_alikes(submission_id, _NEW).items():
            add(other, look_alikes=groups)
        for other, cells in self._shared_cells(unit, submission_id).items():
            add(other, occasions=occasions(cells))
        found.pop(submission_id, None)
        return found

    def _shared_traits(self, unit: Unit, submission_id: int, kind: LinkKind) -> list[SharedTrait]:
        return unit.networks.shared_traits(submission_id, kind.value, self.rules.most_members[kind.value], _NEW)

    def _shared_cells(self, unit: Unit, submission_id: int) -> dict[int, list[Cell]]:
        cells: dict[int, list[Cell]] = {}
        for shared in self._shared_traits(unit, submission_id, LinkKind.SAME_PLACE_TIME):
            for other in shared.submissions:
                if other != submission_id:
                    cells.setdefault(other, []).append(Cell.from_key(shared.key))
        return cells
