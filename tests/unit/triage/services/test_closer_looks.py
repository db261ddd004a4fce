"""What estimates cannot decide is owed a closer look, and answered by what that finds; never in silence by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import Profile, SetKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.services.sealing import JPEG, ToldChamber, seal
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of, examined, flipped, pdq, value
from triage.domain.findings import Examination, Raster, Subject, TakenFingerprint
from triage.domain.jobs import Stage
from triage.domain.match_policy import MatchPolicy
from triage.services.examining import Examining
from triage.services.giving_up import GivingUp
from triage.services.keeping import Keeping
from triage.services.matching import Matching
from triage.services.rematching import Rematching
from triage.settings import WorkSettings
from triage.store.unit_of_work import Store
from triage.vault.local import LocalVault

LISTED = f"pdq {value('listed').hex()}"
DATA = JPEG + b"large"


def estimated(main: bytes, concentration: int = 20) -> Examination:
    """What a look at luma alone gives."""
    taken = [TakenFingerprint(Subject.MAIN, pdq(main, 100, one)) for one in (Profile.PDQ_LUMA, Profile.PDQ_LUMA512)]
    return Examination(Raster("jpeg", 1200, 900, "RGB", 1, concentration), tuple(taken), tool="decoder 1")


@pytest.fixture
def matching(store: Store, library: Library) -> Matching:
    return Matching(store, library, MatchPolicy("policy 1"), lambda: NOW, ACTOR)


@pytest.fixture
def examining(store: Store, keeping: Keeping, work_settings: WorkSettings) -> Examining:
    return Examining(store, keeping, work_settings, lambda: NOW, ACTOR, lambda: False, luma_first=True)


@pytest.fixture
def giving_up(store: Store, work_settings: WorkSettings) -> GivingUp:
    return GivingUp(store, work_settings, lambda: NOW, ACTOR)


@pytest.fixture
def received(scene: Scene, vault: LocalVault) -> tuple[int, int]:
    """A submission and its one picture."""
    submission = scene.submission()
    return submission, seal(scene, vault, submission, DATA)


def chamber(near: int, exact: bytes | None = None) -> ToldChamber:
    """Luma lies `near` bits from the listed value; the exact decode gives `exact`, or nothing."""
    estimate = estimated(flipped(value("listed"), *range(near)))
    return ToldChamber({DATA: examined(exact)} if exact else {}, estimates={DATA: estimate})


def claim_next(scene: Scene, stage: Stage) -> int:
    rows = scene.rows(f"SELECT id FROM job WHERE state = 'ready' AND stage = '{stage}' ORDER BY id LIMIT 1")
    return int(str(rows[0][0]))


def run_next(scene: Scene, stage: Stage, examining: Examining, matching: Matching, told: ToldChamber) -> None:
    lease = scene.claim(claim_next(scene, stage))
    if stage is Stage.MATCH:
        matching.match_batch(lease)
    else:
        examining.examine_batch(lease, told.chamber)


def profiles(scene: Scene) -> list[object]:
    return [row[0] for row in scene.rows("SELECT profile FROM fingerprint ORDER BY profile")]


class TestInASubmission:
    """Examine, match, and where needed look closer and match again."""

    def worked(
        self,
        scene: Scene,
        received: tuple[int, int],
        examining: Examining,
        matching: Matching,
        told: ToldChamber,
        *stages: Stage,
    ) -> int:
        submission, item = received
        examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), told.chamber)
        for stage in stages:
            run_next(scene, stage, examining, matching, told)
        return item

    def test_far_from_everything_the_estimate_answers_and_says_so(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        """One decode, no exact value, and a reason that names luma."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        item = self.worked(scene, received, examining, matching, chamber(60), Stage.MATCH)
        assert scene.rows("SELECT id, outcome, because FROM item") == [(item, "unknown", "nothing-near-by-luma")]
        assert profiles(scene) == ["pdq-luma", "pdq-luma512"]
        assert scene.jobs() == [("link", received[0], ())]

    @pytest.mark.parametrize("bits", [0, 31, 41])
    def test_with_a_candidate_it_waits_for_the_closer_look(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path, bits: int,
    ) -> None:  # fmt: skip
        """Up to the reach and its margin. Until then there is no answer, and nothing is linked."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        item = self.worked(scene, received, examining, matching, chamber(bits), Stage.MATCH)
        assert scene.outcomes() == {item: "pending"}
        assert scene.rows("SELECT count(*) FROM match") == [(0,)]
        assert scene.jobs() == [("look-closer", received[0], (item,))]

    @pytest.mark.parametrize(("exact", "outcome"), [(31, "near"), (32, "unknown")])
    def test_the_exact_values_give_the_answer(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path, exact: int, outcome: str,
    ) -> None:  # fmt: skip
        """On either side of the reach, and the opening is on record a second time."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        told = chamber(36, flipped(value("listed"), *range(exact)))
        item = self.worked(scene, received, examining, matching, told, Stage.MATCH, Stage.LOOK_CLOSER, Stage.MATCH)
        assert scene.outcomes() == {item: outcome}
        assert scene.rows("SELECT profile, distance FROM match") == ([("pdq-ref512", 31)] if exact == 31 else [])
        assert [event.split()[0] for event in scene.log()] == [
            "released", "opened", "examined", "matched", "opened", "examined", "matched",
        ]  # fmt: skip

    def test_what_was_measured_on_luma_gives_way(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        """Concentration and the thumbnail's distance are the closer look's; the estimates stay beside."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        told = chamber(5, value("listed"))
        told.pictures[DATA] = replace(  # type: ignore[index]
            told.pictures[DATA], raster=Raster("jpeg", 1200, 900, "RGB", 1, 23), thumbnail_distance=12
        )
        self.worked(scene, received, examining, matching, told, Stage.MATCH, Stage.LOOK_CLOSER)
        assert scene.rows("SELECT concentration, thumbnail_distance FROM raster") == [(23, 12)]
        assert profiles(scene) == ["pdq-luma", "pdq-luma512", "pdq-ref512"]

    def test_a_look_that_fails_is_said_and_leaves_it_to_a_person(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        """Beyond the reach but within the margin: it may be near, so it counts as near, by estimate."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        told = chamber(36)
        item = self.worked(scene, received, examining, matching, told, Stage.MATCH, Stage.LOOK_CLOSER, Stage.MATCH)
        assert scene.outcomes() == {item: "near"}
        assert ("pdq-luma", 36) in scene.rows("SELECT profile, distance FROM match")
        assert ("no-closer-look",) in scene.rows("SELECT code FROM processing_note")

    def test_bytes_that_a_set_lists_need_none(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        """What an exact match closes is not asked for by likeness."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED, digests_of(DATA).md5.hex())
        item = self.worked(scene, received, examining, matching, chamber(0), Stage.MATCH)
        assert scene.outcomes() == {item: "known"}

    def test_one_that_is_given_up_is_answered_all_the_same(
        self, scene: Scene, received: tuple[int, int], examining: Examining, matching: Matching, library: Library,
        giving_up: GivingUp, tmp_path: Path,
    ) -> None:  # fmt: skip
        """A dead letter must not hold the submission for ever."""
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        told = chamber(3)
        item = self.worked(scene, received, examining, matching, told, Stage.MATCH)
        giving_up.bury(scene.claim(claim_next(scene, Stage.LOOK_CLOSER)), "a-code")
        run_next(scene, Stage.MATCH, examining, matching, told)
        assert scene.outcomes() == {item: "near"}


class TestWhenSetsChange:
    """A set that comes later meets an item that has estimates alone."""

    def test_the_answer_of_before_stands_until_the_closer_look(
        self, scene: Scene, received: tuple[int, int], examining: Examining, rematching: Rematching, library: Library,
        store: Store, tmp_path: Path,
    ) -> None:  # fmt: skip
        """And the run is not finished before; its result counts the item once."""
        submission, item = received
        told = chamber(36, flipped(value("listed"), *range(30)))
        examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), told.chamber)
        run_next(scene, Stage.MATCH, examining, rematching.matching, told)
        import_list(library, tmp_path, "known", SetKind.KNOWN, LISTED)
        with store.writing() as unit:
            run_id = rematching.owing.owe(unit, "a test")
            unit.commit()
        for _ in range(3):  # lists its items, matches them, and says that the list has ended
            if ready := scene.rows("SELECT id FROM job WHERE state = 'ready' AND stage = 'rematch' ORDER BY id"):
                rematching.rematch(scene.claim(int(str(ready[0][0]))))
        assert scene.outcomes() == {item: "unknown"}
        assert scene.rows("SELECT finished_at FROM rematch") == [(None,)]
        run_next(scene, Stage.LOOK_CLOSER, examining, rematching.matching, told)
        rematching.rematch(scene.claim(claim_next(scene, Stage.REMATCH)))
        assert scene.outcomes() == {item: "near"}
        with store.reading() as unit:
            run = unit.rematches.get(run_id or 0)
        assert run.result
        assert (run.items, run.result.changes, run.result.added) == (1, {"unknown>near": 1}, 1)
