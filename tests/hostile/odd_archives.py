"""Archives that lie about names, sizes, places and kinds, and others that only want to be very many."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

Named = tuple[str, bytes]

NAMES = (
    b"../" * 60 + b"etc/passwd", b"/etc/shadow", b"C:\\Windows\\x", b"\\\\server\\share\\x", b"a\0.jpg",
    b"\xff\xfe\xfd",
    "photo\u202egpj.exe".encode(), b"a" * 65_000, b"", b".", b"..", b"/", b"con", b"a/../../b", b"\n\x1b[2J", b"-rf",
    "e\u0301".encode(), "\u00e9".encode(), b"file:///etc/passwd", b"%2e%2e%2f", b" ", b"a" * 256 + b"/b",
)  # fmt: skip
MILLION = 1_000_000
FEW = 20_000
LEVELS = 50


def odd_archives() -> Iterator[Named]:
    """Every one."""
    yield from _zips()
    yield from _tars()
    yield "nested fifty deep", _nested(LEVELS)
    yield "gzip of fifty gzips", _gzipped(LEVELS)
    yield (
        "gzip with a name of a megabyte",
        b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (1 << 20) + b"\0" + zlib.compress(b"x")[2:-4] + bytes(8),
    )
    yield "gzip of ten thousand members", gzip.compress(b"") * 10_000
    yield "gzip whose checksum is wrong", gzip.compress(b"content" * 100)[:-8] + bytes(8)


class Zip:
    """A ZIP made by hand, so that directory and members may disagree."""

    def __init__(self) -> None:
        self._members: list[bytes] = []
        self._directory: list[bytes] = []
        self._at = 0

    def add(self, name: bytes, content: bytes, *, local: dict[str, int] | None = None, **said: int) -> None:
        """One member; `said` is what the directory says, `local` what the member's own header does."""
        values = {"flags": 0, "method": 0, "crc": zlib.crc32(content), "packed": len(content), "size": len(content),
                  "offset": self._at, "disk": 0, "system": 3, "attributes": 0o100644 << 16, **said}  # fmt: skip
        own = {**values, **(local or {})}
        head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, own["flags"], own["method"], 0, 0, own["crc"],
    own["packed"],
                           own["size"], len(name), 0)  # fmt: skip
        self._members.append(head + name + content)
        self._at += len(head) + len(name) + len(content)
        self._directory.append(
            struct.pack("<4s6H3I5H2I", b"PK\x01\x02", values["system"] << 8 | 20, 20, values["flags"],
    values["method"],
                        0, 0, values["crc"], values["packed"], values["size"], len(name), 0, 0, values["disk"], 0,
                        values["attributes"], values["offset"]) + name
        )  # fmt: skip

    def whole(self, **said: int) -> bytes:
        """The archive; `said` overrides the end record."""
        directory = b"".join(self._directory)
        values = {
            "count": min(len(self._directory), 65535),
            "size": len(directory),
            "at": self._at,
            "disk": 0,
            **said,
        }
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", values["disk"], 0, values["count"], values["count"],
                          values["size"], values["at"], 0)  # fmt: skip
        return b"".join(self._members) + directory + end


def _zips() -> Iterator[Named]:  # noqa: C901 -- a list
    for number, name in enumerate(NAMES):
        archive = Zip()
        archive.add(name[:65_000], b"content")
        yield f"zip with name {number}", archive.whole()
    twice = Zip()
    for _ in range(500):
        twice.add(b"one/name.jpg", b"content")
    yield "zip of five hundred equal names", twice.whole()
    for field in ("crc", "packed", "size", "offset"):
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            lying, local = Zip(), Zip()
            lying.add(b"a", b"content" * 10, **{field: value})
            yield f"zip whose directory says {field} {value}", lying.whole()
            if field != "offset":
                local.add(b"a", b"content" * 10, local={field: value})
                yield f"zip whose member says {field} {value}", local.whole()
    for method in (1, 6, 9, 12, 14, 93, 95, 98, 99, 65535):
        archive = Zip()
        archive.add(b"a", b"content", method=method)
        yield f"zip of method {method}", archive.whole()
    for flags in (1, 0x40, 0x2000, 0x8, 0x800, 0xFFFF):
        archive = Zip()
        archive.add(b"a", b"content", flags=flags)
        yield f"zip with flags {flags:#x}", archive.whole()
    for kind in (0o120777, 0o020666, 0o060666, 0o010644, 0o140777, 0o040755):
        archive = Zip()
        archive.add(b"a", b"/etc/passwd", attributes=kind << 16)
        yield f"zip of a file of mode {kind:o}", archive.whole()
    plain = Zip()
    plain.add(b"a", b"content")
    for field in ("count", "size", "at", "disk"):
        for value in (0, 2, 65535):
            yield f"zip whose end says {field} {value}", plain.whole(**{field: value})
    yield "zip after a megabyte of something else", bytes(1 << 20) + plain.whole()
    yield (
        "zip with a comment of an archive",
        plain.whole()[:-2] + struct.pack("<H", len(plain.whole())) + plain.whole(),
    )
    for extra in (struct.pack("<HH", 1, 65535), struct.pack("<HHQ", 1, 8, 1 << 63), b"\x01\0\x04\0abcd", b"\1"):
        yield f"zip64 with an extra of {extra.hex()}", _with_extra(extra)
    yield "zip of a million members", _million()
    yield "zip of members that quote one another", _quoting()


