"""Reading a file's bytes with one of the readers."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from hashsets.formats.records import Read, Reader, Reject
from hashsets.vocabulary import Entry


@dataclass(frozen=True)
class Reading:
    """All that a reader yields for one file."""

    records: list[Read | Reject]

    @property
    def entries(self) -> list[Entry]:
        return [record.entry for record in self.records if isinstance(record, Read)]

    @property
    def rejects(self) -> list[tuple[int, str]]:
        return [(record.position, record.code.value) for record in self.records if isinstance(record, Reject)]


ReadAll = Callable[..., Reading]


@pytest.fixture
def read_all() -> ReadAll:
    def read(reader: Reader, content: bytes | str, columns: Mapping[str, str] | None = None) -> Reading:
        raw = content.encode() if isinstance(content, str) else content
        return Reading(list(reader(io.BytesIO(raw), columns)))

    return read
