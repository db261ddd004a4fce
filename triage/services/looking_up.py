"""Fingerprinting and looking up single files for a person at the terminal. Stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.library import Library
from hashsets.vocabulary import Candidate, Digest, Fingerprint, SetKind
from triage.domain.findings import TakenFingerprint
from triage.domain.matches import Match, MatchPolicy, judge


@dataclass(frozen=True)
class LookingUp:
    """Asks the enabled releases under the policy in force."""

    library: Library
    policy: MatchPolicy

    def lookup(self, digests: Sequence[Digest], taken: Sequence[TakenFingerprint]) -> tuple[Match, ...]:
        """Matches of one file's digests and fingerprints, exact ones first."""
        asked = [entry for entry in taken if (entry.fingerprint.quality or 0) >= self.policy.quality_floor]
        near = self.library.lookup_fingerprints([entry.fingerprint for entry in asked], self._reach())
        return judge(
            0,
            self.library.lookup_digests(digests),
            [(asked[candidate.query], candidate) for candidate in near],
            self.policy,
        )

    def lookup_value(self, fingerprint: Fingerprint) -> list[Candidate]:
        """What lies within reach of one value. Its quality is not known, so no floor applies: a person asked."""
        return self.library.lookup_fingerprints([fingerprint], self._reach())

    def _reach(self) -> dict[str, int]:
        return {
            release.set_name: self.policy.reach_for(release.set_name)
            for release in self.library.releases()
            if release.set_kind is SetKind.KNOWN
        }
