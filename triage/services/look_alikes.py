"""The memory of look-alike centres and disagreeing thumbnails, kept in step with the database."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hashsets.index.growing import GrowingIndex
from hashsets.vocabulary import TRANSFORMS, Fingerprint
from triage.domain.estimates import LIKENESS
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE
from triage.domain.look_alikes import Neighbour
from triage.store.links import Landmark
from triage.store.unit_of_work import Unit

Values = npt.NDArray[np.uint8]


@dataclass(slots=True)
class _Landmarks:
    """An index whose rows are positions in the order of assignment."""

    items: array[int] = field(default_factory=lambda: array("q"))
    index: GrowingIndex = field(default_factory=GrowingIndex)

    def add(self, item_ids: Sequence[int], values: Sequence[bytes]) -> None:
        start = len(self.items)
        self.items.extend(item_ids)
        self.index.add(range(start, len(self.items)), _as_array(values))

    def near(self, fingerprints: Sequence[Fingerprint], reach: int) -> list[list[Neighbour]]:
        """For each fingerprint what lies within reach of any of its eight variants, each landmark once."""
        if not fingerprints or not self.items:
            return [[] for _ in fingerprints]
        variants = _as_array([variant for print_ in fingerprints for variant in print_.variants])
        hits = self.index.search(variants, reach)
        best: dict[tuple[int, int], Neighbour] = {}
        for query, row, distance in zip(hits.query.tolist(), hits.row.tolist(), hits.distance.tolist(), strict=True):
            asked, transform = divmod(query, len(TRANSFORMS))
            known = best.get((asked, row))
            if known is None or distance < known.distance:
                best[asked, row] = Neighbour(self.items[row], row, distance, TRANSFORMS[transform])
        found: list[dict[int, Neighbour]] = [{} for _ in fingerprints]
        for (asked, _), neighbour in sorted(best.items()):
            found[asked][neighbour.item_id] = neighbour  # one that was taken out and came back counts from its return
        return [list(near.values()) for near in found]


class LookAlikeMemory:
    """What later items are compared with. One per process; used by the one LINK job that runs at a time."""

    def __init__(self) -> None:
        self.centres = _Landmarks()
        self.thumbnails = _Landmarks()
        self._seq = 0

    def news(self, unit: Unit) -> list[tuple[int, Landmark]]:
        """What has been committed since, by this process or another."""
        return list(unit.links.landmarks_after(self._seq, LIKENESS, THUMBNAIL_DISAGREES_ABOVE))

    def learn(self, news: Sequence[tuple[int, Landmark]]) -> None:
        """Take it in."""
        for landmarks, is_thumbnail in ((self.centres, False), (self.thumbnails, True)):
            found = [landmark for _, landmark in news if landmark.is_thumbnail is is_thumbnail]
            if found:
                landmarks.add([entry.item_id for entry in found], [entry.value for entry in found])
        self._seq = max((seq for seq, _ in news), default=self._seq)


class FreshCentres:
    """Centres made within the batch at hand, not yet committed: few, so they are compared directly."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._items: list[int] = []
        self._values = np.empty((0, PROFILE_BYTES), np.uint8)

    def add(self, item_id: int, value: bytes) -> None:
        """One more centre."""
        self._items.append(item_id)
        self._values = np.concatenate([self._values, _as_array([value])])

    def near(self, fingerprint: Fingerprint, reach: int) -> list[Neighbour]:
        """As `_Landmarks.near`, for one fingerprint."""
        if not self._items:
            return []
        variants = _as_array(fingerprint.variants)
        differing = variants[:, None, :] ^ self._values[None, :, :]
        distances = np.bitwise_count(differing).sum(axis=2, dtype=np.int64)
        best = distances.argmin(axis=0)
        return [
            Neighbour(item_id, self._start + row, int(distances[best[row], row]), TRANSFORMS[int(best[row])])
            for row, item_id in enumerate(self._items)
            if distances[best[row], row] <= reach
        ]


PROFILE_BYTES = 32


def _as_array(values: Sequence[bytes]) -> Values:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), PROFILE_BYTES)
