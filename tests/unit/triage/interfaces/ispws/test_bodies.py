"""Bodies of requests in pieces of any size, whole or broken, within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.target import at_once
from triage.domain.errors import Refused, TriageError, Unavailable, Unreadable
from triage.interfaces.ispws.bodies import Budget, Form, document, form

MULTIPART = "multipart/form-data; boundary=b"


def parts(*told: tuple[str, bytes]) -> bytes:
    """A multipart body of these headers and contents."""
    inner = b"".join(
        b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in told
    )
    return inner + b"--b--\r\n"


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    """A body as it arrives."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(content_type: str, body: bytes, most: int = 1_000_000, size: int = 65_536) -> Form:
    """The form in a body."""
    return at_once(form(content_type, pieces(body, size), most))


@given(st.binary(max_size=300), st.integers(1, 64), st.booleans())
def test_a_file_is_the_same_in_whatever_pieces_it_comes(data: bytes, size: int, file_first: bool) -> None:
    """Also one that looks like a boundary, before its id or after it."""
    data = data.replace(b"\r\n--b", b"\r\n--c")
    told = [('name="id"', b"7"), ('name="file"; filename="a.png"', data)]
    found = read(MULTIPART, parts(*reversed(told) if file_first else told), size=size)
    assert (found.fields, found.file_name, found.file) == ({"id": "7"}, "a.png", data)


def test_a_plain_form_is_read_too() -> None:
    """As most clients send the end of a report."""
    found = read("application/x-www-form-urlencoded; charset=UTF-8", b"id=7&other=%20")
    assert (found.fields, found.file) == ({"id": "7", "other": " "}, None)


BROKEN = {
    "no type": ("", b"id=7"),
    "another type": ("application/json", b"{}"),
    "no boundary": ("multipart/form-data", parts(('name="id"', b"7"))),
    "a long boundary": (f"multipart/form-data; boundary={'b' * 300}", b""),
    "nothing": (MULTIPART, b""),
    "an early end": (MULTIPART, parts(('name="id"', b"7"))[:-8]),
    "another boundary": (MULTIPART, b"--c\r\n\r\n--c--"),
    "no name": (MULTIPART, parts(('filename="a"', b"7"))),
    "an attachment": (MULTIPART, parts(('name="id"', b"7")).replace(b"form-data", b"attachment")),
    "two files": (MULTIPART, parts(('name="file"', b""), ('name="file"', b""))),
    "many parts": (MULTIPART, parts(*[('name="id"', b"7")] * 17)),
    "a long field": (MULTIPART, parts(('name="id"', b"7" * 4_097))),
    "a long header": (MULTIPART, parts((f'name="{"a" * 10_000}"', b"7"))),
    "a long plain form": ("application/x-www-form-urlencoded", b"id=" + b"7" * 70_000),
    "many plain fields": ("application/x-www-form-urlencoded", b"&".join([b"id=7"] * 17)),
    "no UTF-8": ("application/x-www-form-urlencoded", b"id=\xff"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("size", [1, 65_536])
def test_a_broken_form_has_a_code(name: str, size: int) -> None:
    """In whatever pieces it comes."""
    with pytest.raises(Refused) as caught:
        read(*BROKEN[name], size=size)
    assert caught.value.code == "form-invalid"


@pytest.mark.parametrize(("length", "fits"), [(1_000, True), (1_001, False), (200_000, False)])
def test_a_file_has_a_limit(length: int, fits: bool) -> None:
    """To the byte, and while it arrives."""
    body = parts(('name="file"', b"a" * length))
    if fits:
        found = read(MULTIPART, body, most=1_000)
        assert found.file is not None
        assert len(found.file) == length
        return
    with pytest.raises(TriageError) as caught:
        read(MULTIPART, body, most=1_000)
    assert caught.value.code == "upload-too-large"


def test_a_document_has_a_limit() -> None:
    """To the byte."""
    assert at_once(document(pieces(b"a" * 10, 3), 10)) == b"a" * 10
    with pytest.raises(Unreadable):
        at_once(document(pieces(b"a" * 11, 3), 10))


def test_all_uploads_share_a_budget_and_give_it_back() -> None:
    """Also one that was refused: what it had taken is free again."""
    budget = Budget(10)
    with budget.share() as first:
        first(6)
        with budget.share() as second:
            second(4)
            with pytest.raises(Unavailable, match="later"):
                second(1)
        assert budget.left == 4
    assert budget.left == 10
