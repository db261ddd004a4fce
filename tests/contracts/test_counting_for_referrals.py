"""A referral is counted before the transaction that writes it: whatever changes meanwhile, on any database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from hashsets.vocabulary import SetKind
from tests.contracts.test_rematch import WORK, answered, claimed, md5s, owe, rematching
from tests.reviewing import REVIEW, SCHEMES, Everything, person
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import ACTOR, NOW, Scene
from triage.domain.claims import ReferralState
from triage.domain.decisions import Said
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, Stage
from triage.domain.match_policy import MatchPolicy
from triage.domain.people import Principal
from triage.rule_files import load_link_rules, load_priority_rules
from triage.services import placing as module
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.services.linking import Linking
from triage.services.look_alikes import LookAlikeMemory
from triage.services.referring import Referring
from triage.services.summing_up import KeptSummary, ReferralSummary, sum_up, summary
from triage.store.unit_of_work import Store, Unit

RULES = load_link_rules()


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


@pytest.fixture
def referring(store: Store) -> Referring:
    return Referring(store, RULES, load_priority_rules(), lambda: NOW, ACTOR)


class Counting:
    """Runs an act once, after the first count and before it is written. `times` is how many networks were counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.meanwhile: Callable[[], None] | None = None
        monkeypatch.setattr(module, "sum_up", self._count)

    def _count(self, unit: Unit, *told: object) -> ReferralSummary:
        counted = sum_up(unit, *told)  # type: ignore[arg-type]
        self.times += 1
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()
        return counted


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


def shown(store: Store, *submissions: int, referral: int = 1) -> KeptSummary:
    with store.reading() as unit:
        return summary(unit, referral, submissions, RULES)


def lease_of(scene: Scene, stage: Stage) -> Lease:
    """The one job of this stage that is ready, claimed."""
    ((job_id,),) = scene.rows(f"SELECT id FROM job WHERE state = 'ready' AND stage = '{stage.value}'")
    return scene.claim(int(str(job_id)))


def facts_of(scene: Scene) -> dict[str, object]:
    with scene.store.reading() as unit:
        line = unit.pages.referral(1)
    assert line
    return {"known": line.facts.known_exact, "unknown": line.facts.unknown}


def test_a_rematch_meanwhile_is_owed_and_shown_as_owed(
    store: Store, scene: Scene, referring: Referring, counting: Counting, tmp_path: Path
) -> None:
    """What was counted before it is written, and said to be of before, until the REFER that it owes has counted."""
    again = rematching(store, tmp_path)
    answered(again, scene, "abc")
    linking = Linking(store, LookAlikeMemory(), MatchPolicy("policy 1"), RULES, WORK, lambda: NOW, ACTOR)
    linking.link(lease_of(scene, Stage.LINK))

    def matched_again() -> None:
        import_list(again.matching.library, tmp_path, "known", SetKind.KNOWN, *md5s("a"))
        owe(again)
        while jobs := claimed(scene):
            for lease in jobs:
                again.rematch(lease)

    counting.meanwhile = matched_again
    referring.refer(lease_of(scene, Stage.REFER))
    before = shown(store, 1)
    assert (before.counted.outcomes, before.outdated_since) == ({"unknown": 3}, NOW)
    linking.link(lease_of(scene, Stage.LINK))
    assert shown(store, 1).outdated_since == NOW
    referring.refer(lease_of(scene, Stage.REFER))
    after = shown(store, 1)
    assert (after.counted.outcomes, after.outdated_since) == ({"known": 1, "unknown": 2}, None)
    assert facts_of(scene) == {"known": 1, "unknown": 2}


def test_what_another_refer_wrote_meanwhile_is_not_put_back(
    store: Store, scene: Scene, referring: Referring, counting: Counting
) -> None:
    """Its lease had ended, so another could run: it counts again, and writes what is true now."""
    one = scene.submission()
    scene.item(one)
    late = scene.claim(scene.owe(Stage.REFER, one), seconds=0)

    def referred_with_more() -> None:
        scene.item(one, outcome=Outcome.KNOWN)
        referring.refer(scene.lease(Stage.REFER, one))

    counting.meanwhile = referred_with_more
    referring.refer(late)
    assert counting.times == 3
    assert shown(store, one).counted.outcomes == {"known": 1, "unknown": 1}
    assert facts_of(scene) == {"known": 1, "unknown": 1}
    assert scene.rows("SELECT count(*) FROM job WHERE state = 'done'") == [(2,)]


