"""Opening an item's bytes wherever they are kept, and turning locators into rows and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from triage.domain.errors import Refused, Tampered
from triage.domain.sources import ByteSource
from triage.store.items import Kept
from triage.vault.in_place import InPlaceSource, open_in_place
from triage.vault.seam import SealedObject, Vault


@dataclass(frozen=True, slots=True)
class Keeping:
    """The one way from an item to its plaintext."""

    vault: Vault

    def open(self, kept: Kept) -> ByteSource:
        """The item's bytes.

        Raises Refused `bytes-erased`, Unreadable (changed at the source), Tampered (seal broken), Unavailable.
        """
        require_kept(kept)
        if kept.sealed is not None:
            return self.vault.open(SealedObject(**kept.sealed))
        if kept.in_place is not None:
            place = kept.in_place
            return open_in_place(InPlaceSource(place["root"], place["path"], place["size"], place["mtime_ns"]))
        raise Tampered("bytes-unlocated", f"No place is recorded for the bytes of item I-{kept.item.id}.")


def require_kept(kept: Kept) -> None:
    """Raise Refused `bytes-erased` where the item's bytes were lawfully deleted."""
    if kept.is_erased:
        raise Refused("bytes-erased", f"The bytes of I-{kept.item.id} were lawfully deleted; its facts remain.")


def sealed_row(sealed: SealedObject) -> dict[str, Any]:
    """A locator as the database keeps it."""
    return asdict(sealed)
