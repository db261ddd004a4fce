"""Strict reading of an already loaded TOML table: every key is asked for once, and what nobody asked for refuses.

Errors are ValueError with the key's path, for instance `priority.rule[3].when[0].fact`. They quote configuration,
never evidence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


class Table:
    """One TOML table and its path. Call `refuse_the_rest` after the last key."""

    def __init__(self, values: object, path: str) -> None:
        if not isinstance(values, Mapping):
            raise ValueError(f"{path}: a table is needed")  # noqa: TRY004 - one error kind for all bad configuration
        self.path = path
        self._left: dict[str, object] = {str(key): value for key, value in values.items()}

    def refuse(self, key: str, why: str) -> ValueError:
        """The error to raise about one key."""
        return ValueError(f"{self.path}.{key}: {why}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not read yet."""
        return key in self._left

    def names(self) -> tuple[str, ...]:
        """The keys that are not read yet: for tables whose keys are names that people give."""
        return tuple(self._left)

    def text(self, key: str) -> str:
        """A text that is not blank."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(key, "a text is needed")
        return value

    def integer(self, key: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.refuse(key, f"a whole number from {least} to {most} is needed")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.refuse(key, "true or false is needed")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.refuse(key, "a list of texts is needed")
        return tuple(value)

    def table(self, key: str) -> Table:
        """A table within this one."""
        return Table(self._take(key), f"{self.path}.{key}")

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of tables, at least one; paths count from 1, as a person counts them in the file."""
        value = self._take(key)
        if not isinstance(value, list) or not value:
            raise self.refuse(key, "a list of tables is needed")
        return tuple(Table(one, f"{self.path}.{key}[{place}]") for place, one in enumerate(value, start=1))

    def refuse_the_rest(self) -> None:
        """Raise ValueError when a key is left that nothing reads: a misspelt rule must not be silently absent."""
        if self._left:
            raise self.refuse(min(self._left), "no such setting")

    def _take(self, key: str) -> object:
        if key not in self._left:
            raise self.refuse(key, "missing")
        return self._left.pop(key)


def edition_of(values: Mapping[str, object]) -> str:
    """Twelve hexadecimal digits that change whenever a setting does: the provenance of what the rules decided."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
