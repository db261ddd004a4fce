"""The Merkle tree against the values that Certificate Transparency's implementations share."""

from __future__ import annotations

from hashlib import sha256

import pytest

from triage.domain.merkle import (
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

# The eight test leaves of the Certificate Transparency reference implementation and the roots over the first n.
CT_LEAVES = tuple(
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_empty_tree_has_the_digest_of_nothing() -> None:
    """RFC 6962: the hash of an empty list is the hash of an empty string."""
    assert Frontier().root == sha256(b"").digest()


def test_leaves_and_nodes_are_told_apart() -> None:
    """A node's input can never be taken for a leaf: the prefixes differ."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_agree_with_certificate_transparency(size: int) -> None:
    """Every size of the shared test tree gives the shared root."""
    assert root_of(leaf_hash(leaf) for leaf in CT_LEAVES[:size]).hex() == CT_ROOTS[size - 1]


def test_a_frontier_must_fit_its_size() -> None:
    """A frontier read back from storage with peaks missing or cut is refused."""
    whole = Frontier().extended(leaf_hash(leaf) for leaf in CT_LEAVES[:7])
    with pytest.raises(ValueError, match="one peak for each set bit"):
        Frontier(whole.size, whole.peaks[:-1])
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier(whole.size, (*whole.peaks[:-1], b"short"))


def test_appending_leaves_the_older_frontier_as_it_was() -> None:
    """A rolled-back commit keeps its frontier."""
    older = Frontier().extended([leaf_hash(b"a")])
    older.extended([leaf_hash(b"b")])
    assert older == Frontier(1, (leaf_hash(b"a"),))


def test_proofs_outside_the_tree_are_refused() -> None:
    """There is no proof for a leaf that is not there, nor that a tree shrank."""
    with pytest.raises(ValueError, match="outside"):
        inclusion_proof(lambda _: b"", 3, 3)
    with pytest.raises(ValueError, match="smaller"):
        consistency_proof(lambda _: b"", 4, 3)
    assert not includes(bytes(32), 3, 3, bytes(32), ())
    assert not extends(bytes(32), 4, bytes(32), 3, ())
    assert not extends(bytes(32), 3, bytes(32), 4, ())
