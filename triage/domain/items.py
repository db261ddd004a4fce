"""A piece of content, named by its bytes, and the answer that the pipeline has for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hashsets.algorithms.digests import Digests


class ItemKind(StrEnum):
    """What the first bytes claim; decided by comparing magic numbers only, never by parsing."""

    RASTER = "raster"
    CONTAINER = "container"
    OTHER = "other"
    EMPTY = "empty"


class Outcome(StrEnum):
    """The pipeline's answer. "Too poor", "undecodable" and "unknown" are three answers, never one."""

    PENDING = "pending"
    KNOWN = "known"  # the bytes are in a trusted release: closed without viewing
    NEAR = "near"  # a fingerprint lies within reach of a known one: likely, not certain
    UNKNOWN = "unknown"  # examined, compared, and nothing is like it
    KNOWN_GOOD = "known-good"  # set aside
    TOO_POOR = "too-poor"  # decoded, but too little in it for a fingerprint to mean anything
    UNDECODABLE = "undecodable"  # no picture came out; a note says why
    CONTAINER = "container"  # its members stand for it


CLOSED_UNSEEN = frozenset({Outcome.KNOWN, Outcome.KNOWN_GOOD})
"""Answers that close an item without viewing. Which match leads to one is the policy's to say."""


@dataclass(frozen=True, slots=True)
class Item:
    """One content-addressed item; `depth` counts the fewest containers around it so far."""

    id: int
    digests: Digests
    size: int
    kind: ItemKind
    depth: int
    outcome: Outcome
