"""People, and referrals with items in them, as the tests of review need them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, update

from hashsets.algorithms.digests import Digests
from triage.domain.access import Action, Purpose
from triage.domain.categories import Category, Scheme, SchemeMapping, Schemes
from triage.domain.items import CLOSED_UNSEEN, ItemKind, Outcome
from triage.domain.look_plan import LookRules
from triage.domain.matches import Answer
from triage.domain.people import Membership, Principal, Role
from triage.domain.review_rules import ReviewRules
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.store.access import Subject
from triage.store.items import NewItem
from triage.store.review_tables import principal, viewing
from triage.store.tables import look_alike, match, referral
from triage.store.unit_of_work import Store, Unit

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
LOOKS = LookRules(series=4, quiet=0.45, camera=0.2, mixed=0.1, raised=0.1)
REVIEW = ReviewRules(
    "scheme-a", 900, 600, frozenset(), second_reader_supersedes=False, sample_percent=3, looks=LOOKS, edition="e"
)
"""Rules of review without second readers; tests that need others replace what they need."""
_numbers = itertools.count(1)


class Everything:
    """A policy that allows all, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Action, str, Purpose]] = []

    def ask(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> int | None:
        self.asked.append((who.login, action, str(subject), purpose))
        return None


@dataclass(frozen=True)
class Made:
    """A referral and its items."""

    id: int
    submission: int
    items: tuple[int, ...] = field(default=())


def person(
    store: Store,
    login: str,
    *,
    cases: frozenset[str] = frozenset({"*"}),
    time_zone: str = "UTC",
    unit: str = "A",
    roles: frozenset[Role] = frozenset({Role.ANALYST}),
) -> Principal:
    """A person in the database."""
    with store.writing() as opened:
        row = {
            "login": login,
            "name": login.title(),
            "unit": unit,
            "language": "en",
            "time_zone": time_zone,
            "totp_last_step": 0,
            "failures": 0,
            "created_at": NOW,
        }
        made = opened.connection.execute(insert(principal).values(row).returning(principal.c.id)).scalar_one()
        opened.commit()
    held = tuple(Membership(case) for case in sorted(cases))
    return Principal(made, login, login.title(), unit, "en", time_zone, roles, held)


def referral_with(
    store: Store,
    sort_key: str,
    *outcomes: Outcome,
    case: str = "CASE-1",
    danger: int = 0,
    expires_in_days: int | None = None,
    also: Sequence[int] = (),
) -> Made:
    """A referral with one submission, of new items with these answers, and of `also`, which exist."""
    number = next(_numbers)
    until = (NOW + timedelta(days=expires_in_days)).date() if expires_in_days is not None else None
    with store.writing() as unit:
        delivery = Delivery(case, f"EXH-{number}", "Synthetic warrant", b"/synthetic", False, until)
        submission = unit.submissions.open(delivery, NOW).id
        unit.submissions.set_state(submission, SubmissionState.RECEIVED, NOW)
        made = unit.networks.open_referral(NOW)
        unit.networks.place([submission], made, NOW)
        unit.connection.execute(
            update(referral).where(referral.c.id == made).values(sort_key=sort_key, danger=danger)
        )
        items = [_item(unit, outcome) for outcome in outcomes] + list(also)
        places = [(one, Found(b"%d.jpg" % one, 10, one)) for one in items]
        unit.submissions.add_occurrences(submission, places)
        unit.commit()
    return Made(made, submission, tuple(items))


def looked(
    store: Store,
    who: Principal,
    made: Made,
    *,
    item: int = 0,
    level: str = "full",
    seconds: float = 10.0,
    at: datetime = NOW,
    **values: object,
) -> None:
    """A look at the item of this place that was shown; `values` are columns."""
    with store.writing() as unit:
        number = unit.connection.execute(select(func.count(viewing.c.id))).scalar_one()
        row = {
            "principal_id": who.id,
            "item_id": made.items[item],
            "referral_id": made.id,
            "reason": "court",
            "words": "",
            "level": level,
            "of_known": False,
            "of_decided": False,
            "of_flagged": False,
            "token_sha256": number.to_bytes(32, "big"),
            "asked_at": at,
            "token_until": at + timedelta(seconds=60),
            "shown_at": at,
            "ended_at": at,
            "seconds": seconds,
        }
        unit.connection.execute(insert(viewing).values(row | values))
        unit.commit()


def alike(store: Store, centre: int, *members: int) -> None:
    """These items are one look-alike group around the centre."""
    with store.writing() as unit:
        rows = [{"item_id": one, "centre_id": centre} for one in (centre, *members)]
        unit.connection.execute(insert(look_alike), rows)
        unit.commit()


def _item(unit: Unit, outcome: Outcome) -> int:
    data = f"synthetic item {next(_numbers)}".encode()
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest())
    made = unit.items.add([NewItem(digests, 10, ItemKind.RASTER, 0)], NOW).ids[digests.sha256]
    closed = "rule" if outcome in CLOSED_UNSEEN else None
    unit.items.set_outcomes({made: Answer(outcome, "", closed)})
    return made


_WORDS = {"en": "Words", "th": "คำ"}


def _scheme(name: str, set_scheme: str, *codes: str) -> Scheme:
    categories = tuple(Category(code, rank, _WORDS) for rank, code in enumerate(codes))
    return Scheme(name, _WORDS, set_scheme, "made up", confirmed=False, categories=categories, edition="e")


SCHEMES = Schemes(
    {
        "scheme-a": _scheme("scheme-a", "aa", "lawful", "some", "grave"),
        "scheme-b": _scheme("scheme-b", "bb", "lawful", "x"),
    },
    (SchemeMapping("scheme-b", "scheme-a", {"lawful": None, "x": "grave"}, "made up", confirmed=False),),
)


def match_of(store: Store, item_id: int, category: str, at: datetime = NOW) -> None:
    """An exact match in force with this opinion."""
    with store.writing() as unit:
        comparison = unit.matches.comparison("policy", "releases")
        row = {
            "item_id": item_id,
            "release_id": "a-set-r1",
            "entry_key": f"e-{item_id}",
            "subject": "main",
            "algorithm": "md5",
            "profile": "",
            "set_name": "a-set",
            "set_kind": "known",
            "basis": "exact",
            "distance": 0,
            "transform": "identity",
            "opinion": {"category": category},
            "standing": "decides",
            "because": "",
            "agreement": "",
            "comparison_id": comparison,
            "at": at,
        }
        unit.connection.execute(insert(match).values(row))
        unit.commit()
