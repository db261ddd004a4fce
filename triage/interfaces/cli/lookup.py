"""`triage fingerprint` and `triage lookup`: single files through the chamber, nothing stored."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hashsets.algorithms.digests import Digests
from hashsets.vocabulary import (
    TRANSFORMS,
    Basis,
    Candidate,
    Digest,
    DigestAlgorithm,
    Fingerprint,
    FingerprintAlgorithm,
    Profile,
)
from triage.domain.errors import Refused, Unreadable
from triage.domain.findings import Examination

from .app import Json, app, opened, settings
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.chamber.parent import Chamber
    from triage.domain.matches import Match

Files = Annotated[list[Path], typer.Argument(help="Files to look at.", exists=True, dir_okay=False)]


@app.command()
def fingerprint(files: Files, *, as_json: Json = False) -> None:
    """Every digest and fingerprint of a file, its quality and eight variants, and its findings. Stores nothing."""
    found = _examine_all(files)
    if as_json:
        print_json([_as_document(path, digests, seen) for path, digests, seen in found])
        return
    for path, digests, seen in found:
        _show(path, digests, seen)


@app.command()
def lookup(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to look up.", exists=True, dir_okay=False)] = None,
    *,
    digest: Annotated[list[str] | None, typer.Option(help="MD5, SHA-1 or SHA-256 in hexadecimal.")] = None,
    pdq: Annotated[list[str] | None, typer.Option(help="PDQ value: 64 hexadecimal digits.")] = None,
    as_json: Json = False,
) -> None:
    """Matches of files or values against the sets in force. Stores nothing."""
    if not (files or digest or pdq):
        raise Refused("nothing-asked", "Give files, --digest or --pdq.")
    answers: list[tuple[str, Sequence[Match]]] = []
    with opened() as application:
        for path, digests, seen in _examine_all(files or []):
            answers.append((str(path), application.looking_up.lookup(digests.as_digests(), seen)))
        looking_up = application.looking_up
        answers += [(text, looking_up.lookup([_digest(text)])) for text in digest or []]
        answers += [(text, looking_up.lookup_value(_pdq(text))) for text in pdq or []]
    if as_json:
        print_json([{"asked": asked, "matches": [_match(one) for one in found]} for asked, found in answers])
        return
    for asked, found in answers:
        rows = [_row(one) for one in found]
        columns = ["", "set", "release", "entry", "bits#", "transform", "by", "standing", "because", "agreement"]
        console().print(table(asked, columns, rows) if rows else f"{asked}: no match in the sets in force")


def chamber() -> Chamber:
    """A chamber with the limits that are set."""
    from triage.chamber.limits import ChamberLimits  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.chamber.parent import Chamber  # noqa: PLC0415 - keeps `triage --help` quick

    chosen = settings().chamber
    return Chamber(
        ChamberLimits(
            wall_seconds=chosen.wall_seconds, cpu_seconds=chosen.cpu_seconds, memory_bytes=chosen.memory_bytes
        )
    )


def _examine_all(files: Sequence[Path]) -> list[tuple[Path, Digests, Examination]]:
    if not files:
        return []
    with chamber() as sealed:
        return [(path, *_examine(path, sealed)) for path in files]


def _examine(path: Path, chamber: Chamber) -> tuple[Digests, Examination]:
    from triage.services.reading import read_streamed  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.services.walking import SourceFile  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.vault.in_place import InPlaceSource, open_in_place  # noqa: PLC0415 - keeps `triage --help` quick

    name, folder = os.fsencode(path.name), os.fsencode(path.resolve().parent)
    status = path.stat()
    read = read_streamed(folder, SourceFile(name, status.st_size, status.st_mtime_ns))
    if not hasattr(read, "digests"):
        raise Unreadable("source-unreadable", "The file cannot be read.")
    located = InPlaceSource(folder, name, status.st_size, status.st_mtime_ns)
    with closing(open_in_place(located)) as source:
        return read.digests, chamber.examine(source, name_extension=path.suffix)


def _digest(text: str) -> Digest:
    raw = _hex(text)
    for algorithm in DigestAlgorithm:
        if algorithm.size == len(raw):
            return Digest(algorithm, raw)
    raise Refused("digest-invalid", "A digest is 32 (MD5), 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.")


def _pdq(text: str) -> Fingerprint:
    raw = _hex(text)
    if len(raw) != FingerprintAlgorithm.PDQ.size:
        raise Refused("pdq-invalid", "A PDQ value is 64 hexadecimal digits.")
    return Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, raw)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        raise Refused("value-invalid", "The value is not hexadecimal.") from None


def _by(candidate: Candidate) -> str:
    return candidate.profile.value if candidate.profile else candidate.algorithm


def _row(match: Match) -> tuple[object, ...]:
    one = match.candidate
    return (
        one.basis.value,
        one.set_name,
        one.release_id,
        one.entry_key,
        one.distance,
        one.transform.value,
        _by(one),
        match.standing.value,
        match.because,
        match.agreement,
    )


def _match(match: Match) -> dict[str, Any]:
    candidate = match.candidate
    return {
        "basis": candidate.basis,
        "set": candidate.set_name,
        "kind": candidate.set_kind,
        "release": candidate.release_id,
        "entry": candidate.entry_key,
        "algorithm": candidate.algorithm,
        "profile": candidate.profile,
        "distance": candidate.distance,
        "transform": candidate.transform,
        "opinion": candidate.opinion,
        "exact": candidate.basis is Basis.EXACT,
        "standing": match.standing,
        "because": match.because,
        "agreement": match.agreement,
    }


def _as_document(path: Path, digests: Digests, seen: Examination) -> dict[str, Any]:
    return {
        "file": str(path),
        "digests": {"md5": digests.md5, "sha1": digests.sha1, "sha256": digests.sha256},
        "raster": seen.raster,
        "fingerprints": [
            {
                "subject": taken.subject,
                "algorithm": taken.fingerprint.algorithm,
                "profile": taken.fingerprint.profile,
                "value": taken.fingerprint.value,
                "quality": taken.fingerprint.quality,
                "variants": _variants(taken.fingerprint.variants),
            }
            for taken in seen.fingerprints
        ],
        "findings": seen.findings,
        "thumbnail_distance": seen.thumbnail_distance,
        "notes": list(seen.notes),
        "tool": seen.tool,
    }


def _variants(values: Sequence[bytes]) -> dict[str, str]:
    return {transform.value: value.hex() for transform, value in zip(TRANSFORMS, values, strict=False)}


def _fact(value: object) -> str:
    """A finding in words; "" where the file does not say."""
    if value is None or value is False:
        return ""
    if is_dataclass(value) and not isinstance(value, type):
        return ", ".join(
            f"{name.replace('_', ' ')} {part}" for name, part in asdict(value).items() if part is not None
        )
    return "yes" if value is True else str(value)


def _show(path: Path, digests: Digests, seen: Examination) -> None:
    out = console()
    rows: list[tuple[object, ...]] = [
        ("md5", " ", " ", " ", digests.md5.hex()),
        ("sha1", " ", " ", " ", digests.sha1.hex()),
        ("sha256", " ", " ", " ", digests.sha256.hex()),
    ]
    for taken in seen.fingerprints:
        value = taken.fingerprint
        rows.append(
            (value.algorithm.value, value.profile.value, taken.subject.value, value.quality, value.value.hex())
        )
        rows += [(" ", " ", f"  {name}", " ", text) for name, text in list(_variants(value.variants).items())[1:]]
    out.print(table(str(path), ["algorithm", "profile", "of", "quality#", "value"], rows))
    facts = [(name, _fact(getattr(seen.findings, name))) for name in seen.findings.__slots__]
    facts = [(name.replace("_", " "), fact) for name, fact in facts if fact]
    if seen.raster:
        raster = seen.raster
        if raster.concentration is not None:
            facts.insert(0, ("grey levels", f"{raster.concentration} % in the two most common of 32"))
        facts.insert(0, ("picture", f"{raster.format} {raster.width}×{raster.height} {raster.mode}"))  # noqa: RUF001
    if seen.thumbnail_distance is not None:
        facts.append(("thumbnail", f"{seen.thumbnail_distance} of 256 bits from the picture"))
    facts += [("note", f"{note.code} {note.detail}".rstrip()) for note in seen.notes]
    out.print(table("Findings", ["fact", "value"], facts))
