"""Numbers, dates and sentences in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tools.sentences import missing
from triage.interfaces.web.language import COMPLETE, FOLDER, NAMES, Speaking, sentences

NOON = datetime(2026, 11, 26, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize("language", [one for one in COMPLETE if one != "en"])
def test_every_sentence_is_translated(language: str) -> None:
    assert missing(language) == []


@pytest.mark.parametrize("language", [one for one in NAMES if one != "en"])
def test_no_translation_loses_or_invents_a_placeholder(language: str) -> None:
    import re  # noqa: PLC0415 - for this test alone

    found = sentences(language)._found
    for message, words in found.items():
        holes = set(re.findall(r"%\(\w+\)s|\{\w+\}", message))
        for word in words:
            assert set(re.findall(r"%\(\w+\)s|\{\w+\}", word)) == holes, message


def test_thai_counts_years_of_the_buddhist_era() -> None:
    assert Speaking("th", "Asia/Bangkok").day(date(2026, 11, 26)) == "26 พ.ย. 2569"
    assert Speaking("en", "Asia/Bangkok").day(date(2026, 11, 26)) == "26 Nov 2026"


def test_a_month_of_a_chart_is_of_the_readers_era_and_a_decade_is_of_none() -> None:
    assert [Speaking("th").period(one) for one in ("2026-11", "2026", "2020s")] == ["2569-11", "2569", "2020s"]
    assert Speaking("en").period("2026-11") == "2026-11"


def test_a_moment_is_told_in_the_readers_zone_and_a_cameras_own_clock_as_it_stands() -> None:
    bangkok = Speaking("en", "Asia/Bangkok")
    assert bangkok.moment(NOON) == "26 Nov 2026 19:05"
    assert bangkok.moment(NOON.replace(tzinfo=None)) == "26 Nov 2026 12:05"


def test_a_day_is_the_readers_day() -> None:
    late = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    assert Speaking("th", "Asia/Bangkok").day(late) == "1 ม.ค. 2570"


def test_a_zone_that_nobody_knows_is_utc() -> None:
    for zone in ("Nowhere/Atall", "", "../../etc/passwd"):
        assert Speaking("en", zone).moment(NOON) == "26 Nov 2026 12:05"


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (1_500_000, "1.5 MB"), (3 * 10**12, "3 TB")]
)
def test_sizes_are_in_units_of_a_thousand(count: int, told: str) -> None:
    assert Speaking().size(count) == told


def test_a_language_without_a_catalogue_falls_back_sentence_by_sentence() -> None:
    vietnamese = sentences("vi")
    assert vietnamese.gettext("Queue") == "Queue"
    assert vietnamese.ngettext("%(num)s match", "%(num)s matches", 2) == "%(num)s matches"


def test_catalogues_are_there_for_every_language_that_is_offered() -> None:
    assert {path.stem for path in FOLDER.glob("*.po")} == set(NAMES) - {"en"}
