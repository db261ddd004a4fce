"""Releases that come from another machine: what a release rests on, and how a copy is taken in.

A holding is one folder with a sealed list of its files: a release's own, or the merged form of one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.index.segment_files import settle_folder
from hashsets.manifests import Manifest
from hashsets.merged_forms import MERGED, MergedForm, merged_folder
from hashsets.volumes import MANIFEST, MERGED_MANIFEST, Files, check_contents, check_files

RELEASES = "releases"
_ARRIVING = ".arriving-"


@dataclass(frozen=True, slots=True)
class Holding:
    """A release's own folder, or with `merged` that of its merged form."""

    release_id: str
    merged: bool = False

    def folder(self, root: Path) -> Path:
        """Where it lies in the library under `root`, once it is whole."""
        return root / (MERGED if self.merged else RELEASES) / self.release_id

    def arriving(self, root: Path) -> Path:
        """Where a copy grows: a folder that nobody reads, and that outlives the process that began it."""
        return root / (MERGED if self.merged else RELEASES) / f"{_ARRIVING}{self.release_id}" / self.release_id

    @property
    def list_name(self) -> str:
        """The file that lists and seals the others: copy it last."""
        return MERGED_MANIFEST if self.merged else MANIFEST

    def sealed_list(self, folder: Path) -> tuple[str, Files]:
        """Seal, and path to size and SHA-256 of every other file, of a copy in `folder`. Raises Damaged."""
        if not self.merged:
            manifest = Manifest.read(folder)
            return manifest.seal, manifest.files or {}
        form = MergedForm.find(folder)
        if not form:
            raise Damaged("release-manifest-unreadable", "a merged release's list is missing or unreadable")
        return form.seal, form.files


def ground_of(folder: Path) -> list[Holding]:
    """What must be there before the release in `folder` can be opened. Raises Damaged."""
    layer = Manifest.read(folder).layer
    if not layer:
        return []
    own, merged = Holding(layer.ground.release_id), Holding(layer.ground.release_id, merged=True)
    return [own, merged] if layer.ground.merged else [own]


def holdings_of(root: Path, release_id: str) -> list[Holding]:
    """All that a release under `root` rests on, and itself, in the order in which they are copied. Raises Damaged."""
    own = Holding(release_id)
    merged = [Holding(release_id, merged=True)] if merged_folder(own.folder(root)).is_dir() else []
    return [*ground_of(own.folder(root)), own, *merged]


def take_in(root: Path, holding: Holding) -> None:
    """Check every byte of a copy that has arrived, and rename it into place. Raises Damaged: then it is gone."""
    folder = holding.arriving(root)
    try:
        _, files = holding.sealed_list(folder)
        check_files(folder, files)
        check_contents(folder, files)
    except Damaged:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    folder.rename(holding.folder(root))
    shutil.rmtree(folder.parent, ignore_errors=True)
    settle_folder(holding.folder(root).parent)
