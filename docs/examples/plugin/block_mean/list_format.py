"""A toy hash-set format: on each line a block mean (128 hexadecimal digits), then perhaps an MD5 and a category.

The block mean is kept for its owner, counted, and not compared; the MD5 is what a lookup finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from hashsets.formats.detect import Format
from hashsets.formats.lines import read_lines
from hashsets.formats.records import Read, Reject, RejectCode, Values, bounded_text
from hashsets.vocabulary import Entry, Opinion


def read_block_means(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read a list; positions are line numbers. `columns` concerns other formats."""
    del columns
    for number, line in read_lines(stream):
        if line is None:
            yield Reject(number, RejectCode.LINE_TOO_LONG)
        elif line.strip() and not line.startswith("#"):
            yield from _read_line(number, line.split())


def _read_line(number: int, words: list[str]) -> Iterator[Read | Reject]:
    values = Values(number)
    block_mean, md5, category, *_ = [*words, "", "", ""]
    if len(block_mean) == 128:
        values.add("block-mean", block_mean.lower())
    else:
        values.reject(RejectCode.WRONG_LENGTH)
    values.add("md5", md5)
    opinion = Opinion(category=bounded_text(category, values))
    yield from values.rejects
    if not values.is_empty:
        yield Read(number, Entry(values.derived_key(), tuple(values.digests), (), opinion, tuple(values.opaque)))


FORMAT = Format("block-mean-list", "line", read_block_means)
