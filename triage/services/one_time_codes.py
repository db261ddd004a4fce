"""One-time codes by the clock (RFC 6238): six digits, 30 seconds, one step either side. A code is good once."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp

from triage.domain.errors import Tampered
from triage.vault.keys import KeyProvider

_SECONDS = 30
_ISSUER = "triage"


@dataclass(frozen=True)
class OneTimeCodes:
    """Makes secrets, and tells which step a code is of. Secrets leave here wrapped, bound to whose they are."""

    keys: KeyProvider

    def new_secret(self, principal_id: int) -> bytes:
        """160 random bits, wrapped."""
        return self.keys.wrap(secrets.token_bytes(20), _context(principal_id))

    def address(self, principal_id: int, login: str, wrapped: bytes) -> str:
        """What an authenticator is told: an `otpauth` address with the secret in it."""
        secret = _base32(self.keys.unwrap(wrapped, _context(principal_id)))
        return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)

    def step_of(self, principal_id: int, wrapped: bytes | None, code: str, now: datetime) -> int | None:
        """The step that this code is of, of the last, this and the next one; None when of none. Raises Tampered."""
        digits = code.replace(" ", "")
        if wrapped is None or len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
            return None
        try:
            made = pyotp.TOTP(_base32(self.keys.unwrap(wrapped, _context(principal_id))))
        except Tampered as error:
            raise Tampered("secret-unwrap-failed", "A person's kept secret does not unwrap here.") from error
        this = int(now.timestamp()) // _SECONDS
        found = [
            step for step in (this - 1, this, this + 1) if secrets.compare_digest(made.generate_otp(step), digits)
        ]
        return max(found, default=None)


def _context(principal_id: int) -> bytes:
    return f"totp:{principal_id}".encode()


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode()
