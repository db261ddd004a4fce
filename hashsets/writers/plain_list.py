"""Plain lists: one value a line, bare, as `md5sum` prints it, or as `pdq <hex>` for python-threatexchange.

An entry of several values becomes several lines. Opinions and types that are not named have no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hashsets.vocabulary import Entry
from hashsets.writers.seam import Outline, Tally


@dataclass(frozen=True, slots=True)
class ListWriter:
    """Writes values of `kinds` (md5, sha1, sha256, pdq); with `names` the key stands where md5sum has a name."""

    kinds: Sequence[str]
    names: bool = False

    def __call__(self, entries: Iterable[Entry], path: Path, outline: Outline) -> Tally:
        """Write a new file; `outline` concerns other formats."""
        del outline
        tally = Tally()
        with path.open("x", encoding="utf-8", newline="\n") as file:
            for entry in entries:
                lines = list(self._lines(entry))
                if not lines:
                    tally.lose_entry()
                    continue
                file.writelines(lines)
                tally.written += 1
                tally.lose_values(entry, self.kinds)
                tally.lose_opinion(entry.opinion)
                if not self.names:
                    tally.lose_key(entry.key)
        return tally

    def _lines(self, entry: Entry) -> Iterator[str]:
        name = f"  {entry.key}" if self.names else ""
        for digest in entry.digests:
            if digest.algorithm.value in self.kinds:
                yield f"{digest.value.hex()}{name}\n"
        if "pdq" in self.kinds:
            for value in entry.fingerprints:
                yield f"pdq {value.hex()}{name}\n"
