"""What an item is, and the answers that there are."""

from __future__ import annotations

import hashlib

from hashsets.algorithms.digests import Digests
from hashsets.vocabulary import Digest, DigestAlgorithm
from triage.chamber.sniff import kind_of
from triage.domain.items import ItemKind, Outcome

DATA = b"synthetic bytes"
DIGESTS = Digests(
    md5=hashlib.md5(DATA).digest(), sha1=hashlib.sha1(DATA).digest(), sha256=hashlib.sha256(DATA).digest()
)


def test_a_library_is_asked_for_all_three_digests_each_under_its_name() -> None:
    """Sets list one kind or another: an item must be found by any of them."""
    assert DIGESTS.as_digests() == (
        Digest(DigestAlgorithm.MD5, hashlib.md5(DATA).digest()),
        Digest(DigestAlgorithm.SHA1, hashlib.sha1(DATA).digest()),
        Digest(DigestAlgorithm.SHA256, hashlib.sha256(DATA).digest()),
    )


def test_three_kinds_of_not_known_are_three_answers() -> None:
    """None of them is the absence of an answer, and none is another's word."""
    answers = {Outcome.TOO_POOR, Outcome.UNDECODABLE, Outcome.UNKNOWN}
    assert len(answers) == 3
    assert Outcome.PENDING not in answers
    assert all(answer.value for answer in Outcome)


def test_every_kind_that_sniffing_can_name_is_a_kind_of_item() -> None:
    """The chamber's words and the domain's are one vocabulary."""
    heads = {
        b"\xff\xd8\xff": ItemKind.RASTER,
        b"FLV\x01": ItemKind.VIDEO,
        b"PK\x03\x04": ItemKind.CONTAINER,
        b"text": ItemKind.OTHER,
        b"": ItemKind.EMPTY,
    }
    assert {ItemKind(kind_of(head)) for head in heads} == set(ItemKind) - {ItemKind.STATED}
    assert all(ItemKind(kind_of(head)) is kind for head, kind in heads.items())
