"""Paths of evidence for people's eyes."""

from __future__ import annotations

import pytest

from triage.domain.submissions import path_text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"folder/picture.jpg", "folder/picture.jpg"),
        ("ภาพ/รูป.jpg".encode(), "ภาพ/รูป.jpg"),
        (b"caf\xe9.jpg", "caf\\xe9.jpg"),
        (b"new\nline\x1b[31m.jpg", "new\\x0aline\\x1b[31m.jpg"),
        ("mirrored\u202egpj.exe".encode(), "mirrored\\x202egpj.exe"),
        (b"", ""),
    ],
)
def test_a_path_is_shown_whole_and_cannot_steer_a_terminal(path: bytes, text: str) -> None:
    """Names need not be UTF-8 and may hold escapes or marks that turn the reading direction: all become visible."""
    assert path_text(path) == text
