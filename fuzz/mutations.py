"""Cheap changes to bytes, the same on every run: what CI tries where no fuzzer is installed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

_TELLING = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\0",
    b"\x80",
    b"9" * 20,
    b'"',
    b"{",
    b"\n",
)
"""Bytes at which readers go wrong: extremes of lengths and counts, quotes, ends of lines."""


def mutated(seeds: Iterable[bytes], count: int, longest: int, name: str) -> Iterator[bytes]:
    """`count` changed seeds of up to `longest` bytes; equal seeds and name, equal bytes."""
    chance = random.Random(name)
    pool = [seed for seed in seeds if len(seed) <= longest] or [b""]
    for _ in range(count):
        data = bytearray(chance.choice(pool))
        for _ in range(chance.randint(1, 4)):
            chance.choice(_CHANGES)(data, chance, pool)
        yield bytes(data[:longest])


def _flip(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    del pool
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    del pool
    del data[chance.randint(0, len(data)) :]


def _remove(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    del pool
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 16)]


def _overwrite(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    del pool
    telling = chance.choice(_TELLING)
    start = chance.randint(0, len(data))
    data[start : start + len(telling)] = telling


def _double(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    del pool
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.randint(1, 64)]
    data[start:start] = piece * chance.randint(1, 8)


def _cross(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    other = chance.choice(pool)
    start = chance.randint(0, len(data))
    data[start:] = other[chance.randint(0, len(other)) :]


_CHANGES = (_flip, _flip, _cut, _remove, _overwrite, _overwrite, _double, _cross)
