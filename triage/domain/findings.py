"""What one look inside an item's bytes yields: facts, fingerprints, and notes on what could not be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hashsets.vocabulary import Fingerprint


class NoteCode(StrEnum):
    """Why something could not be done, as stable codes. Details are numbers and code words only."""

    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported-type"
    UNDECODABLE = "undecodable"
    TRUNCATED = "truncated"  # decoded, but the bytes end early
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_LARGE = "too-large"
    TOO_SMALL = "too-small"  # a side under 5 pixels: PDQ gives no value
    LOW_QUALITY = "low-quality"  # fingerprint kept, too poor to match alone
    FIRST_FRAME_ONLY = "first-frame-only"
    VIDEO_NOT_COMPARED = "video-not-compared"  # a moving picture: compared by its bytes only
    TYPE_DISAGREES = "type-disagrees"  # the name's extension and the bytes' format differ
    METADATA_UNREADABLE = "metadata-unreadable"
    METADATA_CUT = "metadata-cut"  # a value was longer than we keep
    THUMBNAIL_UNREADABLE = "thumbnail-unreadable"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    CHAMBER_DIED = "chamber-died"
    ARCHIVE_UNREADABLE = "archive-unreadable"
    ARCHIVE_ENCRYPTED = "archive-encrypted"
    ARCHIVE_TOO_DEEP = "archive-too-deep"
    ARCHIVE_TOO_MANY = "archive-too-many-members"
    ARCHIVE_TOO_LARGE = "archive-too-large"
    ARCHIVE_RATIO = "archive-ratio"
    MEMBER_UNREADABLE = "member-unreadable"
    SOURCE_UNREADABLE = "source-unreadable"  # the file could not be opened or read at the source
    SOURCE_CHANGED = "source-changed"  # the file changed while or after it was read
    SPECIAL_FILE = "special-file"  # a device, socket or pipe: not read
    LINK_NOT_FOLLOWED = "link-not-followed"
    DIGESTS_DISAGREE = "digests-disagree"  # a sender told a digest that is not that of the bytes, or two told two
    MEMBERS_NOT_EXPANDED = "members-not-expanded"  # an archive of a sender that keeps no media: not opened
    NO_CLOSER_LOOK = "no-closer-look"  # the exact values could not be taken; the estimates had to do
    BYTES_ERASED = "bytes-erased"  # lawfully deleted before this stage came to it
    GAVE_UP = "gave-up"  # tried several times without success; its job is a dead letter


@dataclass(frozen=True, slots=True)
class ProcessingNote:
    """One thing that could not be done. `detail` is short, neutral and free of names and metadata of evidence."""

    code: NoteCode
    detail: str = ""


class Subject(StrEnum):
    """Which raster a fingerprint was taken from."""

    MAIN = "main"  # the picture as shown: alpha on white
    RAW_RGB = "raw-rgb"  # alpha dropped, as tools that ignore it would see it; only where it differs
    THUMBNAIL = "thumbnail"  # the small picture embedded in the metadata
    TOLD = "told"  # none that we have seen: the sender told the value


@dataclass(frozen=True, slots=True)
class TakenFingerprint:
    """A fingerprint and the raster that it was taken from."""

    subject: Subject
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Raster:
    """What the decoder found. `mode` is the mode before normalisation (Pillow's word); sides are in pixels.

    `concentration` is how little the grey levels say: percent of pixels in the two most common of 32 levels
    (`hashsets.algorithms.grey_levels`); None where it was not measured. `frames` is 1 and `seconds` None where a
    video does not tell: both are what its container says, and containers lie.
    """

    format: str  # "jpeg", "png", "gif", "webp", "bmp", "tiff", "heif", "avif"; a video's word is in `sniff.py`
    width: int
    height: int
    mode: str
    frames: int = 1
    concentration: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """The body that wrote the file, as EXIF claims. `serial` is the body's serial number."""

    make: str
    model: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """When EXIF says the picture was taken: wall-clock time of the camera, and its offset where stated."""

    local: datetime  # naive
    offset_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """GPS position in WGS 84 degrees; latitude -90..90, longitude -180..180."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Facts from EXIF. None means the file does not say."""

    camera: Camera | None = None
    lens_model: str | None = None
    lens_serial: str | None = None
    software: str | None = None
    captured: CaptureTime | None = None
    place: Place | None = None
    has_maker_note: bool = False
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """All that one decode yields. `raster` is None when nothing could be decoded; then a note says why.

    `thumbnail_distance` is the PDQ distance in bits (least over the eight symmetries) between the embedded
    thumbnail and the main picture, None where there is no usable thumbnail.
    """

    raster: Raster | None
    fingerprints: tuple[TakenFingerprint, ...] = ()
    findings: Findings = Findings()
    thumbnail_distance: int | None = None
    notes: tuple[ProcessingNote, ...] = ()
    tool: str = ""  # decoder and versions: provenance of every value above

    @property
    def is_estimated(self) -> bool:
        """Whether the picture's values are estimates, which decide only far from any boundary."""
        return any(taken.fingerprint.profile.is_estimate for taken in self.fingerprints)


THUMBNAIL_DISAGREES_ABOVE = 50
"""Bits. Own thumbnails were 26 away at most, crops of 2 % a side 24 to 46, of 5 % at least 64 (see DECISIONS.md)."""