def _with_extra(extra: bytes) -> bytes:
    name = b"a"
    full = 0xFFFFFFFF
    member = struct.pack("<4s5H3I2H", b"PK\x03\x04", 45, 0, 0, 0, 0, 0, full, full, 1, 0) + name + b"content"
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\x01\x02", 45, 45, 0, 0, 0, 0, 0, full, full, 1, len(extra), 0, 0, 0, 0, full
    )
    directory = entry + name + extra
    return member + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(member), 0)


def _million() -> bytes:
    member = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"m"
    entry = struct.Struct("<4s6H3I5H2Ic")
    directory = b"".join(
        entry.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, number * len(member), b"m")
        for number in range(MILLION)
    )
    start = len(member) * MILLION
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, MILLION, MILLION, len(directory), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(directory), 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return member * MILLION + directory + end64 + locator + end


def _quoting() -> bytes:
    """Each member's stored bytes are the next members: a bomb that grows with the square."""
    archive = Zip()
    heads = 30 + 6
    count = 200
    for number in range(count):
        rest = (count - 1 - number) * heads
        archive.add(b"%06d" % number, b"", packed=rest, size=rest, crc=0)
    return archive.whole()


def _nested(depth: int) -> bytes:
    data = b"the innermost"
    for level in range(depth):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{level}.zip", data)
        data = file.getvalue()
    return data


def _gzipped(depth: int) -> bytes:
    data = b"the innermost"
    for _ in range(depth):
        data = gzip.compress(data)
    return data


def tar_header(
    name: bytes, size: bytes, kind: bytes = b"0", link: bytes = b"", magic: bytes = b"ustar\x0000"
) -> bytes:
    """One header with fields of our own making and a right checksum."""
    head = bytearray(512)
    head[: len(name[:100])] = name[:100]
    head[100:108], head[108:116], head[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    head[124:136], head[136:148], head[156:157] = size.ljust(12, b"\0")[:12], b"00000000000\0", kind
    head[157 : 157 + len(link[:100])] = link[:100]
    head[257:265] = magic
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def _member(name: bytes, content: bytes, kind: bytes = b"0", link: bytes = b"") -> bytes:
    padding = -len(content) % 512
    return tar_header(name, b"%011o" % len(content), kind, link) + content + bytes(padding)


def _pax(**records: str) -> bytes:
    body = b""
    for key, value in records.items():
        text = f" {key.replace('__', '.')}={value}\n".encode("utf-8", "surrogatepass")
        length = len(text) + 1
        while len(str(length)) + len(text) != length:
            length = len(str(length)) + len(text)
        body += str(length).encode() + text
    return _member(b"pax", body, b"x")


def _tars() -> Iterator[Named]:
    end = bytes(1024)
    for number, name in enumerate(NAMES):
        yield (
            f"tar with name {number}",
            _member(b"././@LongLink", name + b"\0", b"L") + _member(name, b"content") + end,
        )
    for kind, word in ((b"1", "hard link"), (b"2", "link"), (b"3", "device"), (b"4", "block device"), (b"6", "pipe")):
        yield (
            f"tar of a {word} out of it",
            _member(b"a", b"", kind, b"../../../../etc/passwd") + _member(b"b", b"x") + end,
        )
        yield f"tar of a {word} to itself", _member(b"a", b"", kind, b"a") * 3 + end
    for size in (b"77777777777", b"99999999999", b"-0000000001", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"abc", b""):
        yield f"tar of a size of {size.hex()}", tar_header(b"a", size) + bytes(2048)
    for value in ("-1", "99999999999999999999", "1e9", "", "NaN", "\ud800"):
        for key in ("size", "mtime", "path", "linkpath", "GNU__sparse__realsize", "GNU__sparse__map", "hdrcharset"):
            yield f"tar whose pax {key} is {value!a}", _pax(**{key: value}) + _member(b"a", b"content") + end
    sparse = {"GNU__sparse__major": "1", "GNU__sparse__minor": "0", "GNU__sparse__realsize": "9999999999999"}
    for table in (b"1\n0\n5\n", b"99999999999\n", b"2\n-5\n10\n0\n10\n", b"x" * 512, b"1\n9999999999998\n1\n"):
        yield f"tar sparse by {table[:12]!r}", _pax(**sparse) + _member(b"a", table.ljust(512, b"\0") + b"x") + end
    yield (
        "tar sparse without major",
        _pax(GNU__sparse__map="0,5,99999999999,1", GNU__sparse__size="999") + _member(b"a", b"x") + end,
    )
    yield "tar of pax headers only", _pax(path="x") * 5000 + end
    yield "tar of long names only", _member(b"././@LongLink", b"n" * 5000, b"L") * 500 + end
    yield "tar with a pax path of a megabyte", _pax(path="p" * (1 << 20)) + _member(b"a", b"x") + end
    yield "tar of damaged headers", (b"\xff" * 512 + _member(b"a", b"x")) * 300 + end
    many = b"".join(tar_header(b"%d" % number, b"00000000000") for number in range(FEW))
    yield f"tar.gz of {FEW} empty members", gzip.compress(many + end, 1)
    old = tar_header(b"a", b"00000000007", magic=bytes(8))
    yield "tar of before 1988", old + b"content".ljust(512, b"\0") + end
    good = io.BytesIO()
    with tarfile.open(fileobj=good, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * 300))
    yield "tar of one long name", good.getvalue()