def test_a_network_that_grew_meanwhile_is_counted_as_it_is(
    store: Store, scene: Scene, referring: Referring, counting: Counting
) -> None:
    """One referral, with what is in all of it."""
    one, two = scene.submission(case="A"), scene.submission(case="B")
    scene.item(one, two)
    scene.item(two)
    alone = scene.claim(scene.owe(Stage.REFER, one), seconds=0)
    far = scene.submission(case="B")
    scene.item(far)
    counting.meanwhile = lambda: referring.refer(scene.lease(Stage.REFER, far))
    referring.refer(alone)
    assert scene.rows("SELECT submission_id, referral_id FROM referral_member ORDER BY 1") == [
        (one, 1),
        (two, 1),
        (far, 1),
    ]
    assert shown(store, one, two, far).counted.outcomes == {"unknown": 3}


def test_a_crash_between_counting_and_writing_leaves_the_job_owed(
    store: Store, scene: Scene, referring: Referring, counting: Counting
) -> None:
    """The counts of before stand, and say that they are of before."""
    one = scene.submission()
    scene.item(one)
    referring.refer(scene.lease(Stage.REFER, one))
    scene.item(one, outcome=Outcome.KNOWN)

    def killed() -> None:
        raise SystemExit

    counting.meanwhile = killed
    job = scene.owe(Stage.REFER, one)
    with pytest.raises(SystemExit):
        referring.refer(scene.claim(job, seconds=0))
    assert shown(store, one) == KeptSummary(shown(store, one).counted, NOW)
    assert shown(store, one).counted.outcomes == {"unknown": 1}
    referring.refer(scene.claim(job))
    assert shown(store, one).outdated_since is None
    assert shown(store, one).counted.outcomes == {"known": 1, "unknown": 1}


def test_a_decision_meanwhile_stands(store: Store, scene: Scene, referring: Referring, counting: Counting) -> None:
    """The referral was done by it, and stays done: what is left is looked at in the transaction that writes."""
    one = scene.submission()
    item = scene.item(one)
    referring.refer(scene.lease(Stage.REFER, one))
    ann = person(store, "ann")
    claim = Claiming(store, Everything(), REVIEW, lambda: NOW).take(ann, 1)
    deciding = Deciding(store, Everything(), REVIEW, SCHEMES, lambda: NOW)

    def decided() -> None:
        assert deciding.decide(ann, claim, [item], Said("lawful")).done == (1,)

    counting.meanwhile = decided
    referring.refer(scene.lease(Stage.REFER, one))
    with store.writing() as unit:
        assert unit.decisions.state_of(1) is ReferralState.DONE


@pytest.fixture
def ann(store: Store) -> Principal:
    return person(store, "ann")


@pytest.fixture
def deciding(store: Store) -> Deciding:
    return Deciding(store, Everything(), REVIEW, SCHEMES, lambda: NOW)


