"""Who holds the key that wraps every object's own key. The wrapping key never stands in the database or the vault."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from triage.domain.errors import Refused, Tampered
from triage.vault.files import create_secret, load_secret

_DOMAIN = b"triage key wrap v1\x00"
_NONCE = 12


class KeyProvider(Protocol):
    """Wraps and unwraps object keys; a file here, a key service elsewhere."""

    @property
    def key_id(self) -> str:
        """A stable name of the wrapping key that tells nothing of the key."""
        ...

    def wrap(self, dek: bytes, context: bytes) -> bytes:
        """Encrypt an object's key, bound to `context` (the object id) and to this provider's key id."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The object's key again. Raises Tampered `key-unwrap-failed` for another key, context or altered bytes."""
        ...


class FileKeyProvider:
    """The wrapping key in a file of 32 bytes, mode 0600.

    A wrapped key is 60 bytes: nonce (12), AES-256-GCM ciphertext (32) and tag (16). Nonces are random; one key file
    is good for 2^32 objects (NIST SP 800-38D, section 8.3).
    """

    def __init__(self, path: Path) -> None:
        """Load an existing key file; raises as `load_secret` does and never makes one."""
        secret = load_secret(path)
        self._cipher = AESGCM(secret)
        self._key_id = "file-" + sha256(b"triage key id v1\x00" + secret).hexdigest()[:16]

    @classmethod
    def create(cls, path: Path, *, evidence_exists: bool) -> FileKeyProvider:
        """Make a new key file and load it.

        `evidence_exists` says whether the vault holds anything: a new key could not open it, so a lost key must come
        back from its own backup. Raises Refused `key-lost`, Conflict `key-exists`.
        """
        if evidence_exists and not path.exists():
            raise Refused(
                "key-lost", "The vault holds evidence and its key is missing: restore the key, make no new one."
            )
        create_secret(path)
        return cls(path)

    @property
    def key_id(self) -> str:
        """`file-` and 16 hexadecimal digits of a hash of the key."""
        return self._key_id

    def wrap(self, dek: bytes, context: bytes) -> bytes:
        """See KeyProvider."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, dek, self._bound(context))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See KeyProvider."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], self._bound(context))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce and a tag
            raise Tampered("key-unwrap-failed", "An object's key does not unwrap under this wrapping key.") from None

    def _bound(self, context: bytes) -> bytes:
        name = self._key_id.encode()
        return _DOMAIN + len(name).to_bytes(2, "big") + name + context
