"""Why rules tie things together, in the reader's language: taken from the very sentences that the rules write."""

from __future__ import annotations

import re

import pytest

from triage.domain.grounds import Overlap, grounds
from triage.domain.links import LinkKind, same_archive, too_common
from triage.interfaces.web.language import Speaking
from triage.interfaces.web.retold import because_told, history_told
from triage.rule_files import load_link_rules

THAI, ENGLISH = Speaking("th", "Asia/Bangkok"), Speaking("en", "Asia/Bangkok")
RULES = load_link_rules()
LATIN = re.compile(r"[A-Za-z]{2,}")
MANY, ONE = 900, 1


def ties() -> list[str]:
    """Each sentence that a ground writes, for one thing and for many, and those of traits."""
    told = []
    for count in (ONE, MANY):
        overlap = Overlap(
            same_case=True,
            camera_bodies=count,
            unmatched_contents=count,
            widespread=count,
            known_contents=count,
            look_alikes=count,
            occasions=count,
            archives=count,
        )
        told += [one.because for one in grounds(overlap, RULES.joining)]
    common = too_common(LinkKind.SAME_ARCHIVE, 10**9, RULES)
    return [*told, same_archive(7).because, common or ""]


@pytest.mark.parametrize("sentence", ties())
def test_every_ground_is_told_in_thai_and_loses_no_number(sentence: str) -> None:
    told = because_told(sentence, THAI)
    assert not LATIN.search(told), told
    assert sorted(re.findall(r"\d[\d,]*", told)) == sorted(re.findall(r"\d[\d,]*", sentence))
    assert because_told(sentence, ENGLISH) == sentence


def test_a_place_and_time_is_told_with_the_year_of_the_reader() -> None:
    written = "Within about 200 m of 9.5144, 102.3134 and 1 h of 2026-11-21 14:30 UTC"
    assert (
        because_told(written, THAI) == "ภายในประมาณ 200 ม. จาก 9.5144, 102.3134 และ 1 ชม. จาก 21 พ.ย. 2569 14:30 UTC"
    )
    own = written.replace("UTC", "by the camera's clock, zone not stated")
    assert not LATIN.search(because_told(own, THAI))


def test_what_evidence_says_stays_as_it_is() -> None:
    """A camera's name with signs of a pattern in it is put into the sentence and nothing more."""
    written = "Same camera body: {count} MAKE, serial {0}\\1"
    assert because_told(written, THAI) == "ตัวกล้องเดียวกัน: {count} MAKE หมายเลขเครื่อง {0}\\1"
    assert because_told("Nothing that a rule wrote", THAI) == "Nothing that a rule wrote"


def test_a_look_alike_group_is_told_in_thai() -> None:
    assert because_told("All within 12 of 256 bits of I-114", THAI) == "ทุกรายการต่างจาก I-114 ไม่เกิน 12 จาก 256 บิต"


def test_a_line_of_history_tells_its_labels_and_its_grounds() -> None:
    details = {"plan": 3, "submissions": [1, 2], "because": ["1 camera body in both"]}
    assert history_told(details, ENGLISH) == "P-3, S-1, S-2; 1 camera body in both"
    assert history_told(details, THAI) == "P-3, S-1, S-2; ตัวกล้อง 1 รายการในทั้งสองฝ่าย"
