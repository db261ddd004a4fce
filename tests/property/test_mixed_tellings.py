"""The same content told in many ways, by several senders, in any order: one item, nothing lost, no laxer gate.

Reports go through the real service, on SQLite. What should stand in the end is worked out from what was told alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from hashsets.vocabulary import Digest, DigestAlgorithm
from tests.reported import BOTH, Desk, report_of
from tests.unit.triage.stored import digests_of
from triage.domain.checkpoints import LogSigner
from triage.domain.findings import NoteCode
from triage.domain.items import ItemKind
from triage.domain.legal import Handling, Legal, Origin, Sharing, sharing_together
from triage.domain.legal_gate import HeldUnder, gate
from triage.domain.match_policy import MatchPolicy
from triage.domain.reports import FileFacts, Viewed
from triage.domain.senders import SenderKind
from triage.services.admitting import Admitted
from triage.services.coming_reports import GivenFile
from triage.services.matching import Matching
from triage.services.report_answers import ReportStatus
from triage.store.engine import open_engine
from triage.store.intake_tables import report as kept_report
from triage.store.intake_tables import reported_file
from triage.store.schema import upgrade_schema
from triage.store.tables import item, occurrence, processing_note, sealed_object, submission
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

CONTENTS = (b"made-up content one", b"made-up content two")
FORMS = ("md5", "sha1", "sha256", "sha1 md5", "sha256 sha1 md5", "bytes")
STRENGTH = (DigestAlgorithm.SHA256, DigestAlgorithm.SHA1, DigestAlgorithm.MD5)
TERMS = {
    "one": Legal("statute 1", ("TH", "KH"), (Handling.H0,)),
    "two": Legal("statute 2", ("KH", "th"), (Handling.H1, Handling.H2)),
    "three": Legal("statute 3", (), (Handling.H3,)),
}


@dataclass(frozen=True)
class Telling:
    """One file of one report. `lie`: beside the digests of its content the MD5 of other bytes."""

    content: int
    form: str
    viewed: Viewed
    name: str
    lie: bool = False

    @property
    def digests(self) -> tuple[Digest, ...]:
        ours, other = digests_of(CONTENTS[self.content]), digests_of(b"made-up other bytes")
        told = [Digest(DigestAlgorithm(one), getattr(ours, one)) for one in self.form.split() if one != "md5"]
        if "md5" in self.form:
            told.append(Digest(DigestAlgorithm.MD5, (other if self.is_lie else ours).md5))
        return tuple(told)

    @property
    def is_lie(self) -> bool:
        """A weaker digest only: whoever lies about the strongest tells of something else."""
        return self.lie and "md5" in self.form and self.form != "md5"

    @property
    def given(self) -> GivenFile:
        facts = FileFacts(name=self.name, viewed=self.viewed)
        if self.form == "bytes":
            return GivenFile(facts, CONTENTS[self.content])
        return GivenFile(FileFacts(name=self.name, viewed=self.viewed, digests=self.digests))

    @property
    def named(self) -> tuple[int, str]:
        """What its item goes by as long as nobody brings the bytes."""
        strongest = "sha256" if self.form == "bytes" else next(one for one in STRENGTH if one in self.form.split())
        return self.content, strongest


@dataclass(frozen=True)
class Told:
    """One report: from whom, its files, and whether it is let go of in the end."""

    sender: str
    files: tuple[Telling, ...]
    is_retracted: bool


@dataclass(frozen=True)
class Story:
    """Reports, and two orders of what happens to them: the first mention of one opens it, the second ends it.

    After the steps in `worked`, items are identified, as workers do when they come to it.
    """

    reports: tuple[Told, ...]
    order: tuple[int, ...]
    another: tuple[int, ...]
    worked: frozenset[int]


TELLINGS = st.builds(
    Telling,
    st.sampled_from(range(len(CONTENTS))),
    st.sampled_from(FORMS),
    st.sampled_from(Viewed),
    st.sampled_from(["a.jpg", "b.jpg", "c.jpg"]),
    st.booleans(),
)
REPORTS = st.lists(
    st.builds(
        Told,
        st.sampled_from(sorted(TERMS)),
        st.lists(TELLINGS, min_size=1, max_size=3).map(tuple),
        st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    reports = draw(REPORTS)
    steps = [number for number in range(len(reports)) for _ in range(2)]
    orders = st.permutations(steps).map(tuple)
    worked = st.frozensets(st.sampled_from(range(len(steps))))
    return Story(reports, draw(orders), draw(orders), draw(worked))


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp()) / "template.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


@contextmanager
def desk_of_its_own() -> Iterator[Desk]:
    """Services over an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        shutil.copyfile(_template(), path / "triage.sqlite3")
        signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        store = Store(open_engine(f"sqlite:///{path / 'triage.sqlite3'}"), signer, LogMirror.create(path / "witness"))
        yield Desk.over(store, path)
        store.close()


