"""Immutable folders of flat arrays that are mapped into memory, never unpickled, and refuse to open when changed.

A folder holds one raw little-endian file per array and `segment.json`, which names each file's type, shape and
SHA-256 and is itself sealed. Opening checks the seal and every size, and the contents too while they are small;
`verify` always reads everything. A seal finds damage and mistakes; it is not a signature.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged

HEADER = "segment.json"
LAYOUT = 1
READ_WHOLE_BELOW = 32 << 20
"""Bytes up to which opening reads the contents too: some hundredths of a second."""

DTYPES = {"|u1": np.uint8, "<u4": np.uint32, "<u8": np.uint64}

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """What a folder held: its facts (plain JSON values) and its read-only arrays."""

    facts: Mapping[str, Any]
    arrays: Mapping[str, AnyArray]


def seal_of(document: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a JSON document in one canonical spelling."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Write a new file and return once the disk has it. Raises FileExistsError."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle_folder(folder: Path) -> None:
    """Return once the disk has the folder's list of names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_segment(folder: Path, kind: str, facts: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> None:
    """Write a new folder. Raises FileExistsError when it is there already."""
    folder.mkdir(parents=True)
    files: dict[str, Any] = {}
    for name, array in arrays.items():
        content = _bytes_of(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")))
        write_durably(folder / f"{name}.bin", content)
        files[name] = {
            "dtype": array.dtype.newbyteorder("<").str,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    header = {"kind": kind, "layout": LAYOUT, "facts": dict(facts), "files": files}
    document = {**header, "seal": seal_of(header)}
    write_durably(folder / HEADER, json.dumps(document, indent=1, sort_keys=True).encode())
    settle_folder(folder)


def open_segment(folder: Path, kind: str) -> Segment:
    """Map the arrays of a folder. Raises Damaged unless seal, kind, sizes and (while small) contents agree."""
    header = _sealed_header(folder, kind)
    files = header["files"]
    total = sum(_size(described) for described in files.values())
    arrays = {name: _map(folder / f"{name}.bin", described) for name, described in files.items()}
    if total <= READ_WHOLE_BELOW:
        _compare_contents(arrays, files)
    return Segment(header["facts"], arrays)


def verify_segment(folder: Path, kind: str) -> None:
    """Read every byte of a folder. Raises Damaged unless all of it is as it was written."""
    files = _sealed_header(folder, kind)["files"]
    _compare_contents({name: _map(folder / f"{name}.bin", described) for name, described in files.items()}, files)


def _sealed_header(folder: Path, kind: str) -> dict[str, Any]:
    try:
        document = json.loads((folder / HEADER).read_bytes())
        seal = document.pop("seal")
        same = seal == seal_of(document)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise Damaged("segment-header-unreadable", "a segment's header is missing or unreadable") from error
    if not same:
        raise Damaged("segment-seal-broken", "a segment's header is not as it was sealed")
    if document["layout"] != LAYOUT or document["kind"] != kind:
        raise Damaged("segment-kind-unknown", f"not a segment of kind {kind}, layout {LAYOUT}")
    return dict(document)


def _size(described: Mapping[str, Any]) -> int:
    return int(math.prod(described["shape"])) * np.dtype(DTYPES[described["dtype"]]).itemsize


def _bytes_of(array: AnyArray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _map(path: Path, described: Mapping[str, Any]) -> AnyArray:
    dtype = np.dtype(DTYPES[described["dtype"]]).newbyteorder("<")
    expected = _size(described)
    try:
        if path.stat().st_size != expected:
            raise Damaged("segment-size-wrong", f"a segment's file is not the {expected} bytes it was sealed with")
        flat = np.memmap(path, np.uint8, mode="r") if expected else np.empty(0, np.uint8)
    except OSError as error:
        raise Damaged("segment-file-missing", "a segment's file is missing or unreadable") from error
    array = np.asarray(flat).view(dtype).reshape(described["shape"])
    array.flags.writeable = False
    return array


def _compare_contents(arrays: Mapping[str, AnyArray], files: Mapping[str, Any]) -> None:
    for name, array in arrays.items():
        if hashlib.sha256(_bytes_of(array)).hexdigest() != files[name]["sha256"]:
            raise Damaged("segment-content-changed", "a segment's contents are not as they were sealed")
