"""Whose a deployment is: the keys that all its machines share, named without telling anything of them."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class Identity:
    """The wrapping key's id; the custody log's name and raw Ed25519 public key (32 bytes)."""

    vault_key_id: str
    log_name: str
    log_key: bytes


def require_same(recorded: Identity, own: Identity) -> None:
    """Raises Refused `other-deployment` when the keys at hand are not those that a database was begun with.

    Under another wrapping key nothing that others sealed could be opened, and what is sealed here nobody else could
    open; under another signing key every checkpoint of the others would count as forged.
    """
    differing = [
        word
        for word, one, other in (
            ("wrapping key (keys/vault.key)", recorded.vault_key_id, own.vault_key_id),
            ("custody log's name (keys/log-name)", recorded.log_name, own.log_name),
            ("signing key (keys/custody.key)", recorded.log_key, own.log_key),
        )
        if one != other
    ]
    if differing:
        raise Refused(
            "other-deployment",
            f"The database belongs to a deployment with other keys; different here: {', '.join(differing)}. Name the"
            " right database, or copy the keys folder of a machine that works with this one.",
        )
