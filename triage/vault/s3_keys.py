"""The store's credentials: from the settings, the environment, or a private file of their own."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from triage.domain.errors import Refused, Unavailable
from triage.settings import S3Settings
from triage.vault.files import require_private


class S3Keys(BaseModel):
    """What signs requests to the store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key_id: str = Field(min_length=1)
    secret_access_key: SecretStr = Field(min_length=1)


def s3_keys(settings: S3Settings) -> S3Keys:
    """The credentials that the settings hold, or those in their `credentials_file` (TOML, both keys, mode 0600).

    Raises Refused `key-exposed`, `config-invalid`; Unavailable `key-missing`.
    """
    if not settings.credentials_file:
        if not settings.access_key_id or not settings.secret_access_key.get_secret_value():
            raise Refused(
                "config-invalid",
                "The vault needs vault.s3.access_key_id and secret_access_key, or vault.s3.credentials_file.",
            )
        return S3Keys(access_key_id=settings.access_key_id, secret_access_key=settings.secret_access_key)
    if settings.access_key_id:
        raise Refused("config-invalid", "vault.s3: credentials_file and access_key_id exclude one another.")
    try:
        with Path(settings.credentials_file).open("rb") as file:
            require_private(file.fileno())
            return S3Keys(**tomllib.load(file))
    except OSError:
        raise Unavailable("key-missing", "The file of vault.s3.credentials_file cannot be opened.") from None
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused(  # without the parser's words: they quote the file
            "config-invalid", "vault.s3.credentials_file must be TOML: access_key_id and secret_access_key, no more."
        ) from None
