"""What examining wrote: rasters, fingerprints and findings, each with its provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile
from triage.domain.findings import Camera, CaptureTime, Examination, Findings, Place, Subject, TakenFingerprint

from .rows import among, insert_new, sliced
from .tables import finding, fingerprint, provenance, raster


@dataclass(frozen=True, slots=True)
class Measures:
    """How concentrated a picture's grey levels are, in percent, and how far its embedded thumbnail lies from it.

    None where it was not measured, or where there is no thumbnail.
    """

    concentration: int | None
    thumbnail_distance: int | None


@dataclass(frozen=True, slots=True)
class Examinations:
    """Access to examination results within one unit of work."""

    connection: Connection

    def add(self, results: Mapping[int, Examination]) -> None:
        """Write what was found in each item (by id); a value that is there already stays."""
        tools = {result.tool for result in results.values() if result.raster}
        provenance_ids = {tool: self._provenance(tool) for tool in sorted(tools)}
        rasters: list[dict[str, Any]] = []
        fingerprints: list[dict[str, Any]] = []
        findings: list[dict[str, Any]] = []
        for item_id, result in results.items():
            if result.raster is None:
                continue
            base = {"item_id": item_id, "provenance_id": provenance_ids[result.tool]}
            rasters.append(base | _raster_row(result))
            fingerprints += [base | _fingerprint_row(taken) for taken in result.fingerprints]
            findings += [base | {"kind": kind, "value": value} for kind, value in findings_to_rows(result.findings)]
        insert_new(self.connection, raster, rasters)
        insert_new(self.connection, fingerprint, fingerprints)
        insert_new(self.connection, finding, findings)

    def measure_exactly(self, results: Mapping[int, Examination]) -> None:
        """Replace what was measured on luma alone, concentration and the thumbnail's distance, by a closer look's."""
        exact = [
            {"b_item": item_id, "b_levels": result.raster.concentration, "b_distance": result.thumbnail_distance}
            for item_id, result in results.items()
            if result.raster and not result.is_estimated
        ]
        if exact:
            self.connection.execute(
                update(raster)
                .where(raster.c.item_id == bindparam("b_item"))
                .values(concentration=bindparam("b_levels"), thumbnail_distance=bindparam("b_distance")),
                exact,
            )

    def fingerprints(
        self, item_ids: Sequence[int], *algorithms: FingerprintAlgorithm
    ) -> dict[int, list[TakenFingerprint]]:
        """Stored fingerprints of these algorithms by item, in a fixed order."""
        found: dict[int, list[TakenFingerprint]] = {}
        for part in sliced(item_ids):
            rows = self.connection.execute(
                select(fingerprint)
                .where(among(self.connection, fingerprint.c.item_id, part), fingerprint.c.algorithm.in_(algorithms))
                .order_by(
                    fingerprint.c.item_id,
                    fingerprint.c.subject,
                    fingerprint.c.profile,
                    fingerprint.c.algorithm,
                )
            )
            for row in rows:
                found.setdefault(row.item_id, []).append(_fingerprint(row))
        return found

    def findings(self, item_ids: Sequence[int]) -> dict[int, Findings]:
        """Stored findings by item; items without any are absent."""
        rows_of: dict[int, dict[str, Any]] = {}
        for part in sliced(item_ids):
            for row in self.connection.execute(
                select(finding).where(among(self.connection, finding.c.item_id, part))
            ):
                rows_of.setdefault(row.item_id, {})[row.kind] = row.value
        return {item_id: findings_from_rows(values) for item_id, values in rows_of.items()}

    def measures(self, item_ids: Sequence[int]) -> dict[int, Measures]:
        """What was measured of these items' pictures; items that are none are absent."""
        found: dict[int, Measures] = {}
        for part in sliced(item_ids):
            rows = self.connection.execute(
                select(raster.c.item_id, raster.c.concentration, raster.c.thumbnail_distance).where(
                    among(self.connection, raster.c.item_id, part)
                )
            )
            found.update({row.item_id: Measures(row.concentration, row.thumbnail_distance) for row in rows})
        return found

    def _provenance(self, tool: str) -> int:
        insert_new(self.connection, provenance, [{"tool": tool}])
        provenance_id: int = self.connection.execute(
            select(provenance.c.id).where(provenance.c.tool == tool)
        ).scalar_one()
        return provenance_id


def _raster_row(result: Examination) -> dict[str, Any]:
    assert result.raster is not None
    return {
        "format": result.raster.format,
        "width": result.raster.width,
        "height": result.raster.height,
        "mode": result.raster.mode,
        "frames": result.raster.frames,
        "concentration": result.raster.concentration,
        "seconds": result.raster.seconds,
        "thumbnail_distance": result.thumbnail_distance,
    }


def _fingerprint_row(taken: TakenFingerprint) -> dict[str, Any]:
    value = taken.fingerprint
    return {
        "subject": taken.subject,
        "profile": value.profile,
        "algorithm": value.algorithm,
        "value": value.value,
        "quality": value.quality,
        "variants": b"".join(value.variants) or None,
    }


def _fingerprint(row: Any) -> TakenFingerprint:
    size = len(row.value)
    variants = row.variants or b""
    return TakenFingerprint(
        Subject(row.subject),
        Fingerprint(
            FingerprintAlgorithm(row.algorithm),
            Profile(row.profile),
            row.value,
            row.quality,
            tuple(variants[start : start + size] for start in range(0, len(variants), size)),
        ),
    )


def findings_to_rows(findings: Findings) -> list[tuple[str, dict[str, Any]]]:
    """Findings as (kind, JSON value) rows; what the file does not say makes no row."""
    rows: list[tuple[str, dict[str, Any]]] = []
    if findings.camera:
        camera = findings.camera
        rows.append(("camera", {"make": camera.make, "model": camera.model, "serial": camera.serial}))
    if findings.lens_model or findings.lens_serial:
        rows.append(("lens", {"model": findings.lens_model, "serial": findings.lens_serial}))
    if findings.software:
        rows.append(("software", {"name": findings.software}))
    if findings.captured:
        captured = findings.captured
        rows.append(
            ("captured", {"local": captured.local.isoformat(), "offset_minutes": captured.offset_minutes}),
        )
    if findings.place:
        rows.append(("place", {"latitude": findings.place.latitude, "longitude": findings.place.longitude}))
    if findings.has_maker_note:
        rows.append(("maker-note", {"present": True}))
    if findings.orientation is not None:
        rows.append(("orientation", {"value": findings.orientation}))
    return rows


def findings_from_rows(rows: Mapping[str, Any]) -> Findings:
    """The inverse of `findings_to_rows`."""
    camera, captured, place = rows.get("camera"), rows.get("captured"), rows.get("place")
    lens = rows.get("lens") or {}
    return Findings(
        camera=Camera(camera["make"], camera["model"], camera["serial"]) if camera else None,
        lens_model=lens.get("model"),
        lens_serial=lens.get("serial"),
        software=(rows.get("software") or {}).get("name"),
        captured=CaptureTime(datetime.fromisoformat(captured["local"]), captured["offset_minutes"])
        if captured
        else None,
        place=Place(place["latitude"], place["longitude"]) if place else None,
        has_maker_note="maker-note" in rows,
        orientation=(rows.get("orientation") or {}).get("value"),
    )
