"""Hashing passwords with Argon2id: 64 MiB and about 0.2 s each, so a door runs two at a time at most."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from triage.domain.passwords import LONGEST, normal

NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$CoVHLtktv0UnkJl91Qb0IA$nrO5HfSqDNFp2OOe/5qkvjKGBYWQgljDGuIrwiI3c38"
"""Of random letters that nobody kept, at today's cost: what a login that nobody has is checked against."""


@dataclass(frozen=True)
class Passwords:
    """Makes and checks hashes. A check of nobody's password costs what one of somebody's does."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)

    def hashed(self, password: str) -> str:
        """In the PHC string form, with its own salt and cost."""
        return self.hasher.hash(normal(password))

    def match(self, kept: str | None, password: str) -> bool:
        """Whether this is the password of that hash; of None it never is."""
        against = kept or NOBODYS
        try:
            self.hasher.verify(against, normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made at another cost than today's."""
        return self.hasher.check_needs_rehash(kept)
