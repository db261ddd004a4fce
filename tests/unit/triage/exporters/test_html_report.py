"""The report is one safe, complete and accessible page."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest

from hashsets.vocabulary import Basis, SetKind
from triage.domain.items import Outcome
from triage.domain.match_policy import SHIPPED_RULES, Action, Agreement, MatchPolicy, Nearness, Rule, Transforms
from triage.domain.merkle import HASH_SIZE
from triage.exporters.dossier import CameraUse, Method, SubmissionDossier
from triage.exporters.html_report import ROWS_SHOWN, render_report

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=y>{{ 7*7 }}&\u202egnp.\x00\u200b"
VOID = {"meta", "link", "br", "hr", "line", "rect", "circle", "img", "input"}


class Page(HTMLParser):
    """Collects elements with attributes, the text inside some, and complains about crossed tags."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: dict[str, list[str]] = {}
        self.children: list[tuple[str, str]] = []  # (parent, element)
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.children.append((self.open[-1] if self.open else "", tag))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.words.setdefault(self.open[-1], []).append(data.strip())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def _page(dossier: SubmissionDossier) -> str:
    return render_report(dossier).decode("utf-8")


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


def _poisoned(value: Any) -> Any:
    """The same value with every string in it hostile; enumerations, times and roots stay."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(_poisoned(one) for one in value)
    if isinstance(value, dict):
        return {_poisoned(key): _poisoned(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and type(value).__name__ not in {"Checkpoint", "Rule"}:
        return replace(value, **{one.name: _poisoned(getattr(value, one.name)) for one in fields(value)})
    return value


@pytest.fixture(params=["full", "empty", "poisoned"])
def any_dossier(
    request: pytest.FixtureRequest, full_dossier: SubmissionDossier, empty_dossier: SubmissionDossier
) -> SubmissionDossier:
    """Every kind of dossier."""
    poisoned: SubmissionDossier = _poisoned(full_dossier)
    return {"full": full_dossier, "empty": empty_dossier, "poisoned": poisoned}[request.param]


def test_the_page_is_well_formed(any_dossier: SubmissionDossier) -> None:
    """Every element that opens closes, in order, whatever the values hold."""
    page = Page(_page(any_dossier))
    assert not page.open
    assert page.count("html") == page.count("main") == page.count("h1") == 1


def test_nothing_is_fetched_run_or_embedded(any_dossier: SubmissionDossier) -> None:
    """No scripts, no pictures, no addresses: only links within the page."""
    page = Page(_page(any_dossier))
    forbidden = {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "base",
        "image",
        "use",
        "a11y",
    }
    assert not forbidden & {tag for tag, _ in page.elements}
    for tag, attributes in page.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style", "data"}
        ]
        assert (attributes.get("href") or "#").startswith("#"), tag


def test_an_ordinary_page_holds_no_address_at_all(full_dossier: SubmissionDossier) -> None:
    """Not even in the style sheet or in text."""
    page = _page(full_dossier)
    for forbidden in ("http:", "https:", "data:", "url(", "@import", "<img", "<script", "javascript:"):
        assert forbidden not in page


def test_the_policy_of_the_page_forbids_everything_but_its_own_style(any_dossier: SubmissionDossier) -> None:
    """Should a value ever slip through, the browser still refuses to run or fetch."""
    policies = [a for tag, a in Page(_page(any_dossier)).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert [policy["content"] for policy in policies] == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_hostile_text_is_shown_and_not_obeyed(full_dossier: SubmissionDossier) -> None:
    """Every string of the dossier arrives escaped, as often as it arrived when harmless."""
    page = _page(_poisoned(full_dossier))
    assert page.count("&lt;script&gt;alert(1)") > 30
    assert "{{ 7*7 }}" in page
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "\u200b" not in page


def test_text_that_is_no_unicode_does_not_stop_a_report(empty_dossier: SubmissionDossier) -> None:
    """A lone surrogate, as undecodable bytes become, turns into the replacement character."""
    heading = replace(empty_dossier.heading, case_ref="case \udce9")
    assert "case \ufffd" in _page(replace(empty_dossier, heading=heading))


def test_thai_text_is_kept(full_dossier: SubmissionDossier) -> None:
    """References and camera names in Thai come through unchanged."""
    page = _page(full_dossier)
    assert "คดีตัวอย่าง" in page
    assert "กล้องตัวอย่าง" in page


def test_the_same_dossier_gives_the_same_bytes(full_dossier: SubmissionDossier) -> None:
    """A report can be made again and compared."""
    assert render_report(full_dossier) == render_report(full_dossier)


def test_tables_and_drawings_are_explained(full_dossier: SubmissionDossier) -> None:
    """Each table has a caption and headed columns, each drawing a title and a description that it points to."""
    page = Page(_page(full_dossier))
    assert page.children.count(("table", "caption")) == page.count("table") > 8
    assert all(attributes.get("scope") for tag, attributes in page.elements if tag == "th")
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(drawings) == 4
    assert len(identifiers) == len(set(identifiers))
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert set((drawing["aria-labelledby"] or "").split()) <= set(identifiers)
    assert page.children.count(("svg", "desc")) == 4


def test_links_within_the_page_lead_somewhere(any_dossier: SubmissionDossier) -> None:
    """Every href names an id."""
    page = Page(_page(any_dossier))
    identifiers = {attributes.get("id") for _, attributes in page.elements}
    targets = {
        (attributes["href"] or "").removeprefix("#") for _, attributes in page.elements if "href" in attributes
    }
    assert targets <= identifiers


def test_the_answers_stand_in_one_table(full_dossier: SubmissionDossier) -> None:
    """Each answer with its count and share."""
    text = _text(_page(full_dossier))
    for line in ("Known 12 6.6 %", "Near known 20 11.0 %", "Unknown 124 68.1 %", "Known good 8 4.4 %"):
        assert line in text
    for line in ("Too poor to say 10 5.5 %", "Undecodable 6 3.3 %", "Archive 2 1.1 %"):
        assert line in text


def test_the_first_sentence_says_what_nobody_had_to_view(full_dossier: SubmissionDossier) -> None:
    """Known and known-good items, of all distinct items."""
    text = _text(_page(full_dossier))
    assert "20 of 182 items (11.0 %) were closed without anybody viewing them." in text
    assert "Left for people: 20 near known, 124 unknown, 10 too poor to say, 6 undecodable." in text


def test_one_closed_item_is_spoken_of_in_the_singular(full_dossier: SubmissionDossier) -> None:
    """Sentences agree with their numbers."""
    dossier = replace(full_dossier, closed_without_viewing=1, totals=replace(full_dossier.totals, items=1))
    assert "1 of 1 item (100 %) was closed without anybody viewing it." in _text(_page(dossier))


def test_a_referral_gives_its_reasons_in_order(full_dossier: SubmissionDossier) -> None:
    """By axis, in the order of the assessment, lowering reasons marked."""
    text = _text(_page(full_dossier))
    sentences = [reason.sentence for reason in full_dossier.referrals[0].assessment.reasons]
    positions = [text.index(sentence) for sentence in sentences]
    assert positions == sorted(positions)
    assert "circulating jokes (lowers it)" in text
    assert "206 items from 2 submissions: S-1 , S-2 ." in text
    assert "may delete from 2026-06-10 on" in text


def test_matches_that_no_longer_hold_are_shown_apart(
    full_dossier: SubmissionDossier, empty_dossier: SubmissionDossier
) -> None:
    """With release, entry, time and reason: an earlier report may have counted them."""
    page = _page(full_dossier)
    assert "2 earlier matches do not count any more" in page
    assert "rel-7a1200" in page
    assert "no release in force lists it any more" in page
    assert "1 earlier match does not" in _page(replace(full_dossier, ended_count=1))
    assert "no longer hold" not in _page(empty_dossier)


def test_the_largest_come_first_and_a_cut_says_so(full_dossier: SubmissionDossier) -> None:
    """Ten thousand cameras do not make a page of ten thousand rows, and the page does not pretend."""
    cameras = tuple(CameraUse("SynthCam", f"M-{number}", None, number + 1) for number in range(ROWS_SHOWN + 7))
    page = _page(replace(full_dossier, cameras=cameras))
    assert f"The {ROWS_SHOWN} largest of {ROWS_SHOWN + 7} are shown." in page
    assert "M-56</bdi>" in page
    assert "M-6</bdi>" not in page
    assert page.index("M-56</bdi>") < page.index("M-7</bdi>")


def test_times_keep_their_offset(full_dossier: SubmissionDossier) -> None:
    """The unit's own time with its offset; a camera's clock without one."""
    text = _text(_page(full_dossier))
    assert "2026-03-16 15:02 UTC+07:00" in text
    assert "2026-03-16 09:45 UTC" in text
    assert "2025-12-27 16:30 2026-03-12 16:30" in text


def test_an_offset_of_half_an_hour_is_written_out(empty_dossier: SubmissionDossier) -> None:
    """Offsets are not whole hours everywhere."""
    received = datetime(2026, 1, 1, 8, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    page = _page(replace(empty_dossier, heading=replace(empty_dossier.heading, received_at=received)))
    assert "2026-01-01 08:00 UTC+05:30" in page


def test_the_custody_checkpoint_is_named(full_dossier: SubmissionDossier) -> None:
    """Size and root of the log at the moment of the report."""
    text = _text(_page(full_dossier))
    assert "1,204 records" in text
    assert bytes(range(HASH_SIZE)).hex() in text


def test_an_empty_dossier_says_what_is_missing(empty_dossier: SubmissionDossier) -> None:
    """No set enabled and no match are different answers."""
    text = _text(_page(empty_dossier))
    assert "Nothing has been received under this submission yet." in text
    assert "No hash set was enabled, so nothing could be known, near or known good." in text
    assert "no checkpoint yet" in text
    assert "still being received" in text


def test_the_releases_that_were_asked_are_listed(full_dossier: SubmissionDossier) -> None:
    """Set, kind, release and entries, so that the result can be repeated."""
    text = _text(_page(full_dossier))
    for release in full_dossier.method.releases:
        kind = "known good" if release.kind is SetKind.KNOWN_GOOD else "known"
        assert f"{release.set_name} {kind} {release.release_id}" in text
    assert "at most 31 of 256 bits." in text
    assert "For the set synthetic-near : 24 bits, turned 24, quality 50." in text


def test_what_matches_may_do_and_by_which_values_is_said(full_dossier: SubmissionDossier) -> None:
    """The policy in force, its rules in their order, and what turned or poor pictures need."""
    near = Nearness(reach_when_turned=20)
    rule = Rule("five", Basis.EXACT, SetKind.KNOWN, Action.REFER, "a-set", "us:5", "a-tag")
    policy = MatchPolicy("v", near=near, agreement=Agreement(required_from=16), rules=(rule, *SHIPPED_RULES))
    text = _text(_page(replace(full_dossier, method=Method(policy))))
    assert "turned ones within 20 bits" in text
    assert "80 % or more in two of 32 grey levels" in text
    assert "They must from 16 bits of PDQ on, too." in text
    first = text.index("five : exact matches of known sets, set a-set , category us:5 , tag a-tag : for a person")
    assert first < text.index("exact-known : exact matches of known sets: closed without viewing")
    upright = replace(policy, near=Nearness(transforms=Transforms.IDENTITY))
    assert "not turned or mirrored" in _text(_page(replace(full_dossier, method=Method(upright))))


def test_near_matches_that_were_held_back_are_counted_with_their_reason(full_dossier: SubmissionDossier) -> None:
    """Nothing that was near goes unsaid because it did not count."""
    text = _text(_page(full_dossier))
    assert "little information in the picture 12" in text


def test_sets_that_contradict_each_other_are_shown_as_disputed(full_dossier: SubmissionDossier) -> None:
    """What each says, its kind with it, and of how many items."""
    text = _text(_page(full_dossier))
    assert "synthetic-known (known): us:1 synthetic-other (known): us:2 3" in text
    assert "synthetic-good (known good): not stated synthetic-known (known): us:1 1" in text


def test_what_cannot_be_compared_is_said_of_each_release(full_dossier: SubmissionDossier) -> None:
    """Nobody may take silence about such entries for an answer."""
    assert (
        "Release rel-8f21aa lists 8,000 photodna values, which this program cannot compare; "
        "120 of its entries have nothing else that could be found."
    ) in _text(_page(full_dossier))


def test_huge_numbers_and_shares_stay_honest(full_dossier: SubmissionDossier) -> None:
    """One of a million is not 0 %, and all but one are not 100 %."""
    outcomes = {Outcome.UNKNOWN: 999_999, Outcome.KNOWN: 1}
    totals = replace(full_dossier.totals, items=1_000_000, bytes=7_300_000_000_000)
    text = _text(_page(replace(full_dossier, outcomes=outcomes, totals=totals)))
    assert "Known 1 under 0.1 %" in text
    assert "Unknown 999,999 over 99.9 %" in text
    assert "7.3 TB" in text


def test_impossible_camera_times_do_not_stop_a_report(full_dossier: SubmissionDossier) -> None:
    """A camera may claim the year 1 or 9999."""
    captured = {datetime(1, 1, 1, tzinfo=UTC).date(): 1, datetime(9999, 12, 1, tzinfo=UTC).date(): 2}
    camera = CameraUse("SynthCam", "M", None, 1, datetime(1, 1, 1, 0, 0), datetime(9999, 12, 31, 23, 59))  # noqa: DTZ001  # a camera's clock
    page = Page(_page(replace(full_dossier, captured=captured, cameras=(camera,))))
    assert not page.open


def test_the_page_says_where_it_is_from_and_what_may_be_done_with_it(full_dossier: SubmissionDossier) -> None:
    """Handling codes in words, and for whom it may leave the house."""
    text = _text(_page(full_dossier))
    assert "reported by a provider" in text
    assert "H1: not for judicial proceedings without the owner's permission" in text.replace("&#39;", "'")
    assert "TH , &lt;i&gt;Agency&lt;/i&gt;" in text
    named = replace(full_dossier, heading=replace(full_dossier.heading, receiver="TH"))
    assert "made for TH" in _text(_page(named))


def test_terms_that_nobody_stated_allow_nothing(empty_dossier: SubmissionDossier) -> None:
    text = _text(_page(empty_dossier))
    assert "May be shared with nobody" in text


def test_what_a_report_says_is_counted(full_dossier: SubmissionDossier, empty_dossier: SubmissionDossier) -> None:
    """Viewed or not, the sender's own words, what points to somebody, what is to be preserved; nought is left out."""
    text = _text(_page(full_dossier))
    assert "Do not render: 3 items" in text
    assert "opened by nobody at the sender 2" in text
    assert "ncmec:B2 1" in text
    assert "circulating joke 2" in text
    assert "Accounts 4" in text
    assert "E-mail addresses" not in text
    assert "enticement, material held, made or passed on" in text
    assert "may delete from 2026-06-10 on" in text
    assert "Traffic data 3" in text
    assert "What the report says" not in _text(_page(empty_dossier))
    assert "Do not render" not in _text(_page(empty_dossier))
