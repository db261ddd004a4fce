"""From a file of some source to a sealed release, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from hashsets.errors import HashSetError
from hashsets.formats.detect import HEAD, Format, detect, format_named
from hashsets.manifests import Manifest, checked_set_name
from hashsets.placing import GROWING, put_in_place, workshop
from hashsets.release_builder import ReleaseBuilder
from hashsets.terms import Terms
from hashsets.vocabulary import SetKind
from hashsets.watched_input import Progress, WatchedInput, opened_input


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a release before its file is read. `created` is ISO 8601, `replaced` in force until then."""

    set_name: str
    set_kind: SetKind
    source: str
    terms: Terms
    created: str
    replaced: str | None
    expires: date | None  # the first day (UTC) on which the release answers no more


def import_release(
    path: Path,
    releases: Path,
    description: Description,
    *,
    format_name: str,
    formats: Sequence[Format],
    columns: Mapping[str, str] | None,
    test_classes: Sequence[str],
    progress: Progress | None,
) -> Manifest:
    """Read `path` into a new folder under `releases`, renamed into place once it is sealed and has opened.

    Raises HashSetError when the file is unreadable as a whole, holds nothing, or changes meanwhile, and when the disk
    does not take the release.
    """
    checked_set_name(description.set_name)
    with workshop(releases) as folder:
        chosen = partial(_format_of, path=path, name=format_name, formats=formats)
        unsealed = _build(path, folder / GROWING, description, chosen, columns, test_classes, progress)
        return put_in_place(folder, unsealed)


def _build(
    path: Path,
    growing: Path,
    description: Description,
    choose: Callable[[BinaryIO], Format],
    columns: Mapping[str, str] | None,
    test_classes: Sequence[str],
    progress: Progress | None,
) -> Manifest:
    with opened_input(path) as file:
        chosen = choose(file)
        source = WatchedInput(file, path, progress)
        builder = ReleaseBuilder(growing, test_classes)
        try:
            builder.take(chosen.read(cast("BinaryIO", source), path, columns))
            source.finish()
            counts = builder.finish()
        finally:
            builder.abandon()
    if not counts.entries:
        raise HashSetError("no-entries", "the file holds no usable entry; the release in force stays")
    return Manifest(
        set_name=description.set_name,
        set_kind=description.set_kind,
        source=description.source,
        terms=description.terms,
        created=description.created,
        format=chosen.provenance,
        positions=chosen.positions,
        input_sha256=source.sha256,
        input_bytes=source.size,
        counts=counts,
        first_rejects=tuple((reject.position, reject.code.value) for reject in builder.first_rejects),
        replaced=description.replaced,
        expires=description.expires.isoformat() if description.expires else None,
    )


def _format_of(file: BinaryIO, *, path: Path, name: str, formats: Sequence[Format]) -> Format:
    if name != "auto":
        return format_named(name, formats)
    found = detect(file.read(HEAD), path)
    file.seek(0)
    return found
