"""Categories with their scheme: `us:1`, `arachnid:test`, or a bare word where the source names no scheme."""

from __future__ import annotations

from collections.abc import Sequence

TEST_CLASSES: tuple[str, ...] = ("test",)
"""Categories by which sources mark entries that serve to try a connection. They never count as hits."""


def scheme_and_grade(category: str) -> tuple[str, str]:
    """Both in lower case; the scheme is empty where there is none."""
    scheme, _, grade = category.rpartition(":")
    return scheme.strip().casefold(), grade.strip().casefold()


def is_test_class(category: str | None, test_classes: Sequence[str] = TEST_CLASSES) -> bool:
    """Whether a category is one of `test_classes`, in whatever scheme and case."""
    if category is None:
        return False
    return scheme_and_grade(category)[1] in {name.casefold() for name in test_classes}
