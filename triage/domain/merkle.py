"""The Merkle tree of RFC 6962 section 2.1: hashes, a compact frontier, inclusion and consistency proofs.

A leaf goes in as bytes through `leaf_hash`; every other function takes and gives 32-byte hashes. Sizes count leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf; the prefix 0x00 keeps leaves and nodes apart."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node; prefix 0x01."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: roots of its complete subtrees, largest first, one for each set bit of `size`.

    All that is needed to append and to state the root: at most 64 hashes for any log. Immutable; appending gives a
    new one.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError("a frontier holds one peak for each set bit of its size")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise ValueError("a peak is 32 bytes")

    def extended(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes; about two hashes of work per leaf."""
        peaks, size = list(self.peaks), self.size
        for leaf in leaf_hashes:
            joined = leaf
            for _ in range(_trailing_ones(size)):
                joined = node_hash(peaks.pop(), joined)
            peaks.append(joined)
            size += 1
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root hash; SHA-256 of nothing for the empty tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root of a tree over these leaf hashes."""
    return Frontier().extended(leaf_hashes).root


def inclusion_proof(leaf_hash_at: Callable[[int], bytes], index: int, size: int) -> tuple[bytes, ...]:
    """The audit path for leaf `index` in the tree of the first `size` leaves (RFC 6962 section 2.1.1).

    `leaf_hash_at` is asked for every other leaf of the tree once; memory stays logarithmic.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf lies outside the tree")
    path: list[bytes] = []
    first, count = 0, size
    while count > 1:
        split = _largest_power_below(count)
        if index - first < split:
            path.append(_subtree(leaf_hash_at, first + split, first + count))
            count = split
        else:
            path.append(_subtree(leaf_hash_at, first, first + split))
            first, count = first + split, count - split
    return tuple(reversed(path))


def consistency_proof(leaf_hash_at: Callable[[int], bytes], old_size: int, new_size: int) -> tuple[bytes, ...]:
    """The proof that the tree of `new_size` only appends to that of `old_size` (RFC 6962 section 2.1.2).

    Empty when the sizes are equal or `old_size` is 0, where there is nothing to prove.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError("the older tree is the smaller one")
    if old_size in {0, new_size}:
        return ()
    path: list[bytes] = []
    first, count, old = 0, new_size, old_size
    whole = True  # the old tree's root is known to the verifier until we step right
    while old != count:
        split = _largest_power_below(count)
        if old <= split:
            path.append(_subtree(leaf_hash_at, first + split, first + count))
            count = split
        else:
            path.append(_subtree(leaf_hash_at, first, first + split))
            first, count, old, whole = first + split, count - split, old - split, False
    if not whole:
        path.append(_subtree(leaf_hash_at, first, first + count))
    return tuple(reversed(path))


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that leaf hash `leaf` is number `index` under `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            reached = node_hash(sibling, reached)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and reached == root


def extends(old_root: bytes, old_size: int, new_root: bytes, new_size: int, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the new tree begins with the whole old one (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == new_size:
        return not proof and old_root == new_root
    path = (old_root, *proof) if old_size.bit_count() == 1 else tuple(proof)
    if not path:
        return False
    skipped = _trailing_ones(old_size - 1)
    position, last = (old_size - 1) >> skipped, (new_size - 1) >> skipped
    old_reached = new_reached = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_reached = node_hash(sibling, old_reached)
            new_reached = node_hash(sibling, new_reached)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_reached = node_hash(new_reached, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_reached == old_root and new_reached == new_root


def _subtree(leaf_hash_at: Callable[[int], bytes], first: int, end: int) -> bytes:
    return root_of(leaf_hash_at(index) for index in range(first, end))


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than `count` (which is at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _trailing_ones(number: int) -> int:
    return (~number & (number + 1)).bit_length() - 1
