"""Custody events and the salted commitments under which the log keeps them.

Canonical form of an event, version 1: JSON after RFC 8785 (keys sorted, no spaces, UTF-8 unescaped), with the keys
`action actor at details purpose subject v`; `at` is UTC as `2026-11-22T12:04:24.000000Z`, always six decimals;
`v` is 1. Keys of `details` are ASCII and integers stay below 2^53, so any RFC 8785 library gives the same bytes.

    commitment = SHA-256("triage custody commitment v1" 0x00 || salt (32 bytes) || canonical form)
    leaf       = RFC 6962 leaf hash of the commitment

The log holds commitments only. When a record's text must lawfully go, text **and salt** are deleted: the commitment
then says nothing (a guess cannot be tried without the salt) and every proof still verifies. A REDACTED event with
the subject `custody:<index>` records that it was done; a redaction without one is a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from triage.domain.merkle import leaf_hash

SALT_SIZE = 32
_TAG = b"triage custody commitment v1\x00"
_SUBJECT = re.compile(r"[a-z][a-z-]*:[A-Za-z0-9._-]+")
_DETAIL = re.compile(r"[a-z][a-z0-9_]*")
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_LARGEST = 2**53 - 1  # RFC 8785 writes numbers as doubles; beyond this they are no longer exact


class CustodyAction(StrEnum):
    """What was done, in the past tense. A value is never renamed: it stands in signed logs."""

    RECEIVED = "received"  # a submission was taken in, under its lawful basis
    SEALED = "sealed"  # an item's bytes were written to the vault
    REFERENCED = "referenced"  # an item's bytes stay where they are and were recorded in place
    STATED = "stated"  # an item became known by what a sender told of it; nothing of it is held
    SIGHTED = "sighted"  # bytes were digested and examined in memory, and dropped: the sender keeps no media
    IDENTIFIED = "identified"  # a stated item turned out to be another item, and goes by that from now on
    OPENED = "opened"  # an item's bytes are about to be read; committed before the first byte
    EXAMINED = "examined"
    MATCHED = "matched"
    LINKED = "linked"
    REFERRED = "referred"
    CLOSED = "closed"  # closed without viewing
    REOPENED = "reopened"  # closed without viewing before, and not any more: what had decided it was retracted
    RETRACTED = "retracted"  # matches ended: no release in force leads to them any more
    REMATCHED = "rematched"  # all items were, or are to be, matched again: what is known has changed
    NOTED = "noted"  # something could not be done
    RELEASED = "released"  # a hash-set release was made, put in or out of force, or given another end
    JUDGED = "judged"  # a person said something of an entry of a hash set, or took it back
    DISCLOSED = "disclosed"  # something leaves the house as a file: a hash-set release, what we say of one, evidence
    ENTITLED = "entitled"  # what a person may do was changed, or how they sign in was begun anew
    APPROVED = "approved"  # a second person granted what one alone may not do, or refused it
    ADMITTED = "admitted"  # a sender or a key of one was made or ended: who may hand something in
    ASKED = "asked"  # a sender was told how many of its digests are known: how many, never which
    JOINED = "joined"  # a machine joined; its witness of this log begins with what the database said then
    BACKED_UP = "backed-up"  # a copy of everything but keys and witness is about to be written
    RESTORED = "restored"  # the database was put back from a backup; records after it are lost
    VIEWED = "viewed"  # a rendition of an item is about to be made and shown; committed before the first byte
    DECIDED = "decided"  # a person said what an item is, confirmed it, took it back, or set a referral aside
    TOLD = "told"  # what became of a referral was recorded, and told to those who worked on it
    ERASED = "erased"  # the key to an item's bytes was lawfully destroyed; facts, decisions and records stay
    PARTED = "parted"  # a person set submissions apart that rules had joined, or ended that
    AUDITED = "audited"
    REPORTED = "reported"  # a report without image bytes was written
    AUTHORISED = "authorised"  # an authority was recorded that lifts "do not render"
    WITHDRAWN = "withdrawn"  # an authority was withdrawn, and lifts nothing any more
    LOOK_REFUSED = "look-refused"  # somebody asked for a rendition, and the legal gate was shut
    PRUNED = "pruned"  # rulings on who may see what, older than they are kept, were deleted: how many, up to when
    REDACTED = "redacted"  # the text of an earlier record was lawfully deleted


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """Who did what to which thing, when, and why.

    `at` is aware and in UTC. `subject` is `kind:id`, as in `item:123`, `submission:4`, `job:9`. `details` holds
    numbers, ids, code words, digests of what was taken in, and the lawful basis as the officer gave it; never names
    or metadata of evidence.
    """

    at: datetime
    actor: str
    action: CustodyAction
    subject: str
    purpose: str
    details: Mapping[str, str | int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("a custody event's time is aware and in UTC")
        if not self.actor:
            raise ValueError("a custody event names its actor")
        if not _SUBJECT.fullmatch(self.subject):
            raise ValueError("a custody event's subject reads kind:id")
        for key, value in self.details.items():
            _check_detail(key, value)
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))


def canonical(event: CustodyEvent) -> bytes:
    """The one encoding of an event (see the module). Equal events give equal bytes on every machine."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    fields = {
        "action": event.action.value,
        "actor": event.actor,
        "at": at,
        "details": dict(event.details),
        "purpose": event.purpose,
        "subject": event.subject,
        "v": 1,
    }
    return _CANONICAL.encode(fields).encode()


def commitment(event: CustodyEvent, salt: bytes) -> bytes:
    """The 32 bytes that stand for an event in the log. `salt` is 32 random bytes, used once."""
    return commitment_to(canonical(event), salt)


def commitment_to(text: bytes, salt: bytes) -> bytes:
    """The same for an event's canonical text."""
    if len(salt) != SALT_SIZE:
        raise ValueError("a salt is 32 bytes")
    return sha256(_TAG + salt + text).digest()


def custody_leaf(committed: bytes) -> bytes:
    """The Merkle leaf hash of a commitment."""
    return leaf_hash(committed)


def _check_detail(key: str, value: object) -> None:
    if not _DETAIL.fullmatch(key):
        raise ValueError("a detail's key is a lower-case ASCII word")
    if value is None or isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise ValueError("a detail is text, a whole number within 2^53, or nothing")
