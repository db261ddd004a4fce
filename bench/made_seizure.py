"""A seizure in numbers: fingerprints, traces and the truth of each item, from stated assumptions. No pictures."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from triage.domain.findings import Camera, CaptureTime, Findings, Place

NOW = datetime(2026, 3, 16, tzinfo=UTC)
RECENT = timedelta(days=30)
_RESET = datetime(2015, 1, 1)  # noqa: DTZ001 - a camera's own clock
_BITS = 256
_MOST_FLIPPED = 12  # bits by which a copy differs from its original: recompressed, resized


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed of a seizure and of the person who looks. Shares are of all items, or as said."""

    items: int = 20_000
    known: float = 0.55  # exact, in a trusted release
    known_good: float = 0.15
    own: float = 0.74  # of the rest: lawful pictures of the owner's cameras
    stray: float = 0.03  # of the rest: lawful, without any trace (screens, web, chats)
    distributed: float = 0.18  # of the rest: unlawful, passed on, no traces; what remains is urgent
    near_known: float = 0.5  # of the pictures passed on: near to an entry of a trusted release
    family: float = 4.0  # mean copies of one picture; those passed on have twice as many
    shots: int = 12  # pictures of one occasion
    recent: float = 0.05  # of the owner's occasions: in the last thirty days
    urgent_without_traces: float = 0.10  # of urgent series: all traces were stripped
    urgent_clock_wrong: float = 0.15  # of urgent series: the camera's clock says that they are old
    urgent_among_own: float = 0.25  # of urgent series: taken at an occasion of lawful pictures
    sees_unlawful: float = 0.98  # how often a look at an unlawful picture says so
    false_alarm: float = 0.01
    sampled: int = 3  # looks at a cluster that nothing in its facts raises, where a fixed number is looked at
    # What follows changes nothing as it stands here; `bench.exposure` varies it.
    shots_differ: int = 0  # by so many at most an occasion's pictures are more or fewer than `shots`
    urgent_cameras: int = 3  # of the owner's three cameras: those that took urgent pictures
    urgent_seconds: int = 120  # of an occasion's two minutes: within so many an urgent series was taken
    urgent_items: int = 20  # of an urgent series, copies among them
    urgent_family: float | None = None  # mean copies of a picture of an urgent series; None: as any other's
    own_without_traces: float = 0.0  # of the owner's lawful occasions: all traces were stripped
    clocks_reset: int = 0  # of the owner's cameras: those whose clock begins the same day anew at each occasion
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """One item that no digest closes, and the truth about it. `series` numbers an urgent series; 0 for none."""

    number: int
    value: bytes
    findings: Findings
    is_unlawful: bool
    series: int
    is_near_known: bool = False


@dataclass(frozen=True, slots=True)
class Seizure:
    """The items that are left after exact matching, in an order that says nothing; how many there were in all."""

    assumptions: Assumptions
    left: list[Made]

    @property
    def series(self) -> set[int]:
        """The urgent series."""
        return {one.series for one in self.left if one.series}


