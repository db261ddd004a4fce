"""What is said to an identity provider, and what of its answers is believed. Heavy: loaded when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from triage.domain.errors import Refused, Unavailable
from triage.settings import OidcSettings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key of the provider's. Not `none`, and not HMAC, whose key the client would have as well."""
_LEEWAY = 60
_PATIENCE = 10.0


@dataclass(frozen=True)
class IdentityProvider:
    """One provider. `back` is the address to which it sends browsers back."""

    settings: OidcSettings
    back: str

    def address(self, state: str, nonce: str, verifier: str, *, once_more: bool) -> str:
        """Where a browser goes. Raises Unavailable `provider-unreachable`, Refused `provider-differs`."""
        asked: dict[str, Any] = {"prompt": "login", "max_age": 0} if once_more else {}
        with self._client() as client:
            there = self._discovered(client)["authorization_endpoint"]
            address, _ = client.create_authorization_url(
                there, state=state, code_verifier=verifier, nonce=nonce, **asked
            )
        return str(address)

    def claims(self, code: str, nonce: str, verifier: str, now: datetime) -> Mapping[str, Any] | None:
        """What the provider's token says, once all of it holds; None where it does not. Raises as `address` does."""
        try:
            with self._client() as client:
                found = self._discovered(client)
                got = client.fetch_token(found["token_endpoint"], code=code, code_verifier=verifier)
                keys = KeySet.import_key_set(_answer(client, found["jwks_uri"]))  # type: ignore[arg-type] # checked there
            token = jwt.decode(str(got["id_token"]), keys, algorithms=_ALGORITHMS)
            wanted = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "sub": {"essential": True},
            }
            asked = {
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": got.get("access_token"),
            }
            claims = CodeIDToken(token.claims, token.header, wanted, asked)
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        except (OAuthError, JoseError, KeyError, ValueError, TypeError):
            return None
        except httpx2.HTTPError as error:
            raise _unreachable() from error
        return dict(claims)

    def _client(self) -> OAuth2Client:
        secret = self.settings.client_secret.get_secret_value()
        return OAuth2Client(
            client_id=self.settings.client_id,
            client_secret=secret or None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            redirect_uri=self.back,
            scope="openid",
            code_challenge_method="S256",
            timeout=_PATIENCE,
        )

    def _discovered(self, client: OAuth2Client) -> Mapping[str, str]:
        """Where the provider's ends are, as it says itself, under the name that it has here."""
        try:
            found = _answer(client, f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        except (httpx2.HTTPError, ValueError) as error:
            raise _unreachable() from error
        if found.get("issuer") != self.settings.issuer:
            raise Refused("provider-differs", "The identity provider calls itself otherwise than the settings do.")
        return found


def _answer(client: OAuth2Client, address: str) -> dict[str, Any]:
    answer = client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - what JSON held is a value
    return found


def _unreachable() -> Unavailable:
    return Unavailable("provider-unreachable", "The identity provider does not answer: sign in another way.")
