"""What was found in bytes that are not kept, as a document while their report is open, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from triage.domain.findings import Examination, NoteCode, ProcessingNote, Raster, Subject, TakenFingerprint

from .examinations import findings_from_rows, findings_to_rows
from .report_documents import fingerprint_document, fingerprint_of


def sighted_document(found: Examination) -> dict[str, Any]:
    """All of it: nothing can be looked up again."""
    return {
        "raster": asdict(found.raster) if found.raster else None,
        "fingerprints": [[one.subject.value, fingerprint_document(one.fingerprint)] for one in found.fingerprints],
        "findings": dict(findings_to_rows(found.findings)),
        "thumbnail_distance": found.thumbnail_distance,
        "notes": [[note.code.value, note.detail] for note in found.notes],
        "tool": found.tool,
    }


def sighted_of(document: Mapping[str, Any]) -> Examination:
    """The inverse of `sighted_document`."""
    return Examination(
        Raster(**document["raster"]) if document["raster"] else None,
        tuple(TakenFingerprint(Subject(subject), fingerprint_of(one)) for subject, one in document["fingerprints"]),
        findings_from_rows(document["findings"]),
        document["thumbnail_distance"],
        tuple(ProcessingNote(NoteCode(code), detail) for code, detail in document["notes"]),
        document["tool"],
    )