def senders(desk: Desk) -> dict[str, Admitted]:
    """Each with its own terms."""
    found = {}
    for name, legal in TERMS.items():
        desk.admitting.add_sender(name, SenderKind.PROVIDER, "TH", legal)
        found[name] = desk.sender(name, BOTH)
    return found


def identify(desk: Desk) -> None:
    """What the stage MATCH begins with, for every item."""
    matching = Matching(desk.store, desk.library, MatchPolicy("policy 1"), desk.clock, "tester@triage")
    with desk.store.reading() as unit:
        ids = list(unit.connection.execute(select(item.c.id).order_by(item.c.id)).scalars())
    matching.identify(ids)


def play(desk: Desk, reports: Sequence[Told], order: Sequence[int], worked: frozenset[int]) -> dict[int, str]:
    """Everything happens; the public ids of the finished reports by their number."""
    who, taking = senders(desk), desk.taking
    opened: dict[int, str] = {}
    finished: dict[int, str] = {}
    for step, number in enumerate(order):
        told = reports[number]
        if number not in opened:
            files = [one.given for one in told.files]
            [status] = taking.take([report_of(who[told.sender], *files, finish=False)])
            assert isinstance(status, ReportStatus), status
            opened[number] = status.public_id
        elif told.is_retracted:
            taking.retract(who[told.sender], opened[number])
        else:
            taking.finish(who[told.sender], opened[number])
            finished[number] = opened[number]
        if step in worked:
            identify(desk)
    taking.preparing.writers.close()
    identify(desk)
    return finished


@dataclass(frozen=True)
class Stands:
    """One item that stands in the end: what it goes by, its places by report and name, whether it is disputed."""

    kind: str
    name: tuple[str, str]
    digests: tuple[str | None, ...]
    places: tuple[tuple[int, str, str], ...]
    is_disputed: bool


def state(desk: Desk, finished: dict[int, str]) -> set[Stands]:
    """What stands, without the numbers that the database happened to give."""
    by_public = {public_id: number for number, public_id in finished.items()}
    with desk.store.reading() as unit:
        connection = unit.connection
        numbers = {
            row.submission_id: by_public[row.public_id]
            for row in connection.execute(select(kept_report).where(kept_report.c.submission_id.is_not(None)))
        }
        places: dict[int, list[tuple[int, str, str]]] = {}
        for row in connection.execute(select(occurrence)):
            places.setdefault(row.item_id, []).append((numbers[row.submission_id], row.path.decode(), row.viewed))
        is_code = processing_note.c.code == NoteCode.DIGESTS_DISAGREE
        disputed = set(connection.execute(select(processing_note.c.item_id).where(is_code)).scalars())
        standing = list(connection.execute(select(item).where(item.c.same_as.is_(None))))
        gone = set(connection.execute(select(item.c.id).where(item.c.same_as.is_not(None))).scalars())
    assert not gone & set(places), "a place that nobody finds any more"
    found = set()
    for row in standing:
        hexes = tuple(one and bytes(one).hex() for one in (row.sha256, row.sha1, row.md5))
        name = next((algorithm.value, one) for algorithm, one in zip(STRENGTH, hexes, strict=True) if one)
        is_stated = row.kind == ItemKind.STATED
        found.add(
            Stands(
                "stated" if is_stated else "held",
                name,
                hexes,
                tuple(sorted(places.get(row.id, ()))),
                row.id in disputed,
            )
        )
    assert len(found) == len(standing)
    return found


def expected_names(reports: Sequence[Told]) -> set[tuple[str, tuple[str, str]]]:
    """The items that must stand: one for each content whose bytes came, else one for each name that was told."""
    tellings = [one for told in reports if not told.is_retracted for one in told.files]
    held = {one.content for one in tellings if one.form == "bytes"}
    names = {("held", (one.content, "sha256")) if one.content in held else ("stated", one.named) for one in tellings}
    return {
        (kind, (algorithm, getattr(digests_of(CONTENTS[content]), algorithm).hex()))
        for kind, (content, algorithm) in names
    }


def claims(reports: Sequence[Told], content: int, numbers: Sequence[int], *, names: set[str]) -> list[HeldUnder]:
    """What the law is asked about: for each place what its sender says; the least, where one place is told twice."""
    least = (Viewed.NO, Viewed.UNKNOWN, Viewed.YES)
    places: dict[tuple[int, str], list[Viewed]] = {}
    for number in numbers:
        for one in reports[number].files:
            if one.content == content and one.named[1] in names:
                places.setdefault((number, one.name), []).append(one.viewed)
    return [
        HeldUnder(
            submission_id=number + 1,
            origin=Origin.PROVIDER,
            basis="",
            viewed=min(said, key=least.index),
        )
        for (number, _), said in places.items()
    ]


