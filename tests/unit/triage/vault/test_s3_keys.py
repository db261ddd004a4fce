"""The store's credentials: one place for them, private, and never in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.s3 import s3_settings
from triage.domain.errors import TriageError
from triage.vault.s3_keys import s3_keys

SECRET = "made-up-secret"


def in_file(path: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return {"credentials_file": str(path), "access_key_id": "", "secret_access_key": ""}


def test_credentials_come_from_the_settings_or_from_their_file(tmp_path: Path) -> None:
    """Both give the same."""
    text = f'access_key_id = "key"\nsecret_access_key = "{SECRET}"\n'
    for settings in (
        s3_settings("", access_key_id="key", secret_access_key=SECRET),
        s3_settings("", **in_file(tmp_path / "s3.toml", text)),
        s3_settings("", **in_file(tmp_path / "s3-read-only.toml", text, 0o400)),
    ):
        keys = s3_keys(settings)
        assert (keys.access_key_id, keys.secret_access_key.get_secret_value()) == ("key", SECRET)
        assert SECRET not in repr(keys) + repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("text", "mode", "code"),
    [
        (f'access_key_id = "key"\nsecret_access_key = "{SECRET}"\n', 0o644, "key-exposed"),
        (f'access_key_id = "key"\nsecret_access_key = "{SECRET}"\n', 0o640, "key-exposed"),
        (f'access_key_id = "key"\nsecret_access_key = {SECRET}\n', 0o600, "config-invalid"),
        (f'secret_access_key = "{SECRET}"\n', 0o600, "config-invalid"),
        (f'access_key_id = "key"\nsecret_access_key = "{SECRET}"\nmore = "{SECRET}"\n', 0o600, "config-invalid"),
        ('access_key_id = ""\nsecret_access_key = ""\n', 0o600, "config-invalid"),
    ],
)
def test_a_file_that_is_open_or_not_in_its_form_is_refused(tmp_path: Path, text: str, mode: int, code: str) -> None:
    """Without a word of what stands in it."""
    settings = s3_settings("", **in_file(tmp_path / "s3.toml", text, mode))
    with pytest.raises(TriageError) as caught:
        s3_keys(settings)
    assert caught.value.code == code
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"access_key_id": "", "secret_access_key": ""}, "config-invalid"),
        ({"access_key_id": "key", "secret_access_key": ""}, "config-invalid"),
        ({"credentials_file": "/nowhere/s3.toml"}, "config-invalid"),
        ({"credentials_file": "/nowhere/s3.toml", "access_key_id": ""}, "key-missing"),
    ],
)
def test_credentials_that_are_missing_or_given_twice_are_refused(given: dict[str, str], code: str) -> None:
    """Before anything is sent."""
    with pytest.raises(TriageError) as caught:
        s3_keys(s3_settings("", **given))
    assert caught.value.code == code
