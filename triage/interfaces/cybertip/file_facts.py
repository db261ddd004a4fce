"""A validated `fileDetails` → what our domain says of a file, and which file of which report is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hashsets.vocabulary import Digest, DigestAlgorithm
from triage.domain.reports import FileFacts, FileMark, Relevance, Viewed

from . import identifiers
from .incidents import MARKS
from .nodes import among, first, moment, text, yes_or_no
from .reading_xml import Node

SCHEME = "ncmec"
_ALGORITHMS: Mapping[str, DigestAlgorithm] = {
    "md5": DigestAlgorithm.MD5,
    "sha1": DigestAlgorithm.SHA1,
    "sha256": DigestAlgorithm.SHA256,
}


@dataclass(frozen=True, slots=True)
class FileDetails:
    """What is told, and of which file of which report."""

    report_id: int
    file_id: str
    facts: FileFacts


def file_details(details: Node) -> FileDetails:
    """The facts of a validated `fileDetails`."""
    digests, opaque = _hashes(details)
    relevance = first(details, "fileRelevance")
    classification = text(details, "industryClassification")
    return FileDetails(
        report_id=int(text(details, "reportId")),
        file_id=text(details, "fileId"),
        facts=FileFacts(
            name=text(details, "originalFileName") or text(details, "fileName"),
            viewed=_viewed(yes_or_no(details, "fileViewedByEsp")),
            metadata_viewed=_viewed(yes_or_no(details, "exifViewedByEsp")),
            publicly_available=yes_or_no(details, "publiclyAvailable"),
            relevance=Relevance.SUPPLEMENTAL
            if relevance is not None and relevance.text == "Supplemental Reported"
            else Relevance.REPORTED,
            classification=f"{SCHEME}:{classification}" if classification else "",
            marks=_marks(details),
            uploaded_at=moment(text(details, "uploadedToEspTimestamp")),
            url=text(details, "locationOfFile"),
            digests=digests,
            identifiers=tuple(identifiers.of_captures(details)),
            details=(*opaque, *_pairs(details)),
            note="\n".join(told.text.strip() for told in among(details, "additionalInfo") if told.text.strip()),
        ),
    )


def _viewed(said: bool | None) -> Viewed:
    """The gate treats "no" and nothing alike; what was said is kept apart from what was not."""
    if said is None:
        return Viewed.UNKNOWN
    return Viewed.YES if said else Viewed.NO


def _marks(details: Node) -> tuple[FileMark, ...]:
    annotations = first(details, "fileAnnotations")
    marks = [MARKS[child.name] for child in (annotations.children if annotations is not None else ())]
    if yes_or_no(details, "potentialMeme"):
        marks.append(FileMark.MEME)
    return tuple(marks)


def digest_of(kind: str, value: str) -> Digest | None:
    """A digest by the name of its algorithm and its hexadecimal digits; None where it is none of ours."""
    algorithm = _ALGORITHMS.get(kind.strip().lower().replace("-", ""))
    if algorithm is None:
        return None
    try:
        return Digest(algorithm, bytes.fromhex(value.strip()))
    except ValueError:
        return None


def _hashes(details: Node) -> tuple[tuple[Digest, ...], tuple[tuple[str, str], ...]]:
    """Digests that can be compared, and the other values under their names."""
    digests: list[Digest] = []
    opaque: list[tuple[str, str]] = []
    for told in among(details, "originalFileHash"):
        kind, value = told.attributes["hashType"], told.text.strip()
        digest = digest_of(kind, value)
        if digest is not None:
            digests.append(digest)
        elif value:
            opaque.append((f"hash {kind.strip()}", value))
    return tuple(dict.fromkeys(digests)), tuple(opaque)


def _pairs(details: Node) -> Iterator[tuple[str, str]]:
    for group in among(details, "details"):
        for pair in among(group, "nameValuePair"):
            yield text(pair, "name"), text(pair, "value")
