"""Signed checkpoints of the custody log: the C2SP `tlog-checkpoint` and `signed-note` text formats, with Ed25519.

    example.org/custody          origin: names the log, and is the name of its key
    192                          leaves in the tree
    CsUYapGGPo4d...              root hash, base64
                                 (empty line)
    — example.org/custody Az3g…  base64(key hash, 4 bytes || Ed25519 signature over everything above the empty line)

Further signature lines (a cosigner's, a new key's) are kept and, when their key is unknown, ignored, as the
specification demands. Sources: c2sp.org/tlog-checkpoint, c2sp.org/signed-note, RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from triage.domain.errors import Tampered
from triage.domain.merkle import HASH_SIZE

MAX_NOTE = 256 * 1024  # characters; the specification wants room for 16 signatures of up to 5 kB
SIGNATURE_START = "\N{EM DASH} "
_ED25519 = b"\x01"
_KEY_HASH_SIZE = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: which log, how many leaves, and the root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        _check_name(self.origin)
        if self.size < 0 or len(self.root) != HASH_SIZE:
            raise ValueError("a checkpoint has a size of at least 0 and a root of 32 bytes")

    @property
    def text(self) -> str:
        """The note text that is signed, with its final newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet verified. `key_hash` is 4 bytes, `value` whatever its key's algorithm makes."""

    name: str
    key_hash: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{SIGNATURE_START}{self.name} {base64.b64encode(self.key_hash + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class UntrustedNote:
    """A note as parsed: nothing in it may be believed before `verify`. `text` is exactly what was signed."""

    text: str
    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class LogVerifier:
    """The public half of a log's key: its name and 32 bytes of Ed25519 public key."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def key_hash(self) -> bytes:
        """The 4 bytes by which a signature line points to this key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_HASH_SIZE]

    @property
    def text(self) -> str:
        """The one-line form in which a verifier is handed on: `name+keyhash+base64(type || key)`."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(_ED25519 + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class LogSigner:
    """A log's name and its private key."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> LogVerifier:
        """What others need to check our signatures."""
        return LogVerifier(self.name, self.key.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, signer: LogSigner) -> str:
    """A whole signed note. The origin must be the signer's name: one log, one name."""
    if checkpoint.origin != signer.name:
        raise ValueError("a log signs its own checkpoints only")
    value = signer.key.sign(checkpoint.text.encode())
    return checkpoint.text + "\n" + NoteSignature(signer.name, signer.verifier.key_hash, value).line


def parse(note: str) -> UntrustedNote:
    """Take a note apart without believing it. Raises Tampered `checkpoint-malformed`."""
    if len(note) > MAX_NOTE or any(character < " " and character != "\n" for character in note):
        raise _malformed("the note is too long or holds control characters")
    body, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise _malformed("text and signatures are not parted by an empty line")
    text = body + "\n"
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise _malformed("the text is not origin, size and root")
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), _decoded(lines[2]))
    except ValueError:
        raise _malformed("origin, size or root is not in its form") from None
    return UntrustedNote(text, checkpoint, tuple(_signature(line) for line in tail.split("\n")[:-1]))


def verify(note: str, verifier: LogVerifier) -> Checkpoint:
    """The checkpoint of a note that this log's key signed.

    Signatures of unknown keys are ignored. Raises Tampered: `checkpoint-malformed`, `checkpoint-unsigned` (no
    signature by this key), `checkpoint-forged` (one in this key's name does not verify), `checkpoint-origin`.
    """
    untrusted = parse(note)
    if untrusted.checkpoint.origin != verifier.name:
        raise Tampered("checkpoint-origin", "The checkpoint belongs to another log.")
    ours = [s for s in untrusted.signatures if (s.name, s.key_hash) == (verifier.name, verifier.key_hash)]
    if not ours:
        raise Tampered("checkpoint-unsigned", "The checkpoint carries no signature of this log's key.")
    key = Ed25519PublicKey.from_public_bytes(verifier.public_key)
    for signature in ours:
        try:
            key.verify(signature.value, untrusted.text.encode())
        except InvalidSignature:
            raise Tampered("checkpoint-forged", "The checkpoint's signature does not verify.") from None
    return untrusted.checkpoint


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(SIGNATURE_START).partition(" ")
    if not line.startswith(SIGNATURE_START) or not space:
        raise _malformed("a signature line is not in its form")
    try:
        _check_name(name)
        raw = _decoded(encoded)
    except ValueError:
        raise _malformed("a signature line is not in its form") from None
    if len(raw) <= _KEY_HASH_SIZE:
        raise _malformed("a signature is too short")
    return NoteSignature(name, raw[:_KEY_HASH_SIZE], raw[_KEY_HASH_SIZE:])


def _decoded(encoded: str) -> bytes:
    """Base64, accepted only in the one form that we would write ourselves."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(raw).decode() != encoded:
        raise ValueError("base64 with loose ends")
    return raw


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name) or name.startswith(SIGNATURE_START[0]):
        raise ValueError("a name has no spaces, no plus sign and is not empty")


def _malformed(why: str) -> Tampered:
    return Tampered("checkpoint-malformed", f"The checkpoint cannot be read: {why}.")
