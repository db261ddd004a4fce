"""The formats that we write, by the names that the command line gives them."""

from __future__ import annotations

from dataclasses import dataclass

from hashsets.errors import HashSetError
from hashsets.vocabulary import DigestAlgorithm
from hashsets.writers.csv_columns import write_csv
from hashsets.writers.kdb import write_kdb
from hashsets.writers.plain_list import ListWriter
from hashsets.writers.seam import Writer
from hashsets.writers.vics import write_vics


@dataclass(frozen=True, slots=True)
class WrittenFormat:
    """One format: its name, its writer, and the reader's format that takes it back."""

    name: str
    write: Writer
    read_as: str


WRITTEN: tuple[WrittenFormat, ...] = (
    WrittenFormat("list", ListWriter((*DigestAlgorithm, "pdq")), "list"),
    WrittenFormat("md5-list", ListWriter(("md5",)), "list"),
    WrittenFormat("sha1-list", ListWriter(("sha1",)), "list"),
    WrittenFormat("sha256-list", ListWriter(("sha256",)), "list"),
    WrittenFormat("md5sum", ListWriter(("md5",), names=True), "list"),
    WrittenFormat("pdq-list", ListWriter(("pdq",)), "pdq-list"),
    WrittenFormat("csv", write_csv, "csv"),
    WrittenFormat("vics", write_vics, "vics"),
    WrittenFormat("kdb", write_kdb, "kdb"),
)


def written_format_named(name: str) -> WrittenFormat:
    """A format by name. Raises HashSetError for an unknown one."""
    found = next((known for known in WRITTEN if known.name == name), None)
    if found is None:
        raise HashSetError("unknown-format", f"formats to write are: {', '.join(known.name for known in WRITTEN)}")
    return found