class TestWhatIsOver:
    """Whether a referral that is over opens again is asked of its items before the transaction that writes."""

    def over(self, scene: Scene, referring: Referring, deciding: Deciding, ann: Principal, how: str) -> int:
        """A referral of one item that is done, or set aside; its submission."""
        one = scene.submission(case="A")
        item = scene.item(one)
        referring.refer(scene.lease(Stage.REFER, one))
        claim = Claiming(scene.store, Everything(), REVIEW, lambda: NOW).take(ann, 1)
        if how == "done":
            deciding.decide(ann, claim, [item], Said("lawful"))
        else:
            deciding.set_aside(ann, claim, "The facts were enough.")
        return one

    def state(self, store: Store) -> ReferralState:
        with store.reading() as unit:
            return unit.decisions.states([1])[1]

    @pytest.mark.parametrize("how", ["done", "facts-enough"])
    def test_its_items_are_not_read_where_it_is_written(
        self, scene: Scene, referring: Referring, deciding: Deciding, ann: Principal, counting: Counting, how: str
    ) -> None:
        """Of two hundred thousand that took as long as anybody waits for its row."""
        one = self.over(scene, referring, deciding, ann, how)
        engine, asked = scene.store.engine, list[str]()

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        counting.meanwhile = lambda: event.listen(engine, "before_cursor_execute", note)
        referring.refer(scene.lease(Stage.REFER, one))
        event.remove(engine, "before_cursor_execute", note)
        writing = asked[next(place for place, one in enumerate(asked) if "UPDATE job" in one) :]
        assert not [one for one in writing if "FROM item" in one or "FROM match" in one]
        assert self.state(scene.store) is ReferralState(how)

    def test_a_decision_that_is_taken_back_meanwhile_opens_it(
        self, scene: Scene, referring: Referring, deciding: Deciding, ann: Principal, counting: Counting
    ) -> None:
        one = self.over(scene, referring, deciding, ann, "done")
        counting.meanwhile = lambda: deciding.undo(ann, 1) and None
        referring.refer(scene.lease(Stage.REFER, one))
        assert self.state(scene.store) is ReferralState.OPEN

    @pytest.mark.parametrize("how", ["done", "facts-enough"])
    def test_what_joins_it_opens_it(
        self, scene: Scene, referring: Referring, deciding: Deciding, ann: Principal, how: str
    ) -> None:
        """Under one case, with an item that nobody has decided."""
        self.over(scene, referring, deciding, ann, how)
        more = scene.submission(case="A")
        scene.item(more)
        Referring(scene.store, RULES, load_priority_rules(), lambda: NOW + timedelta(seconds=1), ACTOR).refer(
            scene.lease(Stage.REFER, more)
        )
        assert scene.rows("SELECT count(*) FROM referral") == [(1,)]
        assert self.state(scene.store) is ReferralState.OPEN

    def test_an_item_that_is_open_again_opens_it(
        self, scene: Scene, referring: Referring, deciding: Deciding, ann: Principal
    ) -> None:
        """As after a retraction."""
        one = self.over(scene, referring, deciding, ann, "done")
        scene.item(one)
        referring.refer(scene.lease(Stage.REFER, one))
        assert self.state(scene.store) is ReferralState.OPEN


class TestCountsAreOwed:
    """Whether the counts of a network are to be made again."""

    def owed(self, scene: Scene, *submissions: int) -> bool:
        with scene.store.reading() as unit:
            return unit.networks.counts_owed(submissions)

    def bury(self, scene: Scene, lease: Lease) -> None:
        with scene.store.writing() as unit:
            unit.jobs.bury(lease, "fault")
            unit.commit()

    def test_while_a_job_over_it_is(self, scene: Scene, referring: Referring) -> None:
        """Of whichever stage, waiting or in hand; jobs over others are none of its."""
        one, two = scene.submission(), scene.submission()
        assert not self.owed(scene, one, two)
        lease = scene.lease(Stage.REFER, two)
        scene.owe(Stage.MATCH, two)
        assert (self.owed(scene, one), self.owed(scene, one, two)) == (False, True)
        referring.refer(lease)
        assert self.owed(scene, one, two)

    @pytest.mark.parametrize("stage", [Stage.LINK, Stage.REFER])
    def test_where_it_was_given_up(self, scene: Scene, referring: Referring, stage: Stage) -> None:
        """Until a later one is done."""
        one = scene.submission()
        referring.refer(scene.lease(Stage.REFER, one))
        self.bury(scene, scene.lease(stage, one))
        assert self.owed(scene, one)
        referring.refer(scene.lease(Stage.REFER, one))
        assert not self.owed(scene, one)

    def test_a_batch_of_items_that_was_given_up_owes_nothing(self, scene: Scene) -> None:
        """Its items have the answer that they got by it."""
        one = scene.submission()
        self.bury(scene, scene.lease(Stage.EXAMINE, one, [1]))
        assert not self.owed(scene, one)

    def test_while_more_of_it_is_received(self, scene: Scene) -> None:
        """Known items that come again owe no job of their own."""
        whole, coming = scene.submission(), scene.submission(received=False)
        assert (self.owed(scene, whole), self.owed(scene, whole, coming)) == (False, True)

    def test_while_a_rematch_runs(self, scene: Scene, tmp_path: Path) -> None:
        """Any of its batches may change an answer before it owes a LINK."""
        again = rematching(scene.store, tmp_path)
        answered(again, scene, "a")
        far = scene.submission()
        import_list(again.matching.library, tmp_path, "known", SetKind.KNOWN, *md5s("a"))
        owe(again)
        assert self.owed(scene, far)
        while jobs := claimed(scene):
            for lease in jobs:
                again.rematch(lease)
        assert not self.owed(scene, far)
