"""What two submissions share, and whether it is ground enough to join them into one network and one referral.

Units under quota split single networks into many cases; joining is therefore the rule and staying apart needs a
ground too. Every ground is a sentence that is kept with the referral. Joining wrongly is undone by a split with a
written reason, so each predicate counts what it rests on. (What follows from joins stands in `networks`.)

*Unmatched* content here has the outcome UNKNOWN: examined, good enough to compare, and like nothing known; or, for
the same content on both sides, NOT_EXAMINED: two senders told its digest, and nothing known lists it.
Pictures too poor to compare and undecodable files never join networks: blank frames and icons are alike everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .linking_rules import JoinRules
from .links import LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What two submissions share, as counts. Traits that are too common to link are left out beforehand.

    `camera_bodies` and `unmatched_contents` are values that at most `JoinRules.most_submissions` submissions have;
    those that more have are counted in `widespread`. A camera body counts only where each side has an unmatched
    picture by it: else two holders of one known series would become one network. `look_alikes` are groups of
    look-alike unmatched pictures with different items on both sides, so that one picture kept in ten sizes counts
    once. `occasions` is `cells.occasions` of the cells in common, never their number.
    """

    same_case: bool = False
    camera_bodies: int = 0
    unmatched_contents: int = 0
    widespread: int = 0
    known_contents: int = 0
    look_alikes: int = 0
    occasions: int = 0
    archives: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Why something in common joins two networks, or why it does not. `count`: how many things it rests on."""

    kind: LinkKind
    joins: bool
    because: str
    count: int = 1


def grounds(overlap: Overlap, rules: JoinRules) -> tuple[Ground, ...]:
    """Every ground for and against, those that join first, otherwise in the order of `PREDICATES`."""
    found = [ground for predicate in PREDICATES if (ground := predicate(overlap, rules))]
    return tuple(sorted(found, key=lambda ground: not ground.joins))


def same_case(overlap: Overlap, _rules: JoinRules) -> Ground | None:
    """One case reference: the unit itself says that they belong together."""
    return Ground(LinkKind.SAME_CASE, True, "Both carry the same case reference") if overlap.same_case else None


def same_camera(overlap: Overlap, _rules: JoinRules) -> Ground | None:
    """One camera body made unmatched pictures on both sides."""
    return _any(overlap.camera_bodies, LinkKind.SAME_CAMERA, ("camera body", "camera bodies"))


def same_unmatched_content(overlap: Overlap, _rules: JoinRules) -> Ground | None:
    """The same unmatched bytes on both sides."""
    return _any(overlap.unmatched_contents, LinkKind.SAME_CONTENT, ("unmatched content", "unmatched contents"))


def widespread_values(overlap: Overlap, rules: JoinRules) -> Ground | None:
    """A body or an unmatched content that many submissions have is widely traded, or ordinary."""
    words = ("camera body or unmatched content", "camera bodies or unmatched contents")
    limit = f"in more than {rules.most_submissions:,} submissions each"
    return _none(overlap.widespread, LinkKind.SAME_CONTENT, words, limit)


def same_known_content(overlap: Overlap, _rules: JoinRules) -> Ground | None:
    """Known content is distributed widely: that two hold it does not mean that they have met."""
    words = ("known content", "known contents")
    return _none(overlap.known_contents, LinkKind.SAME_CONTENT, words, "distributed too widely")


def look_alikes(overlap: Overlap, rules: JoinRules) -> Ground | None:
    """Several unmatched pictures look alike across the two; one alone may be chance."""
    words = ("look-alike unmatched picture", "look-alike unmatched pictures")
    return _enough(overlap.look_alikes, rules.least_look_alikes, LinkKind.NEAR_FINGERPRINT, words)


def same_occasions(overlap: Overlap, rules: JoinRules) -> Ground | None:
    """Captures at the same place and time on several occasions; one alone may be a festival or a beach."""
    words = ("occasion of pictures at one place and time", "occasions of pictures at one place and time")
    return _enough(overlap.occasions, rules.least_occasions, LinkKind.SAME_PLACE_TIME, words)


def same_archives(overlap: Overlap, _rules: JoinRules) -> Ground | None:
    """An archive in both is a package passed around; what lies in it is judged by its own content."""
    return _none(overlap.archives, LinkKind.SAME_ARCHIVE, ("archive", "archives"), "packages are passed around")


PREDICATES: tuple[Callable[[Overlap, JoinRules], Ground | None], ...] = (
    same_case,
    same_camera,
    same_unmatched_content,
    look_alikes,
    same_occasions,
    widespread_values,
    same_known_content,
    same_archives,
)


def _any(count: int, kind: LinkKind, words: tuple[str, str]) -> Ground | None:
    return Ground(kind, True, f"{_count(count, *words)} in both", count) if count else None


def _none(count: int, kind: LinkKind, words: tuple[str, str], why: str) -> Ground | None:
    return Ground(kind, False, f"{_count(count, *words)} in both: {why}", count) if count else None


def _enough(count: int, least: int, kind: LinkKind, words: tuple[str, str]) -> Ground | None:
    if not count:
        return None
    sentence = f"{_count(count, *words)} in both"
    if count >= least:
        return Ground(kind, True, sentence, count)
    return Ground(kind, False, f"{sentence}; {least} are needed", count)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
