"""What is packed on its way, and for whom."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request

from triage.interfaces.web.assets import assets
from triage.interfaces.web.packing import is_worth_packing, takes_gzip


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("br", False),
        ("", False),
        ("x-gzip-not", False),
    ],
)
def test_only_for_those_who_say_that_they_unpack(said: str, *, takes: bool) -> None:
    asked = Request({"type": "http", "headers": [(b"accept-encoding", said.encode())]})
    assert takes_gzip(asked) is takes


def test_a_short_answer_travels_as_it_is() -> None:
    assert not is_worth_packing(b"x" * 999)
    assert is_worth_packing(b"x" * 1_000)


def test_a_packed_file_is_the_same_file() -> None:
    """And what is packed already is not packed again."""
    htmx, font = assets()["htmx.min.js"], assets()["noto-sans-thai.woff2"]
    assert htmx.packed is not None
    assert gzip.decompress(htmx.packed) == htmx.content
    assert font.packed is None
