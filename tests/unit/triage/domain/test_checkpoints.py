"""Checkpoints in the C2SP formats, byte for byte."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from triage.domain.checkpoints import (
    Checkpoint,
    LogSigner,
    LogVerifier,
    NoteSignature,
    parse,
    sign,
    verify,
)
from triage.domain.errors import Tampered

SIGNER = LogSigner("example.org/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CHECKPOINT = Checkpoint("example.org/custody", 192, sha256(b"root").digest())
NOTE = sign(CHECKPOINT, SIGNER)


def code_of(note: str, verifier: LogVerifier = SIGNER.verifier) -> str:
    with pytest.raises(Tampered) as caught:
        verify(note, verifier)
    return caught.value.code


def test_the_layout_is_that_of_the_specification() -> None:
    """Origin, decimal size, base64 root, empty line, em dash, name, base64 of key hash and signature."""
    text = "example.org/custody\n192\n" + base64.b64encode(sha256(b"root").digest()).decode() + "\n"
    public = SIGNER.key.public_key().public_bytes_raw()
    key_hash = sha256(b"example.org/custody\n\x01" + public).digest()[:4]
    signature = SIGNER.key.sign(text.encode())
    line = "\u2014 example.org/custody " + base64.b64encode(key_hash + signature).decode() + "\n"
    assert text + "\n" + line == NOTE


def test_the_key_hash_and_text_form_agree_with_the_go_reference() -> None:
    """The example of Go's `sumdb/note`: same key hash, same verifier text, and its signature verifies."""
    published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert LogVerifier("PeterNeumann", key).text == published
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    encoded = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = NoteSignature("PeterNeumann", base64.b64decode(encoded)[:4], base64.b64decode(encoded)[4:])
    assert line.key_hash == LogVerifier("PeterNeumann", key).key_hash
    Ed25519PublicKey.from_public_bytes(key).verify(line.value, text.encode())
    assert line.line == f"\u2014 PeterNeumann {encoded}\n"


def test_the_example_of_the_specification_parses() -> None:
    """The note printed in c2sp.org/tlog-checkpoint."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
        "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    parsed = parse(note)
    assert (parsed.checkpoint.origin, parsed.checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert parsed.checkpoint.text + "\n" + parsed.signatures[0].line == note


def test_what_was_signed_comes_back() -> None:
    """A note of our own key gives its checkpoint; the empty log has one too."""
    assert verify(NOTE, SIGNER.verifier) == CHECKPOINT
    empty = Checkpoint(SIGNER.name, 0, sha256(b"").digest())
    assert verify(sign(empty, SIGNER), SIGNER.verifier) == empty


@pytest.mark.parametrize(("place", "new"), [("192", "193"), (CHECKPOINT.text[24:30], "AAAAAA")])
def test_altered_text_is_forged(place: str, new: str) -> None:
    """Another size or root under the old signature fails."""
    assert code_of(NOTE.replace(place, new, 1)) == "checkpoint-forged"


def test_another_key_is_not_ours_even_under_our_name() -> None:
    """Only the configured key counts: another key under our name is unknown, and under our key hash a forgery."""
    other = LogSigner(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = sign(CHECKPOINT, other)
    assert code_of(note) == "checkpoint-unsigned"
    mine, theirs = parse(NOTE).signatures[0], parse(note).signatures[0]
    disguised = NoteSignature(mine.name, mine.key_hash, theirs.value)
    assert code_of(CHECKPOINT.text + "\n" + disguised.line) == "checkpoint-forged"


def test_cosignatures_and_unknown_algorithms_are_tolerated() -> None:
    """A partner's line before or after ours changes nothing, of whatever length its signature is."""
    partner = NoteSignature("partner.example/witness", b"\x01\x02\x03\x04", bytes(2420))
    before = CHECKPOINT.text + "\n" + partner.line + parse(NOTE).signatures[0].line
    assert verify(before, SIGNER.verifier) == CHECKPOINT
    assert verify(NOTE + partner.line, SIGNER.verifier) == CHECKPOINT
    assert parse(before).signatures[0] == partner


def test_a_bad_signature_of_ours_condemns_the_note_whatever_else_it_carries() -> None:
    """The specification: reject the whole note when a known key's signature fails."""
    mine = parse(NOTE).signatures[0]
    bad = NoteSignature(mine.name, mine.key_hash, bytes(64))
    assert code_of(NOTE + bad.line) == "checkpoint-forged"


def test_another_logs_checkpoint_is_not_taken_for_ours() -> None:
    """A note that our verifier's key did sign for another origin would still be refused."""
    elsewhere = Checkpoint("example.org/other", 1, bytes(32))
    value = SIGNER.key.sign(elsewhere.text.encode())
    note = elsewhere.text + "\n" + NoteSignature(SIGNER.name, SIGNER.verifier.key_hash, value).line
    assert code_of(note) == "checkpoint-origin"
    with pytest.raises(ValueError, match="own checkpoints"):
        sign(elsewhere, SIGNER)


@pytest.mark.parametrize(
    "note",
    [
        "",
        CHECKPOINT.text,
        NOTE[:-1],
        NOTE.replace("\n\n", "\n", 1),
        NOTE.replace("192", "0192", 1),
        NOTE.replace("192", "-192", 1),
        NOTE.replace("192", "192\r", 1),
        NOTE.replace("\u2014 ", "-- ", 1),
        NOTE.replace("\u2014 example.org/custody ", "\u2014 example.org/custody\u00a0x ", 1),
        NOTE[:-4] + "=\n",
        "example.org/custody\n192\nAAAA\n\n" + parse(NOTE).signatures[0].line,
        NOTE + "x" * 300_000 + "\n",
        CHECKPOINT.text + "\n" + "\u2014 example.org/custody AAAA\n",
    ],
)
def test_a_malformed_note_is_refused_and_nothing_else_happens(note: str) -> None:
    """Every departure from the form is one coded error."""
    assert code_of(note) == "checkpoint-malformed"


def test_names_keep_to_the_specification() -> None:
    """A key name holds no space, plus sign or line break, or two notes could read alike."""
    for name in ("", "a b", "a+b", "a\nb", "a\u2003b"):
        with pytest.raises(ValueError, match="name"):
            Checkpoint(name, 0, bytes(32))
