"""What WebAuthn's library is asked, in our words. Heavy: loaded when somebody uses a passkey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_BROKEN = (WebAuthnException, ValueError, KeyError, TypeError)
"""An answer is hostile: whatever it makes the library raise, it does not hold."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A passkey that was made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def creation_options(
    origin: str, principal_id: int, login: str, name: str, challenge: bytes, known: Sequence[bytes]
) -> str:
    """What a browser makes a passkey from, as JSON: one that asks its owner, and is found without a login."""
    options = webauthn.generate_registration_options(
        rp_id=_host(origin),
        rp_name="triage",
        user_id=principal_id.to_bytes(8, "big"),
        user_name=login,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return webauthn.options_to_json(options)


def request_options(origin: str, challenge: bytes, known: Sequence[bytes]) -> str:
    """What a browser asks a passkey for, as JSON: any of `known`, or where there is none any that it finds."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(origin),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def new_key(answer: str, challenge: bytes, origin: str) -> NewKey | None:
    """The passkey of a browser's answer; None where the answer does not hold."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except _BROKEN:
        return None
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def counted(answer: str, challenge: bytes, origin: str, public_key: bytes, sign_count: int) -> int | None:
    """How often the device says that it signed, which must have gone on; None where the answer does not hold."""
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _BROKEN:
        return None
    return found.new_sign_count


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""
