"""Lines of bounded length from a file of unknown encoding."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from hashsets.formats.lines import LINE_MAX, READ_SIZE, read_lines


def lines_of(raw: bytes) -> list[tuple[int, str | None]]:
    return list(read_lines(io.BytesIO(raw)))


def test_lines_are_numbered_from_one_whatever_their_ends() -> None:
    """Unix and Windows ends, with and without a last one."""
    assert lines_of(b"a\nb\r\n\nc") == [(1, "a"), (2, "b"), (3, ""), (4, "c")]
    assert lines_of(b"a\n") == [(1, "a")]
    assert lines_of(b"") == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_obeyed_and_dropped(encoding: str) -> None:
    """The first value of many exports hides behind one."""
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    assert lines_of((mark + "eins\nท้าย\n").encode(encoding)) == [(1, "eins"), (2, "ท้าย")]


def test_each_line_may_have_its_own_encoding() -> None:
    """UTF-8 and ISO 8859-1 in one pasted file."""
    assert lines_of("müde\n".encode() + "müde\n".encode("iso-8859-1")) == [(1, "müde"), (2, "müde")]


def test_a_line_that_straddles_reads_is_whole() -> None:
    """Nothing is lost where one read ends."""
    line = "x" * 1000
    count = READ_SIZE // 1000 + 20
    assert lines_of(f"{line}\n".encode() * count) == [(number + 1, line) for number in range(count)]


def test_an_overlong_line_is_passed_over_in_bounded_memory() -> None:
    """A file that is one line of 64 MiB, then a good line: the first is None, and was never held."""

    class Endless(io.RawIOBase):
        left = 64

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return b"a" * size if self.left >= 0 else b"\ngood\n" if self.left == -1 else b""

    tracemalloc.start()
    found = list(read_lines(Endless()))  # type: ignore[arg-type]  # only `read` is asked for
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [(1, None), (2, "good")]
    assert peak < 16 * READ_SIZE


def test_the_longest_allowed_line_is_read_and_one_more_byte_is_not() -> None:
    """At the bound."""
    assert lines_of(b"a" * LINE_MAX + b"\n" + b"b" * (LINE_MAX + 1) + b"\nc") == [
        (1, "a" * LINE_MAX),
        (2, None),
        (3, "c"),
    ]
