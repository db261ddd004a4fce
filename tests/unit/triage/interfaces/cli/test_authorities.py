"""`triage authority …`, `triage preservation list`, and the terms of a submission, at the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reported import NOT_VIEWED, FinishedReports, account, address, subject
from tests.unit.triage.stored import NOW, Scene
from triage.bootstrap import open_application
from triage.domain.jobs import Stage
from triage.settings import load_settings
from triage.store.unit_of_work import Store

Triage = Callable[..., Any]
WARRANT = (
    "--kind",
    "warrant",
    "--reference",
    "W 1/2026",
    "--person",
    "A judge",
    "--given-at",
    "2026-03-16T09:00+07:00",
)


@pytest.fixture
def store(deployment: Triage, tmp_path: Path) -> Iterator[Store]:
    """The database of this test's deployment."""
    assert deployment("status").status == 0
    application = open_application(load_settings(data=tmp_path / "deployment"))
    yield application.store
    application.close()


@pytest.fixture
def reported(store: Store) -> int:
    """A report with two files that nobody at its sender opened, an address and an account of its subject."""
    parties = subject(address("192.0.2.1", 4711, NOW, "TH"), account("Some\x1b[2Jbody"))
    return FinishedReports(store).report(parties, files=[("a", NOT_VIEWED), ("b", NOT_VIEWED)])


class TestAuthority:
    """`triage authority record | withdraw | list | gate`."""

    def test_from_shut_to_open_and_back(self, deployment: Triage, reported: int) -> None:
        """Each step is one document, and `status` counts."""
        shut = deployment("authority", "gate", "I-1", "--json").document
        assert (shut["may_render"], shut["code"], shut["on_strength_of"]) == (False, "not-viewed", None)
        assert shut["submissions"] == [f"S-{reported}"]
        assert deployment("status", "S-1", "--json").document["do_not_render"] == 2
        made = deployment("authority", "record", "S-1", *WARRANT, "--item", "I-1", "--json").document
        assert (made["authority"], made["item"], made["given_at"]) == ("A-1", "I-1", "2026-03-16T02:00:00+00:00")
        assert deployment("status", "S-1", "--json").document["do_not_render"] == 1
        open_ = deployment("authority", "gate", "1", "--submission", "S-1", "--json").document
        assert (open_["may_render"], open_["on_strength_of"], open_["authority"]) == (True, "S-1", "A-1")
        ended = deployment("authority", "withdraw", "A-1", "--because", "Quashed", "--json").document
        assert ended["withdrawn_because"] == "Quashed"
        assert deployment("authority", "gate", "I-1", "--json").document == shut
        assert deployment("authority", "list", "S-1", "--json").document == [ended]
        assert deployment("authority", "list", "--json").document == [ended]

    def test_in_words(self, deployment: Triage, reported: int) -> None:
        """What a person reads says what it covers and why."""
        assert "Do not render: nobody at the sender opened it" in deployment("authority", "gate", "I-1").out
        assert "A-1 is recorded for S-1." in deployment("authority", "record", f"S-{reported}", *WARRANT).out
        assert "Authority A-1 is recorded for it in S-1." in deployment("authority", "gate", "I-2").out
        assert "W 1/2026" in deployment("authority", "list").out
        assert "is withdrawn, for S-1" in deployment("authority", "withdraw", "1", "--because", "Quashed").out
        assert "Quashed" in deployment("authority", "list", "S-1").out

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (("record", "S-9", *WARRANT), 4, "no-submission"),
            (("record", "S-1", *WARRANT, "--item", "I-9"), 4, "item-not-in-submission"),
            (("record", "S-1", *WARRANT[:-1], "2026-03-16"), 3, "authority-incomplete"),
            (("record", "S-1", *WARRANT[:-1], "yesterday"), 3, "time-invalid"),
            (("withdraw", "A-1", "--because", "Quashed"), 4, "no-authority"),
            (("list", "S-9"), 4, "no-submission"),
        ],
    )
    @pytest.mark.usefixtures("reported")
    def test_what_is_refused(self, deployment: Triage, words: tuple[str, ...], status: int, code: str) -> None:
        ran = deployment("authority", *words, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (status, code)

    @pytest.mark.usefixtures("reported")
    def test_a_kind_that_is_none_is_wrong_usage(self, deployment: Triage) -> None:
        assert deployment("authority", "record", "S-1", "--kind", "hunch", *WARRANT[2:]).status == 2


class TestPages:
    """What other commands show of reports and law."""

    @pytest.mark.usefixtures("reported")
    def test_what_is_to_be_preserved(self, deployment: Triage) -> None:
        """What ended too long ago only with --all: these captures are of a day long past."""
        found = deployment("preservation", "list", "--all", "--json").document
        assert [(one["holder_kind"], one["identifier"], one["submission"]) for one in found] == [
            ("traffic-data", "192.0.2.1 port 4711", "S-1"),
            ("report-content", "1", "S-1"),
        ]
        assert "192.0.2.1 port 4711" in deployment("preservation", "list", "--all").out
        assert len(deployment("preservation", "list", "--limit", "1", "--all", "--json").document) == 1

    def test_the_page_of_a_referral(self, deployment: Triage, store: Store, reported: int) -> None:
        """Counts, the subject's identifiers made harmless, what is not to be rendered, the terms."""
        Scene(store).owe(Stage.REFER, reported)
        assert deployment("work", "--threads", "1", "--json").status == 0
        page = deployment("referrals", "show", "R-1", "--json").document
        assert page["legal"]["do_not_render"] == 2
        assert [one["item"] for one in page["legal"]["shut"]] == ["I-1", "I-2"]
        assert page["reported"]["counts"]["viewed"] == {"yes": 0, "no": 2, "unknown": 0}
        assert (page["reported"]["facts"]["accounts"], page["reported"]["facts"]["ips_with_port"]) == (1, 1)
        assert [one["kind"] for one in page["reported"]["identifiers"]] == ["account", "ip"]
        assert page["preservation_counts"] == {"report-content": 1, "traffic-data": 1}
        assert page["preservation"][0]["holder"]
        shown = deployment("referrals", "show", "R-1").out
        assert "Some\\x1b[2Jbody" in shown
        assert "may be shared with TH, US" in shown
        assert "Do not render: 2" in shown
        assert "192.0.2.1 port 4711" in shown
        assert "may be shared with TH, US" in deployment("status", "S-1").out
        assert "Do not render: 2 items" in deployment("status", "S-1").out

    def test_terms_of_a_seizure(self, deployment: Triage, tmp_path: Path) -> None:
        """As they are stated; run again with others it is refused, like another basis."""
        (tmp_path / "a").write_bytes(b"text")
        submit = ("submit", tmp_path / "a", "--case", "C", "--exhibit", "E", "--basis", "Synthetic warrant")
        terms = ("--share", "TH", "--share", "Agency One", "--handling", "H3")
        assert deployment(*submit, *terms, "--json").status == 0
        found = deployment("status", "S-1", "--json").document
        assert (found["origin"], found["handling"]) == ("seizure", ["H3"])
        assert found["may_share_with"] == ["Agency One", "TH"]
        assert found["do_not_render"] == 0
        again = deployment(*submit, "--json")
        assert (again.status, again.document["error"]["code"]) == (3, "delivery-differs")
        page = tmp_path / "page.html"
        assert deployment("report", "S-1", "-o", page, "--to", "LA", "--json").status == 3
        assert not page.exists()
        assert deployment("report", "S-1", "-o", page, "--to", "TH", "--json").status == 0
