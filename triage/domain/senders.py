"""Who may hand something in over the network, by which key, and what that key allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.domain.legal import Legal


class SenderKind(StrEnum):
    """What a sender is. Of a provider and a hotline the legal gate asks whether a person there viewed a file."""

    PROVIDER = "provider"
    HOTLINE = "hotline"
    UNIT = "unit"


class Scope(StrEnum):
    """What a key allows. None allows another: a key that pushes seizures cannot report."""

    REPORT = "report"  # reports and their files, what becomes of them
    PUSH = "push"  # seizures of a unit's own
    KNOWN = "known"  # being told which digests are known already
    AUTHORISE = "authorise"  # recording an authority that lifts "do not render"


@dataclass(frozen=True, slots=True)
class Sender:
    """A provider, hotline or unit. What it sends is held under `legal` unless it says more.

    `country` is ISO 3166-1 alpha-2, in capitals: whose retention rules apply. Where `keeps_media` is False (a hotline
    may hold none), bytes are digested in memory and never reach the disk.
    """

    id: int
    name: str
    kind: SenderKind
    country: str
    legal: Legal
    keeps_media: bool
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One API key as it is remembered; the secret itself is not. What a `sandbox` key sends is never evidence."""

    id: int
    sender_id: int
    prefix: str
    scopes: frozenset[Scope]
    sandbox: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return now < self.expires_at and (self.revoked_at is None or now < self.revoked_at)
