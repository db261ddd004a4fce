"""Exporting evidence: one receiver, two people, once; recorded before the first byte, and readable by nobody else."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import update

from tests.acting import RECEIVER, Acts
from triage.domain.custody import CustodyAction
from triage.domain.errors import Conflict, NotFound, Refused, Tampered
from triage.domain.people import Principal, Role
from triage.domain.plans import PlanState
from triage.store.plan_tables import plan
from triage.store.tables import sealed_object
from triage.store.unit_of_work import Store


@pytest.fixture
def acts(store: Store, tmp_path: Path) -> Acts:
    return Acts.over(store, tmp_path)


@pytest.fixture
def ann(acts: Acts) -> Principal:
    return acts.person("ann", Role.ANALYST)


@pytest.fixture
def sue(acts: Acts) -> Principal:
    return acts.person("sue", Role.SUPERVISOR)


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def test_what_was_decided_as_unlawful_goes_to_the_receiver_and_nothing_else(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """The whole way: planned, agreed to, written once; the receiver opens it with any age program."""
    referral, made = acts.referral(3)
    first, second, third = acts.items_of(made)
    acts.decided(ann, referral, first, "grave")
    acts.decided(ann, referral, second, "lawful")
    number = acts.exporting.plan(ann, referral, RECEIVER.upper(), acts.key, "they asked")
    acts.agree(sue, number)
    out = io.BytesIO()
    result = acts.exporting.begin(ann, number).write(out)
    assert result == {
        "step": "written",
        "items": 1,
        "bytes": len(out.getvalue()),
        "sha256": hashlib.sha256(out.getvalue()).hexdigest(),
    }
    assert acts.data[first][:200] not in out.getvalue()
    found = acts.opened(out.getvalue())
    assert sorted(found) == ["custody.json", f"items/I-{first}", "manifest.json"]
    assert found[f"items/I-{first}"] == acts.data[first]
    manifest = json.loads(found["manifest.json"])
    (told,) = manifest["items"]
    assert told["sha256"] == hashlib.sha256(acts.data[first]).hexdigest()
    assert (told["item"], told["category"], manifest["receiver"]) == (f"I-{first}", "grave", RECEIVER.upper())
    assert (manifest["asked_by"], manifest["agreed_by"]) == ("ann", "sue")
    assert manifest["submissions"][0]["handling"] == ["H1", "H2"]
    assert third not in [one["item"] for one in manifest["items"]]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(out.getvalue(), [pyrage.x25519.Identity.generate()])


def test_the_custody_extract_can_be_checked_by_the_receiver(acts: Acts, ann: Principal, sue: Principal) -> None:
    """Each record gives its commitment by salt and text; those of other items are not told."""
    referral, made = acts.referral(2)
    first, other = acts.items_of(made)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [first])
    acts.agree(sue, number)
    out = io.BytesIO()
    acts.exporting.begin(ann, number).write(out)
    told = json.loads(acts.opened(out.getvalue())["custody.json"])
    subjects = [one["event"]["subject"] for one in told["records"]]
    assert f"item:{first}" in subjects
    assert f"item:{other}" not in subjects
    assert f"plan:{number}" in subjects, "who agreed"
    for one in told["records"]:
        text = json.dumps(one["event"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        tagged = b"triage custody commitment v1\x00" + bytes.fromhex(one["salt"]) + text.encode()
        assert hashlib.sha256(tagged).hexdigest() == one["commitment"]
    assert told["checkpoint"].splitlines()[1] == str(told["log_size"])


def test_the_disclosure_is_on_record_before_the_first_byte_is_opened(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """With the receiver, the key, the items, the grant, and the digest of the manifest."""
    referral, made = acts.referral(2)
    items = acts.items_of(made)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", items)
    acts.agree(sue, number)
    sending = acts.exporting.begin(ann, number)
    (begun,) = acts.log(CustodyAction.DISCLOSED)
    assert begun.subject == f"referral:{referral}"
    assert begun.details["receiver"] == RECEIVER
    assert begun.details["key"] == acts.key
    assert begun.details["items"] == f"{items[0]}-{items[1]}"
    (agreed,) = acts.log(CustodyAction.APPROVED)
    assert agreed.details["terms"] == begun.details["terms"]
    out = io.BytesIO()
    sending.write(out)
    manifest = acts.opened(out.getvalue())["manifest.json"]
    assert hashlib.sha256(manifest).hexdigest() == begun.details["manifest"]
    assert [one.details["step"] for one in acts.log(CustodyAction.DISCLOSED)] == ["begun", "written"]


def test_a_grant_is_good_once(acts: Acts, ann: Principal, sue: Principal) -> None:
    """Neither the plan nor what was begun by it gives a second file."""
    referral, made = acts.referral(1)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", acts.items_of(made))
    acts.agree(sue, number)
    sending = acts.exporting.begin(ann, number)
    with refused("second-person-needed"):
        acts.exporting.begin(ann, number)
    sending.write(io.BytesIO())
    for again in (lambda: sending.write(io.BytesIO()), lambda: acts.exporting.begin(ann, number)):
        with pytest.raises(Conflict) as caught:
            again()
        assert caught.value.code == "plan-over"


def test_nobody_agrees_to_their_own_and_no_grant_outlives_its_hours(acts: Acts, sue: Principal) -> None:
    """A supervisor asks: another one answers, within 72 hours, for 8."""
    referral, made = acts.referral(1)
    number = acts.exporting.plan(sue, referral, RECEIVER, acts.key, "they asked", acts.items_of(made))
    with refused("same-person"):
        acts.agree(sue, number)
    with refused("second-person-needed"):
        acts.exporting.begin(sue, number)
    acts.agree(acts.person("sam", Role.SUPERVISOR), number)
    acts.later(hours=8)
    with refused("second-person-needed"):
        acts.exporting.begin(acts.proved(sue), number)
    with acts.store.reading() as unit:
        assert unit.plans.get(number).state(acts.clock.now) is PlanState.EXPIRED


def test_a_grant_is_for_whoever_asked_and_for_one_plan(acts: Acts, ann: Principal, sue: Principal) -> None:
    """Another plan of the same referral, and another person, have none."""
    referral, made = acts.referral(2)
    first, second = acts.items_of(made)
    one = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [first])
    other = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [first, second])
    acts.agree(sue, one)
    with refused("second-person-needed"):
        acts.exporting.begin(ann, other)
    with refused("plan-not-own"):
        acts.exporting.begin(sue, one)
    acts.agree(sue, other, granted=False)
    with refused("second-person-needed"):
        acts.exporting.begin(ann, other)


@pytest.mark.parametrize(
    ("roles", "cases", "code"),
    [
        ((Role.PARTNER,), ("*",), "role-lacks"),
        ((Role.CURATOR,), ("*",), "role-lacks"),
        ((Role.ADMINISTRATOR, Role.ANALYST), ("*",), "never-with-that-role"),
        ((Role.ANALYST,), ("CASE-2",), "not-a-member"),
    ],
)
def test_roles_and_cases_that_may_not_even_ask(
    acts: Acts, roles: tuple[Role, ...], cases: tuple[str, ...], code: str
) -> None:
    """Whoever runs the system exports nothing, whatever else they are; and nothing of the plan stays."""
    referral, made = acts.referral(1)
    who = acts.person("who", *roles, cases=cases)
    with refused(code):
        acts.exporting.plan(who, referral, RECEIVER, acts.key, "they asked", acts.items_of(made))
    with acts.store.reading() as unit:
        assert unit.plans.latest(10) == []


def test_a_stale_proof_and_a_missing_reason_are_no_request(acts: Acts, ann: Principal) -> None:
    """A colleague is troubled by neither."""
    referral, made = acts.referral(1)
    items = acts.items_of(made)
    with refused("reason-missing"):
        acts.exporting.plan(ann, referral, RECEIVER, acts.key, " ", items)
    acts.later(minutes=6)
    with refused("step-up-needed"):
        acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", items)


def test_only_a_receiver_that_every_sender_named(acts: Acts, ann: Principal) -> None:
    """An item that another submission of the referral holds too is that sender's as well."""
    referral, made = acts.referral(1)
    (item,) = acts.items_of(made)
    with refused("may-not-share"):
        acts.exporting.plan(ann, referral, "Somebody else", acts.key, "they asked", [item])
    _, other = acts.referral(0, share=())
    acts.also(other, item)
    acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [item])  # the other is elsewhere
    with acts.store.writing() as unit:
        unit.networks.place([other], referral, acts.clock.now)
        unit.commit()
    with refused("may-not-share"):
        acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [item])


