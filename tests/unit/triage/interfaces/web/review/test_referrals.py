"""A referral's page: whether its counts are of now."""

from __future__ import annotations

from html import unescape

from tests.unit.triage.people import House
from tests.unit.triage.stored import Scene
from triage.domain.jobs import Stage
from triage.domain.people import Role

OF_BEFORE = "Work on its items goes on."


def test_counts_that_are_owed_are_said_to_be_of_before(house: House) -> None:
    """While a job over what is in it is owed; not once it was counted again."""
    scene = Scene(house.application.store)
    submission = scene.submission()
    scene.item(submission)
    house.application.referring.refer(scene.lease(Stage.REFER, submission))
    house.enrolled("ann", Role.ANALYST, cases=["*"])
    ann = house.signed_in("ann")

    def page() -> str:
        answer = ann.get("/referrals/1")
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    assert OF_BEFORE not in page()
    job = scene.owe(Stage.REFER, submission)
    assert OF_BEFORE in page()
    house.application.referring.refer(scene.claim(job))
    assert OF_BEFORE not in page()
