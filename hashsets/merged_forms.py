"""The form that a layered release takes once it has been merged into one volume: the same release, quicker to extend.

It lies beside the releases under the release's id. The release keeps its name, its manifest and its own files: what
was recorded against it stays true, and whoever has it open goes on reading what it has open.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.index.segment_files import seal_of, settle_folder, write_durably
from hashsets.volumes import MERGED_MANIFEST, Files

MERGED = "merged"


@dataclass(frozen=True, slots=True)
class MergedForm:
    """What the folder of a merged form holds. `seal_of_release` is that of the release's manifest."""

    release_id: str
    seal_of_release: str
    span: int
    files: Files

    @property
    def seal(self) -> str:
        """SHA-256 over everything above and, through the files' digests, over the whole form."""
        return seal_of(self._document())

    def write(self, folder: Path) -> None:
        """Write the sealed list, the last file of a form."""
        document = {**self._document(), "seal": self.seal}
        write_durably(folder / MERGED_MANIFEST, json.dumps(document, indent=1, sort_keys=True).encode())
        settle_folder(folder)

    @classmethod
    def find(cls, folder: Path) -> MergedForm | None:
        """The form in `folder`, if the folder is there. Raises Damaged."""
        if not folder.is_dir():
            return None
        try:
            document = json.loads((folder / MERGED_MANIFEST).read_bytes())
            seal = document.pop("seal")
            files = {str(name): (int(size), str(digest)) for name, (size, digest) in document.pop("files").items()}
            form = cls(**document, files=files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(
                "release-manifest-unreadable", "a merged release's list is missing or unreadable"
            ) from error
        if form.seal != seal or form.release_id != folder.name:
            raise Damaged("release-seal-broken", "a merged release's list is not as it was sealed")
        return form

    def _document(self) -> dict[str, object]:
        return {**asdict(self), "files": {name: list(facts) for name, facts in self.files.items()}}


def merged_folder(release_folder: Path) -> Path:
    """Where the merged form of a release lies, if it was merged."""
    return release_folder.parent.parent / MERGED / release_folder.name
