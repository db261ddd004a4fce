"""HashKeeper hash sets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from hashsets.formats.hashkeeper import read_hashkeeper

ReadAll = Callable[..., Any]
HEADER = (
    '"file_id","hashset_id","file_name","directory","hash","file_size","date_modified","time_modified","time_zone",'
    '"comments","date_accessed","time_accessed"\n'
)


def test_the_hash_is_an_md5_and_the_file_id_its_key(read_all: ReadAll) -> None:
    """Names with commas, comments and dates are passed over, and so is the set's number."""
    md5 = hashlib.md5(b"one").hexdigest()
    rows = (
        f'4711,12,"a, b.txt","\\dir","{md5}",9,"1999/01/02","03:04","EST","note",,\n4712,12,"c","d","bad",9,,,,,,\n'
    )
    reading = read_all(read_hashkeeper, HEADER + rows)
    (entry,) = reading.entries
    assert (entry.key, [digest.value.hex() for digest in entry.digests]) == ("4711", [md5])
    assert entry.opinion.tags == ()
    assert reading.rejects == [(3, "not-hex")]