def test_the_legal_gate_holds_when_asked_and_when_carried_out(acts: Acts, ann: Principal, sue: Principal) -> None:
    """What nobody at a provider opened is not disclosed; the refusal is on record, the grant is not spent."""
    referral, made = acts.referral(1)
    items = acts.items_of(made)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", items)
    acts.agree(sue, number)
    acts.set_submission(made, origin="provider")
    for again in (
        lambda: acts.exporting.begin(ann, number),
        lambda: acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", items),
    ):
        with refused("gate-viewing-unknown"):
            again()
    assert len(acts.log(CustodyAction.LOOK_REFUSED)) == 2
    assert acts.log(CustodyAction.DISCLOSED) == []
    acts.set_submission(made, origin="seizure")
    acts.exporting.begin(ann, number)


@pytest.mark.parametrize("key", ["", "age1", "ssh-ed25519 AAAA", "secret"])
def test_a_key_that_is_none(acts: Acts, ann: Principal, key: str) -> None:
    """A private key, pasted by mistake, is refused as well."""
    referral, made = acts.referral(1)
    given = str(acts.identity) if key == "secret" else key
    with refused("export-key"):
        acts.exporting.plan(ann, referral, RECEIVER, given, "they asked", acts.items_of(made))


def test_items_of_another_referral_and_empty_choices(acts: Acts, ann: Principal) -> None:
    """Nothing goes along that the referral does not hold."""
    referral, _ = acts.referral(1)
    _, other = acts.referral(1, case="CASE-2")
    with pytest.raises(NotFound):
        acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", acts.items_of(other))
    with refused("plan-empty"):
        acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked")


