"""Raw values on their way to an index: one file an algorithm, each value with the number of what it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from hashsets.index.hits import Values


class Spools:
    """Written value after value, then read whole, one algorithm at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}

    def write(self, name: str, number: int, value: bytes) -> None:
        """Add one value of an algorithm and the number (below 2**32) of what it belongs to."""
        if name not in self._files:
            self._files[name] = self._path(name).open("xb")
        self._files[name].write(number.to_bytes(4, "little") + value)

    def close(self) -> None:
        """Let the disk have everything."""
        for file in self._files.values():
            file.close()

    def read(self, name: str, size: int) -> tuple[Values, npt.NDArray[np.uint32]]:
        """All values (`size` bytes each) of an algorithm and their numbers, in the order of writing."""
        if name not in self._files:
            return np.empty((0, size), np.uint8), np.empty(0, np.uint32)
        records = np.fromfile(self._path(name), [("number", "<u4"), ("value", np.uint8, (size,))])
        return np.ascontiguousarray(records["value"]), np.ascontiguousarray(records["number"])

    def remove(self) -> None:
        """Remove the files, which have been read."""
        for name in self._files:
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.spool"
