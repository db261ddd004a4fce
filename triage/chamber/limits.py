"""How much of everything the chamber may take, as frozen values. Bytes, pixels and seconds."""

from __future__ import annotations

from dataclasses import dataclass

LIFE_CPU_SECONDS = 3600
"""CPU time of a whole child's life: hard, whatever the parent grants. A child is replaced long before."""


@dataclass(frozen=True, slots=True)
class ExamineLimits:
    """Bounds on one picture."""

    max_bytes: int = 512 << 20
    max_video_bytes: int = 64 << 30  # a video is never read whole
    max_pixels: int = 60_000_000
    max_thumbnail_bytes: int = 256 << 10
    max_thumbnail_pixels: int = 1_000_000
    quality_floor: int = 50  # PDQ quality below which a picture is noted as too poor; the matching policy's
    little_information_from: int = 80  # concentration from which on a picture says little; the matching policy's
    luma_first: bool = False  # whether a large JPEG may be examined by its own luma alone, where that is sure


@dataclass(frozen=True, slots=True)
class RenditionLimits:
    """What is made of a picture for one look. `lines` stand all over it: printable ASCII, 24 characters each.

    `still` counts from 1; of what has fewer the last one is made.
    """

    is_reduced: bool  # small, grey and blurred
    lines: tuple[str, ...]
    longest_side: int
    max_pixels: int
    still: int = 1


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds on one archive. How deep archives may nest is for the caller, who expands them one at a time.

    `max_ratio` compares all bytes that came out with the archive's own size, once 16 MiB have come out.
    """

    max_members: int = 100_000
    max_total_bytes: int = 64 << 30
    max_member_bytes: int = 16 << 30
    max_ratio: int = 200


@dataclass(frozen=True, slots=True)
class ChamberLimits:
    """Bounds on the child process.

    `wall_seconds` is how long an examination may keep us waiting, and how long an expansion may stay silent;
    `cpu_seconds` the same in time of its own, which a busy machine does not shorten. `memory_bytes` is address space
    beyond what the idle child has. `tasks`, `busy_seconds` and `kept_bytes` (address space kept between two tasks)
    end a child's life between two tasks: whatever leaks, leaks for a while only, and never takes the memory of an
    innocent picture.
    """

    wall_seconds: float = 120.0
    cpu_seconds: int = 40
    start_seconds: float = 120.0
    memory_bytes: int = 1536 << 20
    tasks: int = 2000
    busy_seconds: float = 1200.0
    kept_bytes: int = 384 << 20
    examine: ExamineLimits = ExamineLimits()
