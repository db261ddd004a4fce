"""How the child writes its answers. The reader is `checks.py`, which believes none of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from triage.chamber.sealing import Layer
from triage.domain.findings import Findings, ProcessingNote, Raster, TakenFingerprint


def layers(found: Iterable[Layer]) -> bytes:
    """The layers and what their probes found."""
    return _dump([{"name": layer.name, "active": layer.active, "detail": layer.detail} for layer in found])


def examination(
    raster: Raster | None,
    fingerprints: Iterable[TakenFingerprint],
    findings: Findings,
    found_notes: Iterable[ProcessingNote],
    decoder: str | None,
) -> bytes:
    """One picture's results."""
    return _dump(
        {
            "raster": raster and _raster(raster),
            "fingerprints": [_fingerprint(taken) for taken in fingerprints],
            "findings": _findings(findings),
            "notes": _notes(found_notes),
            "decoder": decoder,
        }
    )


def member(name: bytes, size: int, mtime: int | None) -> bytes:
    """One member's header; names are bytes and travel as base64."""
    return _dump({"name": base64.b64encode(name).decode("ascii"), "size": size, "mtime": mtime})


def notes(found: Iterable[ProcessingNote]) -> bytes:
    """Notes of a member or of an archive."""
    return _dump(_notes(found))


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _notes(found: Iterable[ProcessingNote]) -> list[dict[str, str]]:
    return [{"code": note.code.value, "detail": note.detail} for note in found]


def _raster(raster: Raster) -> dict[str, object]:
    return {
        "format": raster.format,
        "width": raster.width,
        "height": raster.height,
        "mode": raster.mode,
        "frames": raster.frames,
        "concentration": raster.concentration,
        "seconds": raster.seconds,
    }


def _fingerprint(taken: TakenFingerprint) -> dict[str, object]:
    fingerprint = taken.fingerprint
    return {
        "subject": taken.subject.value,
        "algorithm": fingerprint.algorithm.value,
        "profile": fingerprint.profile.value,
        "value": fingerprint.value.hex(),
        "quality": fingerprint.quality,
        "variants": [variant.hex() for variant in fingerprint.variants],
    }


def _findings(findings: Findings) -> dict[str, object]:
    camera, captured, place = findings.camera, findings.captured, findings.place
    return {
        "camera": camera and {"make": camera.make, "model": camera.model, "serial": camera.serial},
        "lens_model": findings.lens_model,
        "lens_serial": findings.lens_serial,
        "software": findings.software,
        "captured": captured
        and {"local": captured.local.isoformat(timespec="seconds"), "offset_minutes": captured.offset_minutes},
        "place": place and {"latitude": place.latitude, "longitude": place.longitude},
        "has_maker_note": findings.has_maker_note,
        "orientation": findings.orientation,
    }
