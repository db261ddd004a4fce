"""What releases list that was compared with nothing: said wherever their answers are shown."""

from __future__ import annotations

from collections.abc import Iterable

from hashsets.library import ReleaseInfo
from hashsets.reports import NotComparable


def not_comparable(releases: Iterable[ReleaseInfo], asked: set[str]) -> list[NotComparable]:
    """Of the releases `asked`, by id, those that list values which nothing can be compared with."""
    return [found for one in releases if one.release_id in asked and (found := one.not_comparable)]
