from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.triage.stored import ACTOR, NOW
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.legal import Handling, Legal
from triage.domain.senders import Scope, SenderKind
from triage.services.admitting import Admitting
from triage.store.unit_of_work import Store

LEGAL = Legal("made-up statute 1", ("TH", "NL"), (Handling.H1,))
REPORT = frozenset({Scope.REPORT})
YEAR = timedelta(days=365)


@pytest.fixture
def admitting(store: Store) -> Admitting:
    """With one sender."""
    made = Admitting(store, lambda: NOW, ACTOR)
    made.add_sender("example-provider", SenderKind.PROVIDER, "TH", LEGAL)
    return made


def later(admitting: Admitting, passed: timedelta) -> Admitting:
    """The same at another time."""
    return Admitting(admitting.store, lambda: NOW + passed, ACTOR)


def test_no_sender_has_a_key_before_one_is_issued(admitting: Admitting) -> None:
    """There is no default key."""
    assert admitting.keys() == []


def test_an_issued_token_admits_its_sender(admitting: Admitting) -> None:
    """Whose it is, under what law, and what it may do."""
    issued = admitting.issue("example-provider", REPORT, YEAR)
    admitted = admitting.admit(issued.token)
    assert admitted.sender.name == "example-provider"
    assert admitted.sender.legal == LEGAL
    assert admitted.key == issued.key
    admitted.require(Scope.REPORT)


def test_the_secret_is_kept_nowhere(admitting: Admitting) -> None:
    """The database holds a digest; the log holds neither."""
    token = admitting.issue("example-provider", REPORT, YEAR).token
    secret = token.split(".")[1]
    with admitting.store.reading() as unit:
        assert secret.encode() != unit.senders.keys_of(None)[0].secret_sha256
        assert all(secret not in str(record.event) for record in unit.custody.records())


@pytest.mark.parametrize("token", ["", "x", "aaaaaaaaaaaa." + "b" * 43, "." + "b" * 43, "aaaaaaaaaaaa.é" + "b" * 42])
def test_another_token_admits_nobody(admitting: Admitting, token: str) -> None:
    """Whatever its form."""
    with pytest.raises(Refused) as refused:
        admitting.admit(token)
    assert refused.value.code == "key-unknown"


def test_the_prefix_alone_is_not_enough(admitting: Admitting) -> None:
    """A key with another secret is unknown."""
    prefix = admitting.issue("example-provider", REPORT, YEAR).key.prefix
    with pytest.raises(Refused, match="no such key"):
        admitting.admit(f"{prefix}.{'A' * 43}")


def test_a_scope_that_was_not_given_is_refused(admitting: Admitting) -> None:
    """None allows another."""
    admitted = admitting.admit(admitting.issue("example-provider", REPORT, YEAR).token)
    with pytest.raises(Refused) as refused:
        admitted.require(Scope.KNOWN)
    assert refused.value.code == "scope-missing"


def test_a_key_expires(admitting: Admitting) -> None:
    """At its end, not after it."""
    token = admitting.issue("example-provider", REPORT, YEAR).token
    later(admitting, YEAR - timedelta(seconds=1)).admit(token)
    with pytest.raises(Refused) as refused:
        later(admitting, YEAR).admit(token)
    assert refused.value.code == "key-expired"


def test_a_revoked_key_opens_nothing(admitting: Admitting) -> None:
    """At once."""
    issued = admitting.issue("example-provider", REPORT, YEAR)
    admitting.revoke(issued.key.prefix)
    with pytest.raises(Refused) as refused:
        admitting.admit(issued.token)
    assert refused.value.code == "key-revoked"


def test_a_disabled_sender_has_no_key_that_opens(admitting: Admitting) -> None:
    """Nor can another be issued."""
    issued = admitting.issue("example-provider", REPORT, YEAR)
    admitting.disable_sender("example-provider")
    for attempt in (
        lambda: admitting.admit(issued.token),
        lambda: admitting.issue("example-provider", REPORT, YEAR),
        lambda: admitting.rotate(issued.key.prefix, timedelta()),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "sender-disabled"


def test_rotation_lets_both_keys_work_for_a_while(admitting: Admitting) -> None:
    """The new one is like the old one, which ends after the overlap."""
    old = admitting.issue("example-provider", REPORT | {Scope.KNOWN}, YEAR, sandbox=True)
    new = admitting.rotate(old.key.prefix, timedelta(hours=24))
    assert (new.key.scopes, new.key.sandbox) == (old.key.scopes, True)
    later(admitting, timedelta(hours=23)).admit(old.token)
    after = later(admitting, timedelta(hours=25))
    after.admit(new.token)
    with pytest.raises(Refused) as refused:
        after.admit(old.token)
    assert refused.value.code == "key-expired"


def test_rotation_never_lengthens_the_old_key(admitting: Admitting) -> None:
    """Its own end stands when it is nearer."""
    old = admitting.issue("example-provider", REPORT, timedelta(hours=1))
    admitting.rotate(old.key.prefix, timedelta(days=3))
    assert admitting.keys()[0].key.expires_at == NOW + timedelta(hours=1)


def test_every_change_is_recorded(admitting: Admitting) -> None:
    """Who may hand in is a fact of the log."""
    issued = admitting.issue("example-provider", REPORT, YEAR)
    admitting.rotate(issued.key.prefix, timedelta())
    admitting.revoke(issued.key.prefix)
    admitting.disable_sender("example-provider")
    with admitting.store.reading() as unit:
        events = [record.event for record in unit.custody.records() if record.event]
    assert [(event.subject, event.details["step"]) for event in events] == [
        ("sender:1", "added"),
        ("key:1", "issued"),
        ("key:2", "rotated"),
        ("key:1", "revoked"),
        ("sender:1", "disabled"),
    ]


def test_what_is_recorded_twice_is_recorded_once(admitting: Admitting) -> None:
    """Revoking and disabling again change nothing."""
    prefix = admitting.issue("example-provider", REPORT, YEAR).key.prefix
    for _ in range(2):
        admitting.revoke(prefix)
        admitting.disable_sender("example-provider")
    with admitting.store.reading() as unit:
        assert len(list(unit.custody.records())) == 4


def test_names_are_unique_and_plain(admitting: Admitting) -> None:
    """They stand in case references and on pages."""
    with pytest.raises(Conflict):
        admitting.add_sender("example-provider", SenderKind.HOTLINE, "NL", LEGAL)
    for name, country in (("", "TH"), ("a/b", "TH"), ("a", "th"), ("a", "THA")):
        with pytest.raises(Refused):
            admitting.add_sender(name, SenderKind.HOTLINE, country, LEGAL)


def test_a_sender_needs_a_lawful_basis(admitting: Admitting) -> None:
    """Nothing may be held without one."""
    with pytest.raises(Refused) as refused:
        admitting.add_sender("other", SenderKind.HOTLINE, "NL", Legal(" "))
    assert refused.value.code == "basis-missing"


def test_a_key_needs_scopes_and_an_end(admitting: Admitting) -> None:
    """And a sender that is there."""
    for scopes, lasts in ((frozenset[Scope](), YEAR), (REPORT, timedelta()), (REPORT, timedelta(days=10_000))):
        with pytest.raises(Refused):
            admitting.issue("example-provider", scopes, lasts)
    with pytest.raises(NotFound):
        admitting.issue("nobody", REPORT, YEAR)
    with pytest.raises(NotFound):
        admitting.revoke("nothing")
