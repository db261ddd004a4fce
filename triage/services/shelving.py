"""Releases of hash sets in the vault, from which every machine of a deployment fetches those in force.

A release is a few files, one of which may be larger than memory. Each is sealed in parts, every part an object of its
own; the database holds the locators, as it does for evidence. So the vault tells neither names of sets nor values,
and what was put there or fetched before an interruption is not moved again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from hashsets.copying import Holding, ground_of, holdings_of, take_in
from hashsets.errors import Damaged
from hashsets.merged_forms import merged_folder
from triage.domain.errors import Conflict, Tampered, Unavailable
from triage.store.unit_of_work import Store
from triage.vault.seam import SealedObject, Vault

from .hash_set_errors import answered

PART = 64 << 20
"""Bytes of a file that are sealed as one object: what an interruption may cost."""
_CHUNK = 1 << 20


Place = tuple[str, int]
"""A file's path in its release, and the number of a part of it."""


@dataclass(frozen=True)
class Shelf:
    """Puts releases of the library under `root` into the vault, and fetches those that other machines put there."""

    store: Store
    vault: Vault
    root: Path

    def put(self, release_id: str) -> None:
        """Put a release and all that it rests on into the vault; what lies there already is left.

        Raises Conflict `merged-elsewhere`, Tampered, Unavailable.
        """
        with answered():
            holdings = holdings_of(self.root, release_id)
        for holding in holdings:
            if not self._put(holding):
                raise Conflict(
                    "merged-elsewhere",
                    f"Another machine has merged release {holding.release_id} otherwise: remove"
                    f" hashsets/merged/{holding.release_id} on this one and run the command again.",
                )

    def fetch(self, release_ids: Sequence[str]) -> None:
        """Fetch those that are not on this machine, each checked against its seal before it is in its place.

        Raises Unavailable `release-not-shared`, `release-not-written` and what the vault raises; Tampered.
        """
        for release_id in release_ids:
            for holding in self._missing(release_id):
                with self._alone():
                    self._fetch(holding)

    def missing(self, release_ids: Sequence[str]) -> list[str]:
        """Those that this machine cannot open yet."""
        return [release_id for release_id in release_ids if self._missing(release_id)]

    def fetch_merged(self, release_id: str) -> bool:
        """Fetch the merged form of a release, if another machine has put one there; whether there is one."""
        merged = Holding(release_id, merged=True)
        with self.store.reading() as unit:
            known = unit.hash_sets.shelved(merged)
        if known:
            with self._alone():
                self._fetch(merged)
        return known is not None

    def _put(self, holding: Holding) -> bool:
        """Whether the copy in the vault is ours."""
        folder = holding.folder(self.root)
        with answered():
            seal, files = holding.sealed_list(folder)
        with self.store.writing() as unit:
            there = unit.hash_sets.shelved(holding)
            if there:
                return there == seal
            number = unit.hash_sets.shelve(holding, seal)
            done = unit.hash_sets.parts_done(number)
            unit.commit()
        self._seal(
            number, folder, [place for place in _places(folder, (*files, holding.list_name)) if place not in done]
        )
        with self.store.writing() as unit:
            ours = unit.hash_sets.shelve_whole(number, holding) or unit.hash_sets.shelved(holding) == seal
            unit.commit()
        return ours

    def _seal(self, number: int, folder: Path, missing: Sequence[Place]) -> None:
        """Seal parts of files; what has been synced is recorded about every `PART` bytes."""
        sealed: dict[Place, dict[str, Any]] = {}
        with self.vault.writer() as writer:
            for place in missing:
                sealed[place] = asdict(writer.seal(_read(folder / place[0], place[1] * PART)))
                if sum(row["size"] for row in sealed.values()) >= PART or place == missing[-1]:
                    writer.sync()
                    with self.store.writing() as unit:
                        unit.hash_sets.add_parts(number, sealed)
                        unit.commit()
                    sealed = {}

    def _missing(self, release_id: str) -> list[Holding]:
        own = Holding(release_id).folder(self.root)
        if not own.is_dir():
            return [Holding(release_id)]
        if merged_folder(own).is_dir():
            return []
        with answered():
            return [ground for ground in ground_of(own) if not ground.folder(self.root).is_dir()]

    def _fetch(self, holding: Holding) -> None:
        """Fetch what is missing of a holding, and first what it rests on. Only while alone."""
        if holding.folder(self.root).is_dir():
            return
        with self.store.reading() as unit:
            parts = unit.hash_sets.parts(holding)
        if not parts:
            raise Unavailable(
                "release-not-shared",
                f"Release {holding.release_id} is needed here and lies neither on this machine nor in the vault.",
            )
        arriving = holding.arriving(self.root)
        try:
            for path, of_path in groupby(parts, key=lambda part: part[0]):
                self._receive(_inside(arriving, path), [locator for _, locator in of_path])
            if not holding.merged:
                for ground in self._grounds(arriving):
                    self._fetch(ground)
            with answered():
                take_in(self.root, holding)
        except OSError as error:
            raise Unavailable(
                "release-not-written", f"A release cannot be written here (error {error.errno}): is the disk full?"
            ) from None

    def _grounds(self, arriving: Path) -> list[Holding]:
        try:
            return ground_of(arriving)
        except Damaged as error:
            shutil.rmtree(arriving.parent, ignore_errors=True)
            raise Tampered(error.code, error.sentence) from error

    def _receive(self, target: Path, locators: Sequence[dict[str, Any]]) -> None:
        """Write a file out of its parts; those that were whole before an interruption are not fetched again."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as file:
            there, begin = file.tell(), 0
            for locator in locators:
                end = begin + locator["size"]
                if there < end:
                    file.truncate(begin)
                    file.writelines(self._opened(locator))
                    file.flush()
                begin = end
            file.truncate(begin)
            os.fsync(file.fileno())

    def _opened(self, locator: dict[str, Any]) -> Iterator[bytes]:
        with closing(self.vault.open(SealedObject(**locator))) as source:
            for offset in range(0, source.size, _CHUNK):
                yield source.read_at(offset, _CHUNK)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One fetch at a time on a machine, over all processes. Imports do not wait for it, nor it for them."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "fetching-lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _places(folder: Path, names: Sequence[str]) -> list[Place]:
    sizes = {name: (folder / name).stat().st_size for name in names}
    return [(name, part) for name, size in sizes.items() for part in range(max(1, -(-size // PART)))]


def _read(path: Path, begin: int) -> Iterator[bytes]:
    """One part of a file."""
    with path.open("rb") as file:
        file.seek(begin)
        for offset in range(0, PART, _CHUNK):
            chunk = file.read(min(_CHUNK, PART - offset))
            if not chunk:
                return
            yield chunk


def _inside(folder: Path, path: str) -> Path:
    """Where a file of a copy goes. Raises Tampered: the database's word is no reason to write elsewhere."""
    if not path or path.startswith("/") or {"..", "."} & set(path.split("/")):
        raise Tampered("release-path-invalid", "The database names a file of a release outside its folder.")
    return folder / path
