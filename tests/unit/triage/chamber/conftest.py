"""One real chamber for all of this room's tests, and sources to feed it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from demo.pictures import photo_like
from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber


class MemorySource:
    """A ByteSource over bytes; `on_read` may interfere."""

    def __init__(self, data: bytes, on_read: Callable[[int], None] | None = None) -> None:
        self.data = data
        self.size = len(data)
        self.on_read = on_read
        self.reads = 0

    def read_at(self, offset: int, length: int) -> bytes:
        self.reads += 1
        if self.on_read:
            self.on_read(self.reads)
        return self.data[offset : offset + length]

    def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def chamber() -> Iterator[Chamber]:
    with Chamber(ChamberLimits(wall_seconds=30)) as opened:
        yield opened


@pytest.fixture
def source_of() -> Callable[..., MemorySource]:
    return MemorySource


@pytest.fixture(scope="session")
def picture() -> Image.Image:
    return Image.fromarray(np.asarray(photo_like(7, 640, 480)))


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    def encode(image: Image.Image, format_name: str, **options: object) -> bytes:
        target = io.BytesIO()
        image.save(target, format_name, **options)
        return target.getvalue()

    return encode