def test_bytes_that_are_not_what_was_received_end_it_and_the_file_does_not_open(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """Two locators were swapped: the digest does not agree, the record says broken, age says truncated."""
    referral, made = acts.referral(2)
    first, second = acts.items_of(made)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [first])
    acts.agree(sue, number)
    with acts.store.writing() as unit:
        locators = unit.items.kept([second])[0].sealed
        assert locators is not None
        size = len(acts.data[first])
        assert locators["size"] == size
        unit.connection.execute(update(sealed_object).where(sealed_object.c.item_id == first).values(dict(locators)))
        unit.commit()
    out = io.BytesIO()
    with pytest.raises(Tampered) as caught:
        acts.exporting.begin(ann, number).write(out)
    assert caught.value.code == "content-changed"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(out.getvalue(), [acts.identity])
    assert acts.log(CustodyAction.DISCLOSED)[-1].details["step"] == "broken"


def test_a_plan_that_was_changed_in_the_database_is_not_carried_out(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """What was agreed to has a digest."""
    referral, made = acts.referral(2)
    first, second = acts.items_of(made)
    number = acts.exporting.plan(ann, referral, RECEIVER, acts.key, "they asked", [first])
    acts.agree(sue, number)
    terms = {"receiver": RECEIVER, "key": acts.key, "items": [first, second]}
    with acts.store.writing() as unit:
        unit.connection.execute(update(plan).values(terms=terms))
        unit.commit()
    with pytest.raises(Conflict) as caught:
        acts.exporting.begin(ann, number)
    assert caught.value.code == "plan-changed"
