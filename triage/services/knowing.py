"""Known at the door: which digests are known already, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from hashsets.library import Library
from hashsets.vocabulary import Candidate, Digest, DigestAlgorithm, SetKind
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.items import ItemKind, Outcome
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Asked, Seen, answer_of, judge
from triage.domain.senders import Scope
from triage.store.unit_of_work import Store

from .admitting import Admitted
from .clock import Clock
from .hash_set_errors import answered


class Known(StrEnum):
    """What is known of a file by its digests alone."""

    KNOWN = "known"  # in a known set, and a rule closes it
    LISTED = "listed"  # in a known set, and no rule closes it
    HELD = "held"  # these very bytes, or a report of them, are here already
    NOT_KNOWN = "not-known"


SANDBOX_ANSWERS = {
    b"triage sandbox known": Known.KNOWN,
    b"triage sandbox listed": Known.LISTED,
    b"triage sandbox held": Known.HELD,
}
"""Bytes whose SHA-256 the sandbox answers so. It asks no list: a key for trying must not find out what is in one."""

_SANDBOX = {Digest(DigestAlgorithm.SHA256, sha256(text).digest()): known for text, known in SANDBOX_ANSWERS.items()}


@dataclass(frozen=True)
class Knowing:
    """Asks the releases in force and our own items by digest. Opens no evidence."""

    store: Store
    library: Library
    policy: MatchPolicy
    clock: Clock
    actor: str

    def tell(self, admitted: Admitted, files: Sequence[Sequence[Digest]]) -> list[Known]:
        """The same for a sender that asks without reporting, once it is on record that it did.

        Raises Refused `scope-missing`. A sandbox asks no list, and leaves no record.
        """
        admitted.require(Scope.KNOWN)
        if admitted.key.sandbox:
            return [known_in_sandbox(digests) for digests in files]
        answers = self.known(files)
        details: dict[str, str | int | None] = {"key": admitted.key.id, "files": len(files)}
        details |= {known.value.replace("-", "_"): answers.count(known) for known in Known}
        subject = f"sender:{admitted.sender.id}"
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.ASKED, subject, "known", details)
        with self.store.writing() as unit:
            unit.custody.append([event])
            unit.commit()
        return answers

    def known(self, files: Sequence[Sequence[Digest]]) -> list[Known]:
        """What is known of each file by its digests. Raises Tampered for a damaged release, Unavailable.

        A file of which several digests are told is as known as the best known of them. What is in a set of harmless
        material is `NOT_KNOWN` or `HELD`: the answer speaks of known material only.
        """
        asked = [(place, digest) for place, digests in enumerate(files) for digest in digests]
        if not asked:
            return [Known.NOT_KNOWN] * len(files)
        with answered():
            self.library.refresh()
            candidates = self.library.lookup_digests([digest for _, digest in asked])
        listed: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            listed.setdefault(asked[candidate.query][0], []).append(candidate)
        sha256s = {digest.value for _, digest in asked if digest.algorithm is DigestAlgorithm.SHA256}
        with self.store.reading() as unit:
            held = unit.items.ids_by_sha256(sorted(sha256s))
        return [
            self._answer(listed.get(place, ()), is_held=any(digest.value in held for digest in digests))
            for place, digests in enumerate(files)
        ]

    def _answer(self, candidates: Sequence[Candidate], *, is_held: bool) -> Known:
        if any(candidate.set_kind is SetKind.KNOWN for candidate in candidates):
            matches = judge(0, Asked(candidates), self.policy)
            outcome = answer_of(ItemKind.OTHER, matches, Seen(), self.policy).outcome
            if outcome is Outcome.KNOWN:
                return Known.KNOWN
            if outcome is Outcome.NEAR:
                return Known.LISTED
        return Known.HELD if is_held else Known.NOT_KNOWN


def known_in_sandbox(digests: Iterable[Digest]) -> Known:
    """What the sandbox says of a file."""
    return next((_SANDBOX[digest] for digest in digests if digest in _SANDBOX), Known.NOT_KNOWN)