class _Maker:
    def __init__(self, told: Assumptions) -> None:
        self.told = told
        self.random = random.Random(told.seed)
        self.made: list[Made] = []
        self.cameras = [Camera("MADEUP", f"M{number}", f"77{number}0{number}31") for number in range(3)]

    def family(
        self, findings: Findings, mean: float, *, is_unlawful: bool, series: int, most: int, near: bool = False
    ) -> int:
        """One picture and its copies. The first keeps its traces, of the others half have lost them."""
        count = min(most, max(1, round(self.random.expovariate(1 / mean))))
        base = self.random.getrandbits(_BITS)
        for copy in range(count):
            value = base
            for bit in self.random.sample(range(_BITS), self.random.randrange(_MOST_FLIPPED + 1) if copy else 0):
                value ^= 1 << bit
            kept = findings if not copy or self.random.random() < 0.5 else Findings()
            self.made.append(Made(len(self.made), value.to_bytes(32, "big"), kept, is_unlawful, series, near))
        return count

    def occasion(self, *, is_recent: bool, cameras: int = 3) -> Findings:
        """A camera at a place and time."""
        days = self.random.uniform(1, 28) if is_recent else self.random.uniform(40, 2_000)
        local = (NOW - timedelta(days=days)).replace(tzinfo=None)
        place = Place(self.random.uniform(10, 18), self.random.uniform(99, 104))
        camera = self.random.choice(self.cameras[:cameras])
        if self.cameras.index(camera) < self.told.clocks_reset:
            local = _RESET + timedelta(minutes=self.random.uniform(0, 600))
        return Findings(camera, captured=CaptureTime(local, 420), place=place)

    def shot(self, occasion: Findings, first: float = 0, seconds: float = 120) -> Findings:
        """A little later at the same place: `first` seconds or up to `seconds` more."""
        assert occasion.captured
        moment = occasion.captured.local + timedelta(seconds=first + self.random.uniform(0, seconds))
        return replace(occasion, captured=CaptureTime(moment, occasion.captured.offset_minutes))

    def own(self, count: int) -> list[Findings]:
        """Lawful pictures, by occasions."""
        occasions = []
        while count > 0:
            occasion = self.occasion(is_recent=self.random.random() < self.told.recent)
            stripped = self.told.own_without_traces and self.random.random() < self.told.own_without_traces
            if not stripped:
                occasions.append(occasion)
            differ = self.told.shots_differ
            for _ in range(self.told.shots + (self.random.randint(-differ, differ) if differ else 0)):
                findings = Findings() if stripped else self.shot(occasion)
                count -= self.family(findings, self.told.family, is_unlawful=False, series=0, most=max(count, 1))
                if count <= 0:
                    break
        return occasions

    def loose(self, count: int, mean: float, *, is_unlawful: bool) -> None:
        """Pictures without traces."""
        while count > 0:
            near = is_unlawful and self.random.random() < self.told.near_known
            count -= self.family(Findings(), mean, is_unlawful=is_unlawful, series=0, most=count, near=near)

    def urgent(self, count: int, occasions: list[Findings]) -> None:
        """Series of `urgent_items` each; the last has what is left."""
        series, told = 0, self.told
        copies = told.family if told.urgent_family is None else told.urgent_family
        taken = {camera.serial for camera in self.cameras[: told.urgent_cameras]}
        occasions = [one for one in occasions if one.camera and one.camera.serial in taken]
        while count > 0:
            series += 1
            drawn = self.random.random()
            if drawn < told.urgent_without_traces:
                occasion = Findings()
            elif self.random.random() < told.urgent_among_own:
                occasion = self.random.choice(occasions)
            else:
                is_recent = self.random.random() >= told.urgent_clock_wrong
                occasion = self.occasion(is_recent=is_recent, cameras=told.urgent_cameras)
            first = self.random.uniform(0, 120 - told.urgent_seconds) if told.urgent_seconds < 120 else 0.0
            left = min(told.urgent_items, count)
            count -= left
            while left > 0:
                findings = self.shot(occasion, first, told.urgent_seconds) if occasion.captured else occasion
                left -= self.family(findings, copies, is_unlawful=True, series=series, most=left)


def made(told: Assumptions) -> Seizure:
    """Draw a seizure; the same assumptions give the same one."""
    maker = _Maker(told)
    rest = round(told.items * (1 - told.known - told.known_good))
    occasions = maker.own(round(rest * told.own))
    maker.loose(round(rest * told.stray), 1.5, is_unlawful=False)
    maker.loose(round(rest * told.distributed), 2 * told.family, is_unlawful=True)
    maker.urgent(rest - len(maker.made), occasions)
    left = list(maker.made)
    maker.random.shuffle(left)
    return Seizure(told, left)
