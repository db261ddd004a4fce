"""One picture in many forms, asked of a set: what we find, and what python-threatexchange finds.

No times: figures count pictures found. The set holds the PDQ of the plain RGB picture and of two strangers, and is
asked with the same picture as other tools and people save it: palette, CMYK, 1 bit, 16 bit, transparent, turned,
mirrored, recompressed; the last figure asks a set of one with its own picture. Ours goes the way of evidence (sealed
decoder, both profiles, eight variants, a release that was saved and opened); the peer hashes the file and asks its
own index, saved and loaded as its tools do.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from bench.figures import Figure, arguments, report
from demo.pictures import photo_like
from hashsets.algorithms.pdq import pdq_full
from hashsets.library import Library
from hashsets.vocabulary import FingerprintAlgorithm, SetKind
from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber
from triage.vault.in_place import InPlaceSource, open_in_place

PEER = "python-threatexchange"
FLOOR = 50  # of quality, below which neither side takes a value for a match

SET_OF_ONE = "plain RGB, by a set of one"


def _transparent(picture: Image.Image) -> Image.Image:
    """Fully opaque but for a clear edge, as a cut-out is."""
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 0, picture.width, 8))
    picture.putalpha(alpha)
    return picture


def _deep(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


FORMS: tuple[tuple[str, str, Callable[[Image.Image], Image.Image]], ...] = (
    ("plain RGB", "png", lambda one: one),
    ("JPEG, quality 60", "jpg", lambda one: one),
    ("JPEG of half the size", "jpg", lambda one: one.resize((one.width // 2, one.height // 2), Image.Resampling.BOX)),
    ("WebP", "webp", lambda one: one),
    ("palette PNG", "png", lambda one: one.quantize(256)),
    ("GIF", "gif", lambda one: one.quantize(256)),
    ("CMYK JPEG", "jpg", lambda one: one.convert("CMYK")),
    ("CMYK TIFF", "tiff", lambda one: one.convert("CMYK")),
    ("1-bit PNG", "png", lambda one: one.convert("1")),
    ("grey PNG", "png", lambda one: one.convert("L")),
    ("16-bit grey PNG", "png", _deep),
    ("with transparency", "png", _transparent),
    ("turned by 90°", "png", lambda one: one.transpose(Image.Transpose.ROTATE_90)),
    ("turned by 180°", "png", lambda one: one.transpose(Image.Transpose.ROTATE_180)),
    ("mirrored", "png", lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    ("turned and mirrored", "png", lambda one: one.transpose(Image.Transpose.TRANSPOSE)),
)


def main() -> None:
    """Ask both sides with every form of every picture, and print."""
    options = arguments(__doc__ or "").parse_args()
    count = 2 if options.quick else 12
    ours = dict.fromkeys([*(name for name, *_ in FORMS), SET_OF_ONE], 0)
    theirs = dict(ours)
    with tempfile.TemporaryDirectory() as folder, Chamber(ChamberLimits()) as chamber:
        for number in range(count):
            root = Path(folder) / str(number)
            root.mkdir()
            raster = photo_like(number, 640, 480)
            value = pdq_full(raster).value
            strangers = [pdq_full(photo_like(1000 + 2 * number + one, 640, 480)).value for one in range(2)]
            library, peer = _our_set(root / "three", [value, *strangers]), _their_set([value, *strangers])
            for name, ending, form in FORMS:
                path = root / f"picture.{ending}"
                form(Image.fromarray(raster)).save(path, quality=60)
                ours[name] += _found_by_us(library, chamber, path)
                theirs[name] += _found_by_them(peer, path)
            alone = root / "alone.png"
            Image.fromarray(raster).save(alone)
            ours[SET_OF_ONE] += _found_by_us(_our_set(root / "one", [value]), chamber, alone)
            theirs[SET_OF_ONE] += _found_by_them(_their_set([value]), alone)
    report(
        "silent_misses",
        [Figure(f"found: {name}", ours[name], f"of {count}", PEER, theirs[name], goal=f"{count}") for name in ours],
        as_json=options.json,
    )


def _our_set(root: Path, values: list[bytes]) -> Library:
    root.mkdir()
    listed = root / "list.txt"
    listed.write_text("".join(f"pdq {value.hex()}\n" for value in values))
    Library.open(root / "library").import_file(listed, name="set", kind=SetKind.KNOWN)
    return Library.open(root / "library")


def _their_set(values: list[bytes]) -> PDQIndex[int]:
    index: PDQIndex[int] = pickle.loads(pickle.dumps(PDQIndex([(value.hex(), 0) for value in values])))
    return index


def _found_by_us(library: Library, chamber: Chamber, path: Path) -> bool:
    status = path.stat()
    folder, name = str(path.parent).encode(), path.name.encode()
    with closing(open_in_place(InPlaceSource(folder, name, status.st_size, status.st_mtime_ns))) as source:
        seen = chamber.examine(source, name_extension=path.suffix)
    asked = [
        taken.fingerprint
        for taken in seen.fingerprints
        if taken.fingerprint.algorithm is FingerprintAlgorithm.PDQ and (taken.fingerprint.quality or 0) >= FLOOR
    ]
    return bool(library.lookup_fingerprints(asked))


def _found_by_them(index: PDQIndex[int], path: Path) -> bool:
    """As `tx match` goes: an error or a low quality is an answer of nothing."""
    try:
        value, quality = pdq_from_file(path)
    except Exception:  # noqa: BLE001  # whatever the peer raises, its user sees no match
        return False
    return quality >= FLOOR and bool(index.query(value))


if __name__ == "__main__":
    main()
