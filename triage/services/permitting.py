"""What a service of review asks before it does anything for a person."""

from __future__ import annotations

from typing import Protocol

from triage.domain.errors import Refused
from triage.domain.people import Principal


class Permits(Protocol):
    """The one policy. `action` is its word, `subject` reads `kind:id`."""

    def ask(self, principal: Principal, action: str, subject: str) -> None:
        """Raises Refused with the ruling's code."""


class NothingPermitted:
    """What stands where no policy is built in: it refuses."""

    def ask(self, principal: Principal, action: str, subject: str) -> None:  # noqa: ARG002 - the seam's signature
        """Raises Refused `no-policy`."""
        raise Refused("no-policy", "This deployment has no access policy yet.")
