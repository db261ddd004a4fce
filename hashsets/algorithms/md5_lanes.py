"""MD5 of many messages at once, one to a lane of the processor's vector registers: RFC 1321, sixteen side by side.

MD5's steps wait for one another, so that one message leaves most of a processor idle, and no processor has an
instruction for it. The lane loop of `_advance` is straight-line code, which LLVM turns into vector instructions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hashsets.compiling import exact_kernel

LANES = 16
BLOCK = 64
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], np.uint32)
_LENGTH_SIZE = 8

Word = np.uint32
Words = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]


def md5_of_many(messages: Sequence[bytes]) -> list[bytes]:
    """The MD5 of each message, in order. Those of a like length are taken together, sixteen at a time.

    Makes a padded copy of sixteen messages at a time.
    """
    digests = [b""] * len(messages)
    by_length = sorted(range(len(messages)), key=lambda place: len(messages[place]))
    for start in range(0, len(by_length), LANES):
        places = by_length[start : start + LANES]
        for place, digest in zip(places, _together([messages[place] for place in places]), strict=True):
            digests[place] = digest
    return digests


def warm_up() -> None:
    """Compile or load the kernel."""
    md5_of_many([b""])


def _together(messages: Sequence[bytes]) -> list[bytes]:
    blocks = np.zeros(LANES, np.int64)
    blocks[: len(messages)] = [(len(message) + _LENGTH_SIZE) // BLOCK + 1 for message in messages]
    first = np.zeros(LANES, np.int64)  # a lane without a message reads the first one's bytes, for nothing
    first[1 : len(messages)] = np.cumsum(blocks)[: len(messages) - 1]
    padded = np.zeros(int(blocks.sum()) * BLOCK, np.uint8)
    for message, at, count in zip(messages, first.tolist(), blocks.tolist(), strict=False):
        start, end = at * BLOCK, (at + count) * BLOCK
        padded[start : start + len(message)] = np.frombuffer(message, np.uint8)
        padded[start + len(message)] = 0x80
        padded[end - _LENGTH_SIZE : end] = np.frombuffer(
            (8 * len(message)).to_bytes(_LENGTH_SIZE, "little"), np.uint8
        )
    state = np.repeat(_START[:, None], LANES, axis=1)
    done = 0
    for until in sorted(set(blocks[: len(messages)].tolist())):
        before = state.copy()
        _advance(padded.view("<u4"), np.where(blocks >= until, first + done, 0) * 16, until - done, state)
        state = np.where(blocks >= until, state, before)  # whoever has ended stays as it was
        done = until
    return [state[:, lane].astype("<u4").tobytes() for lane in range(len(messages))]


@exact_kernel
def _advance(words: Words, starts: Counts, count: int, state: Words) -> None:  # noqa: PLR0915 - as RFC 1321 prints it
    """Take `count` blocks of each lane's message, from the word at `starts`, into `state` (4, LANES) in place."""
    w = np.empty((16, LANES), np.uint32)
    for block in range(count):
        for lane in range(LANES):
            for word in range(16):
                w[word, lane] = words[starts[lane] + 16 * block + word]
        for lane in range(LANES):
            a, b, c, d = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
            a = _round_1(a, b, c, d, w[0, lane], 0xD76AA478, 7)
            d = _round_1(d, a, b, c, w[1, lane], 0xE8C7B756, 12)
            c = _round_1(c, d, a, b, w[2, lane], 0x242070DB, 17)
            b = _round_1(b, c, d, a, w[3, lane], 0xC1BDCEEE, 22)
            a = _round_1(a, b, c, d, w[4, lane], 0xF57C0FAF, 7)
            d = _round_1(d, a, b, c, w[5, lane], 0x4787C62A, 12)
            c = _round_1(c, d, a, b, w[6, lane], 0xA8304613, 17)
            b = _round_1(b, c, d, a, w[7, lane], 0xFD469501, 22)
            a = _round_1(a, b, c, d, w[8, lane], 0x698098D8, 7)
            d = _round_1(d, a, b, c, w[9, lane], 0x8B44F7AF, 12)
            c = _round_1(c, d, a, b, w[10, lane], 0xFFFF5BB1, 17)
            b = _round_1(b, c, d, a, w[11, lane], 0x895CD7BE, 22)
            a = _round_1(a, b, c, d, w[12, lane], 0x6B901122, 7)
            d = _round_1(d, a, b, c, w[13, lane], 0xFD987193, 12)
            c = _round_1(c, d, a, b, w[14, lane], 0xA679438E, 17)
            b = _round_1(b, c, d, a, w[15, lane], 0x49B40821, 22)
            a = _round_2(a, b, c, d, w[1, lane], 0xF61E2562, 5)
            d = _round_2(d, a, b, c, w[6, lane], 0xC040B340, 9)
            c = _round_2(c, d, a, b, w[11, lane], 0x265E5A51, 14)
            b = _round_2(b, c, d, a, w[0, lane], 0xE9B6C7AA, 20)
            a = _round_2(a, b, c, d, w[5, lane], 0xD62F105D, 5)
            d = _round_2(d, a, b, c, w[10, lane], 0x02441453, 9)
            c = _round_2(c, d, a, b, w[15, lane], 0xD8A1E681, 14)
            b = _round_2(b, c, d, a, w[4, lane], 0xE7D3FBC8, 20)
            a = _round_2(a, b, c, d, w[9, lane], 0x21E1CDE6, 5)
            d = _round_2(d, a, b, c, w[14, lane], 0xC33707D6, 9)
            c = _round_2(c, d, a, b, w[3, lane], 0xF4D50D87, 14)
            b = _round_2(b, c, d, a, w[8, lane], 0x455A14ED, 20)
            a = _round_2(a, b, c, d, w[13, lane], 0xA9E3E905, 5)
            d = _round_2(d, a, b, c, w[2, lane], 0xFCEFA3F8, 9)
            c = _round_2(c, d, a, b, w[7, lane], 0x676F02D9, 14)
            b = _round_2(b, c, d, a, w[12, lane], 0x8D2A4C8A, 20)
            a = _round_3(a, b, c, d, w[5, lane], 0xFFFA3942, 4)
            d = _round_3(d, a, b, c, w[8, lane], 0x8771F681, 11)
            c = _round_3(c, d, a, b, w[11, lane], 0x6D9D6122, 16)
            b = _round_3(b, c, d, a, w[14, lane], 0xFDE5380C, 23)
            a = _round_3(a, b, c, d, w[1, lane], 0xA4BEEA44, 4)
            d = _round_3(d, a, b, c, w[4, lane], 0x4BDECFA9, 11)
            c = _round_3(c, d, a, b, w[7, lane], 0xF6BB4B60, 16)
            b = _round_3(b, c, d, a, w[10, lane], 0xBEBFBC70, 23)
            a = _round_3(a, b, c, d, w[13, lane], 0x289B7EC6, 4)
            d = _round_3(d, a, b, c, w[0, lane], 0xEAA127FA, 11)
            c = _round_3(c, d, a, b, w[3, lane], 0xD4EF3085, 16)
            b = _round_3(b, c, d, a, w[6, lane], 0x04881D05, 23)
            a = _round_3(a, b, c, d, w[9, lane], 0xD9D4D039, 4)
            d = _round_3(d, a, b, c, w[12, lane], 0xE6DB99E5, 11)
            c = _round_3(c, d, a, b, w[15, lane], 0x1FA27CF8, 16)
            b = _round_3(b, c, d, a, w[2, lane], 0xC4AC5665, 23)
            a = _round_4(a, b, c, d, w[0, lane], 0xF4292244, 6)
            d = _round_4(d, a, b, c, w[7, lane], 0x432AFF97, 10)
            c = _round_4(c, d, a, b, w[14, lane], 0xAB9423A7, 15)
            b = _round_4(b, c, d, a, w[5, lane], 0xFC93A039, 21)
            a = _round_4(a, b, c, d, w[12, lane], 0x655B59C3, 6)
            d = _round_4(d, a, b, c, w[3, lane], 0x8F0CCC92, 10)
            c = _round_4(c, d, a, b, w[10, lane], 0xFFEFF47D, 15)
            b = _round_4(b, c, d, a, w[1, lane], 0x85845DD1, 21)
            a = _round_4(a, b, c, d, w[8, lane], 0x6FA87E4F, 6)
            d = _round_4(d, a, b, c, w[15, lane], 0xFE2CE6E0, 10)
            c = _round_4(c, d, a, b, w[6, lane], 0xA3014314, 15)
            b = _round_4(b, c, d, a, w[13, lane], 0x4E0811A1, 21)
            a = _round_4(a, b, c, d, w[4, lane], 0xF7537E82, 6)
            d = _round_4(d, a, b, c, w[11, lane], 0xBD3AF235, 10)
            c = _round_4(c, d, a, b, w[2, lane], 0x2AD7D2BB, 15)
            b = _round_4(b, c, d, a, w[9, lane], 0xEB86D391, 21)
            state[0, lane] += a
            state[1, lane] += b
            state[2, lane] += c
            state[3, lane] += d


@exact_kernel
def _round_1(a: Word, b: Word, c: Word, d: Word, word: Word, add: int, shift: int) -> Word:
    return _turned(np.uint32(a + (d ^ (b & (c ^ d))) + word + np.uint32(add)), b, shift)


@exact_kernel
def _round_2(a: Word, b: Word, c: Word, d: Word, word: Word, add: int, shift: int) -> Word:
    return _turned(np.uint32(a + (c ^ (d & (b ^ c))) + word + np.uint32(add)), b, shift)


@exact_kernel
def _round_3(a: Word, b: Word, c: Word, d: Word, word: Word, add: int, shift: int) -> Word:
    return _turned(np.uint32(a + (b ^ c ^ d) + word + np.uint32(add)), b, shift)


@exact_kernel
def _round_4(a: Word, b: Word, c: Word, d: Word, word: Word, add: int, shift: int) -> Word:
    return _turned(np.uint32(a + (c ^ (b | np.uint32(~d))) + word + np.uint32(add)), b, shift)


@exact_kernel
def _turned(total: Word, b: Word, shift: int) -> Word:
    left = np.uint32(total << np.uint32(shift))
    return np.uint32(b + np.uint32(left | (total >> np.uint32(32 - shift))))
