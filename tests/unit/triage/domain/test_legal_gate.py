"""The legal gate: nothing that nobody at its sender opened is rendered without a recorded authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from triage.domain.authorities import Authority, AuthorityKind, NewAuthority, require_stated
from triage.domain.errors import Refused
from triage.domain.legal import Origin
from triage.domain.legal_gate import Gate, GateCode, HeldUnder, gate
from triage.domain.reports import Viewed

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
ITEM = 7
REPORTED = HeldUnder(submission_id=1, origin=Origin.PROVIDER, basis="Report of a provider", viewed=Viewed.NO)
SEIZED = HeldUnder(submission_id=2, origin=Origin.SEIZURE, basis="Warrant 1/2026")
WARRANT = Authority(
    id=3,
    kind=AuthorityKind.WARRANT,
    reference="W 1/2026",
    person="A judge",
    given_at=NOW - timedelta(days=1),
    submission_id=1,
    recorded_at=NOW,
    recorded_by="an officer",
)


@pytest.mark.parametrize("origin", [Origin.PROVIDER, Origin.HOTLINE])
@pytest.mark.parametrize(
    ("viewed", "code"),
    [
        (Viewed.YES, GateCode.VIEWED_BY_SENDER),
        (Viewed.NO, GateCode.NOT_VIEWED),
        (Viewed.UNKNOWN, GateCode.VIEWING_UNKNOWN),
        (None, GateCode.VIEWING_UNKNOWN),
    ],
)
def test_what_a_sender_says_of_viewing_decides(origin: Origin, viewed: Viewed | None, code: GateCode) -> None:
    """A "no", "unknown" and silence shut the gate; only "yes" opens it."""
    found = gate(ITEM, [replace(REPORTED, origin=origin, viewed=viewed)], [], NOW)
    assert found.code is code
    assert found.may_render is (viewed is Viewed.YES)
    assert found.submission_id == (1 if viewed is Viewed.YES else None)


@pytest.mark.parametrize("origin", [Origin.SEIZURE, Origin.UNIT])
def test_what_is_ours_stands_on_its_own_basis(origin: Origin) -> None:
    """No sender has to have viewed what was seized; but a basis there must be."""
    assert gate(ITEM, [replace(SEIZED, origin=origin)], [], NOW) == Gate(GateCode.OWN_BASIS, 2)
    assert gate(ITEM, [replace(SEIZED, origin=origin, basis=" \n")], [], NOW).code is GateCode.NO_BASIS


def test_a_member_of_a_senders_archive_was_viewed_by_nobody() -> None:
    """Whoever opened the archive did not thereby open what was inside."""
    member = replace(REPORTED, viewed=Viewed.YES, is_member=True)
    assert gate(ITEM, [member], [], NOW).code is GateCode.VIEWING_UNKNOWN
    assert gate(ITEM, [replace(SEIZED, is_member=True)], [], NOW).may_render


def test_an_authority_opens_and_is_named() -> None:
    """For the whole submission, or for the item in it."""
    assert gate(ITEM, [REPORTED], [WARRANT], NOW) == Gate(GateCode.AUTHORISED, 1, 3)
    assert gate(ITEM, [REPORTED], [replace(WARRANT, item_id=ITEM)], NOW).may_render
    assert "A-3" in gate(ITEM, [REPORTED], [WARRANT], NOW).because


@pytest.mark.parametrize(
    "idle",
    [
        replace(WARRANT, given_at=NOW + timedelta(microseconds=1)),
        replace(WARRANT, withdrawn_at=NOW - timedelta(days=1)),
        replace(WARRANT, withdrawn_at=NOW + timedelta(days=1)),
        replace(WARRANT, submission_id=2),
        replace(WARRANT, item_id=8),
    ],
    ids=["of the future", "withdrawn", "withdrawn, by a clock ahead", "of another submission", "of another item"],
)
def test_an_authority_that_does_not_count_opens_nothing(idle: Authority) -> None:
    """And one that does, beside it, opens all the same."""
    assert gate(ITEM, [REPORTED], [idle], NOW) == gate(ITEM, [REPORTED], [], NOW)
    assert gate(ITEM, [REPORTED], [idle, replace(WARRANT, id=4)], NOW).authority_id == 4


def test_an_authority_counts_from_its_own_moment_on() -> None:
    """The very moment included."""
    assert gate(ITEM, [REPORTED], [replace(WARRANT, given_at=NOW)], NOW).may_render


def test_one_lawful_occurrence_is_enough_and_is_named() -> None:
    """The independent source: the same bytes, lawfully held elsewhere in the cases at hand."""
    viewed = replace(REPORTED, submission_id=5, viewed=Viewed.YES)
    assert gate(ITEM, [REPORTED, viewed, SEIZED], [WARRANT], NOW) == Gate(GateCode.OWN_BASIS, 2)
    assert gate(ITEM, [viewed, REPORTED], [WARRANT], NOW) == Gate(GateCode.VIEWED_BY_SENDER, 5)
    assert gate(ITEM, [replace(viewed, submission_id=9), viewed], [], NOW).submission_id == 5


def test_an_item_of_another_case_is_not_rendered() -> None:
    """However lawfully it is held there: those who ask do not have that case at hand."""
    assert gate(ITEM, [], [WARRANT], NOW).code is GateCode.NOT_AT_HAND


def test_a_no_is_told_before_an_unknown() -> None:
    """The reason that a person reads is the firmest there is, whatever the order."""
    unknown = replace(REPORTED, viewed=None)
    assert gate(ITEM, [unknown, REPORTED], [], NOW) == gate(ITEM, [REPORTED, unknown], [], NOW)
    assert gate(ITEM, [unknown, REPORTED], [], NOW).code is GateCode.NOT_VIEWED


@pytest.mark.parametrize("code", GateCode)
def test_every_answer_is_a_sentence(code: GateCode) -> None:
    """Without a hole where a number belongs."""
    numbers = (1, 3) if Gate(code).may_render else (None, None)
    sentence = Gate(code, *numbers).because
    assert sentence.endswith(".")
    assert "None" not in sentence


@pytest.mark.parametrize(
    "lacking",
    [{"reference": " "}, {"person": ""}, {"given_at": datetime(2026, 3, 1)}],  # noqa: DTZ001 - the fault
)
def test_an_authority_is_stated_whole(lacking: dict[str, object]) -> None:
    """Reference, person, and a time that is one moment."""
    new = NewAuthority(kind=AuthorityKind.CONSENT, reference="C 1", person="A holder", given_at=NOW, submission_id=1)
    require_stated(new)
    with pytest.raises(Refused, match=r"authority|offset"):
        require_stated(replace(new, **lacking))  # type: ignore[arg-type]  # one field of each type
