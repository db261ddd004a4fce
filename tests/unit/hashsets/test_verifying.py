"""Every release in force is read in full, whatever is found in another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hashsets.library import Library
from hashsets.vocabulary import SetKind

WriteList = Callable[..., Path]


def test_all_releases_in_force_are_checked(library: Library, write_list: WriteList) -> None:
    """Changed, gone, and as sealed; one out of force is not asked."""
    ids = [
        library.import_file(write_list(name), name=name, kind=SetKind.KNOWN).release.release_id
        for name in ("changed", "gone", "out", "sealed")
    ]
    (values,) = library.release_folder(ids[0]).rglob("values.bin")
    values.write_bytes(bytes(values.stat().st_size))
    shutil.rmtree(library.release_folder(ids[1]))
    library.disable(ids[2])
    told: list[tuple[int, int]] = []
    checks = library.verify(lambda *step: told.append(step))
    assert [(check.release_id, check.fault) for check in checks] == [
        (ids[0], "release-content-changed"),
        (ids[1], "release-manifest-unreadable"),
        (ids[3], None),
    ]
    total = sum(check.bytes for check in checks)
    assert total > 0
    assert told[-1] == (total, total)