def check_law(desk: Desk, story: Story, finished: dict[int, str]) -> None:
    """The gate of each item, over all of its submissions and over each alone, is that of what was told of it."""
    with desk.store.reading() as unit:
        connection = unit.connection
        rows = connection.execute(select(kept_report.c.public_id, kept_report.c.submission_id)).all()
        submissions = {row.public_id: row.submission_id for row in rows}
        for row in connection.execute(select(item).where(item.c.same_as.is_(None))):
            content = next(
                number
                for number, data in enumerate(CONTENTS)
                if {row.sha256, row.sha1, row.md5} & set(map(bytes, _values(data)))
            )
            kind_names = {"sha256", "sha1", "md5"} if row.kind != ItemKind.STATED else {_name_of(row)}
            for asked in [list(finished), *([one] for one in finished)]:
                held = claims(story.reports, content, asked, names=kind_names)
                told = gate(row.id, held, [], desk.clock())
                ids = [submissions[finished[one]] for one in asked]
                found = unit.gates.of_item(row.id, ids, desk.clock())
                assert found.code == told.code, (asked, held)
                assert unit.gates.shut_count(ids, desk.clock()) >= (not told.may_render and bool(held))
        terms = [
            Sharing(tuple(row.may_share_with), tuple(map(Handling, row.handling)))
            for row in connection.execute(select(submission).order_by(submission.c.id))
        ]
    legals = [TERMS[story.reports[one].sender] for one in finished]
    together = sharing_together(terms)
    assert set(together.handling) == {code for one in legals for code in one.handling}
    for receiver in ("th", "kh"):
        named = [receiver in {name.casefold() for name in one.may_share_with} for one in legals]
        assert (receiver in {name.casefold() for name in together.may_share_with}) == (bool(named) and all(named))


def _values(data: bytes) -> tuple[bytes, ...]:
    made = digests_of(data)
    return made.sha256, made.sha1, made.md5


def _name_of(row: object) -> str:
    return next(one.value for one in STRENGTH if getattr(row, one.value))


def check_nothing_lost(desk: Desk, story: Story, finished: dict[int, str]) -> None:
    """Every file of a finished report has its item; nothing of another has one, and its bytes have no place."""
    with desk.store.reading() as unit:
        connection = unit.connection
        files = connection.execute(
            select(kept_report.c.public_id, reported_file.c.item_id, item.c.same_as)
            .join(kept_report, kept_report.c.id == reported_file.c.report_id)
            .outerjoin(item, item.c.id == reported_file.c.item_id)
        ).all()
        for row in files:
            assert (row.item_id is not None) == (row.public_id in finished.values())
            assert row.same_as is None
        held = {one.content for number in finished for one in story.reports[number].files if one.form == "bytes"}
        count = connection.execute(select(func.count()).select_from(sealed_object)).scalar_one()
        assert count == len(held)


NO, YES = Viewed.NO, Viewed.YES
EXAMPLES = 250 if "TRIAGE_TEST_LONG" in os.environ else 15


@pytest.mark.timeout(900)  # each example works two databases through
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(stories())
@example(  # one place told twice in one report, once as opened
    Story(
        (Told("one", (Telling(0, "md5", YES, "a.jpg"), Telling(0, "bytes", NO, "a.jpg")), is_retracted=False),),
        (0, 0),
        (0, 0),
        frozenset(),
    )
)
@example(
    Story(
        (Told("one", (Telling(0, "bytes", YES, "a.jpg"), Telling(0, "md5", NO, "a.jpg")), is_retracted=False),),
        (0, 0),
        (0, 0),
        frozenset(),
    )
)
@example(  # two stated items of one place turn out to be one
    Story(
        (
            Told("one", (Telling(0, "sha1", YES, "a.jpg"), Telling(0, "md5", NO, "a.jpg")), is_retracted=False),
            Told("two", (Telling(0, "bytes", Viewed.UNKNOWN, "b.jpg"),), is_retracted=False),
        ),
        (0, 0, 1, 1),
        (1, 0, 1, 0),
        frozenset(),
    )
)
@example(  # two tell two MD5s beside a SHA-1, and the bytes come before or after
    Story(
        (
            Told("one", (Telling(0, "sha1 md5", YES, "a.jpg"),), is_retracted=False),
            Told("two", (Telling(0, "sha1 md5", NO, "a.jpg", lie=True),), is_retracted=False),
            Told("three", (Telling(0, "bytes", NO, "b.jpg"),), is_retracted=False),
        ),
        (0, 0, 1, 1, 2, 2),
        (2, 2, 1, 0, 1, 0),
        frozenset(),
    )
)
def test_in_whatever_order_it_is_told(story: Story) -> None:
    """What stands is what was told, the law asks of all of it, and another order ends in the same."""
    with desk_of_its_own() as desk:
        finished = play(desk, story.reports, story.order, story.worked)
        first = state(desk, finished)
        assert {(one.kind, one.name) for one in first} == expected_names(story.reports)
        check_nothing_lost(desk, story, finished)
        check_law(desk, story, finished)
    with desk_of_its_own() as desk:
        second = state(desk, play(desk, story.reports, story.another, frozenset()))
    assert first == second
