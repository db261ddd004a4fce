"""Whose matching policy counts, where several machines have a file of it each: the one that the database names."""

from __future__ import annotations

from triage.domain.errors import Unavailable
from triage.store.hash_sets import Recorded


def require_in_force(recorded: Recorded, policy: str) -> None:
    """Pass where this policy is in force, or none yet. Raises Unavailable `other-policy`: nothing is answered by it.

    Two machines that each answered by their own would match all items again for ever, against one another.
    """
    if recorded.policy not in {"", policy}:
        raise Unavailable(
            "other-policy",
            "This machine's config/matching.toml is not the policy in force: copy that of the others and start anew;"
            " or, to put this one in force everywhere, run `triage rematch`.",
        )
