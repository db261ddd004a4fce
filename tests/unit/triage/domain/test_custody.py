"""Custody events: one encoding, salted commitments, and deletion that leaves the log whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from triage.domain.custody import CustodyAction, CustodyEvent, canonical, commitment, custody_leaf
from triage.domain.merkle import includes, inclusion_proof, leaf_hash, root_of

EVENT = CustodyEvent(
    at=datetime(2026, 11, 22, 12, 4, 24, tzinfo=UTC),
    actor="officer-7",
    action=CustodyAction.OPENED,
    subject="item:123",
    purpose="examine",
    details={"job": 9, "exhibit": "A-1 «ก»", "lease": None},
)


def test_the_canonical_form_is_this_and_no_other() -> None:
    """The bytes are part of the evidence format: a change here breaks every log in the world."""
    assert canonical(EVENT).decode() == (
        '{"action":"opened","actor":"officer-7","at":"2026-11-22T12:04:24.000000Z",'
        '"details":{"exhibit":"A-1 «ก»","job":9,"lease":null},"purpose":"examine","subject":"item:123","v":1}'
    )


def test_the_order_of_details_does_not_show() -> None:
    """Equal events have equal bytes however their details were gathered."""
    turned = replace(EVENT, details=dict(reversed(list(EVENT.details.items()))))
    assert canonical(turned) == canonical(EVENT)


def test_a_commitment_is_the_documented_digest() -> None:
    """An outsider can recompute it from the module's text alone."""
    salt = bytes(range(32))
    written_out = b"triage custody commitment v1" + b"\x00" + salt + canonical(EVENT)
    assert commitment(EVENT, salt) == sha256(written_out).digest()
    assert custody_leaf(commitment(EVENT, salt)) == leaf_hash(sha256(written_out).digest())


def test_salts_hide_equal_events() -> None:
    """Two equal events under two salts cannot be seen to be equal; a salt has one length."""
    assert commitment(EVENT, bytes(32)) != commitment(EVENT, b"\x01" * 32)
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(EVENT, b"short")


@pytest.mark.parametrize(
    "changed",
    [
        {"at": EVENT.at + timedelta(microseconds=1)},
        {"actor": "officer-8"},
        {"action": CustodyAction.MATCHED},
        {"subject": "item:124"},
        {"purpose": "match"},
        {"details": {"job": "9", "exhibit": "A-1 «ก»", "lease": None}},
        {"details": {"job": 9, "exhibit": "A-1 «ก»"}},
    ],
)
def test_every_field_is_committed_to(changed: dict[str, object]) -> None:
    """Not even text for a number, or an absent detail for an empty one, gives the same commitment."""
    altered = CustodyEvent(**{**_fields(EVENT), **changed})  # type: ignore[arg-type]  # fields by name
    assert commitment(altered, bytes(32)) != commitment(EVENT, bytes(32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": datetime(2026, 11, 22, 12, 4)},  # noqa: DTZ001 - naive on purpose
        {"at": datetime(2026, 11, 22, 12, 4, tzinfo=timezone(timedelta(hours=7)))},
        {"actor": ""},
        {"subject": "item"},
        {"subject": "item:12 3"},
        {"details": {"Key": "x"}},
        {"details": {"key": True}},
        {"details": {"key": 0.5}},
        {"details": {"key": 2**53}},
    ],
)
def test_an_event_without_one_clear_encoding_is_refused(wrong: dict[str, object]) -> None:
    """Times are UTC, subjects are kind:id, details are text, whole numbers or nothing."""
    with pytest.raises(ValueError, match=r"custody event|detail"):
        CustodyEvent(**{**_fields(EVENT), **wrong})  # type: ignore[arg-type]  # fields by name


def test_details_cannot_be_altered_afterwards() -> None:
    """An event is a record of the past."""
    given: dict[str, str | int | None] = {"job": 9}
    event = replace(EVENT, details=given)
    given["job"] = 10
    assert event.details == {"job": 9}
    with pytest.raises(TypeError):
        event.details["job"] = 10  # type: ignore[index]  # that is what must fail


def test_a_deleted_text_leaves_every_proof_valid() -> None:
    """Text and salt of record 1 are deleted; its commitment alone still proves its place in the log."""
    events = [replace(EVENT, subject=f"item:{number}") for number in range(5)]
    commitments = [commitment(event, bytes([number]) * 32) for number, event in enumerate(events)]
    leaves = [custody_leaf(committed) for committed in commitments]
    root = root_of(leaves)

    kept = commitments[1]  # all that remains of record 1
    proof = inclusion_proof(leaves.__getitem__, 1, len(leaves))
    assert includes(root, len(leaves), 1, custody_leaf(kept), proof)
    assert b"item:1" not in kept


def test_the_canonical_form_is_plain_json() -> None:
    """Any JSON reader gives the fields back."""
    assert json.loads(canonical(EVENT))["details"] == dict(EVENT.details)


def _fields(event: CustodyEvent) -> dict[str, object]:
    return {
        "at": event.at,
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "purpose": event.purpose,
        "details": event.details,
    }
