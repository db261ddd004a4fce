"""The frontier and the proofs against the recursive definition of RFC 6962 section 2.1, for every shape of tree."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
)

LEAVES = tuple(leaf_hash(number.to_bytes(2, "big")) for number in range(70))
sizes = st.integers(0, len(LEAVES))


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as the RFC defines it, over leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


@given(st.lists(sizes, max_size=6))
def test_a_frontier_grown_in_any_steps_has_the_recursive_root(cuts: list[int]) -> None:
    """How appends are batched never shows in the root."""
    frontier, reached = Frontier(), 0
    for cut in sorted(cuts):
        frontier, reached = frontier.extended(LEAVES[reached:cut]), cut
        assert frontier.size == cut
        assert frontier.root == recursive_root(LEAVES[:cut])


@given(st.integers(1, len(LEAVES)), st.data())
def test_every_leaf_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    """A proof holds for its leaf, index, size and root; with any of them altered it fails."""
    index = data.draw(st.integers(0, size - 1))
    root = recursive_root(LEAVES[:size])
    proof = inclusion_proof(LEAVES.__getitem__, index, size)
    assert includes(root, size, index, LEAVES[index], proof)
    assert not includes(root, size, index, leaf_hash(b"another"), proof)
    assert not includes(EMPTY_ROOT, size, index, LEAVES[index], proof)
    assert not includes(root, size, index, LEAVES[index], (*proof, LEAVES[0]))
    if proof:
        assert not includes(root, size, index, LEAVES[index], proof[:-1])
        other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
        assert not includes(root, size, other, LEAVES[index], proof)


@given(sizes, sizes, st.data())
def test_growth_is_proved_and_a_rewritten_past_is_not(one: int, other: int, data: st.DataObject) -> None:
    """The new tree begins with the old one; altering an old leaf, the old root or the proof shows."""
    old, new = sorted((one, other))
    old_root, new_root = recursive_root(LEAVES[:old]), recursive_root(LEAVES[:new])
    proof = consistency_proof(LEAVES.__getitem__, old, new)
    assert extends(old_root, old, new_root, new, proof)
    assert not extends(leaf_hash(b"another"), old, new_root, new, proof)
    assert not extends(old_root, old, new_root, new, (*proof, LEAVES[0]))
    if 0 < old < new:
        assert not extends(old_root, old, leaf_hash(b"another"), new, proof)
        rewritten = list(LEAVES[:new])
        rewritten[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
        forged = consistency_proof(rewritten.__getitem__, old, new)
        assert not extends(old_root, old, recursive_root(rewritten), new, forged)
