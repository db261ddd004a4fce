"""Fingerprinting and looking up single files for a person at the terminal. Stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.library import Library
from hashsets.vocabulary import Candidate, Digest, Fingerprint
from triage.domain.findings import Examination, Subject, TakenFingerprint
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Asked, Match, Seen, judge

from .asking import askable, near_candidates

_BEST_QUALITY = 100


@dataclass(frozen=True)
class LookingUp:
    """Asks the enabled releases under the policy in force."""

    library: Library
    policy: MatchPolicy

    def lookup(self, digests: Sequence[Digest], examined: Examination | None = None) -> tuple[Match, ...]:
        """Matches of one file's digests and of what its examination gave, exact ones first."""
        if examined is None:
            return self._judged(digests, Seen())
        concentration = examined.raster.concentration if examined.raster else None
        return self._judged(digests, Seen(examined.fingerprints, concentration, examined.thumbnail_distance))

    def lookup_value(self, value: Fingerprint) -> tuple[Match, ...]:
        """What lies within reach of one value. Its quality is not known, so no floor applies: a person asked."""
        asked = Fingerprint(value.algorithm, value.profile, value.value, _BEST_QUALITY, value.variants)
        return self._judged([], Seen([TakenFingerprint(Subject.MAIN, asked)]))

    def _judged(self, digests: Sequence[Digest], seen: Seen) -> tuple[Match, ...]:
        taken = askable(seen.fingerprints, self.policy)
        near: list[Candidate] = near_candidates(self.library, [one.fingerprint for one in taken], self.policy)
        exact = self.library.lookup_digests(digests)
        return judge(0, Asked(exact, [(taken[one.query], one) for one in near], seen), self.policy)
