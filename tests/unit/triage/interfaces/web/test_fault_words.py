"""Every refusal that a page can meet is said in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from triage.interfaces.web.fault_words import SENTENCES, fault_told
from triage.interfaces.web.language import Speaking
from triage.services.accessing import SENTENCES as POLICY

TRIAGE = Path(__file__).parents[5] / "triage"
REVIEW = [
    *(TRIAGE / "services" / f"{name}.py" for name in ("claiming", "deciding", "revealing", "approving", "enrolling")),
    *(TRIAGE / "domain" / f"{name}.py" for name in ("decisions", "looks", "outcomes", "claims")),
    *(TRIAGE / "store" / f"{name}.py" for name in ("claims", "decisions")),
]
NOT_MET_ON_A_PAGE = {"time-zone", "no-look"}
"""An account's broken zone, which `people add` refuses; the end of a look, told to a script."""


@pytest.mark.parametrize("path", REVIEW, ids=lambda path: path.stem)
def test_every_code_that_review_refuses_with_has_words(path: Path) -> None:
    codes = set(re.findall(r'(?:Refused|Conflict|NotFound)\(\s*"([a-z-]+)"', path.read_text()))
    assert codes - NOT_MET_ON_A_PAGE <= set(SENTENCES)


def test_the_policys_codes_have_the_policys_words() -> None:
    assert {code: SENTENCES[code] for code in POLICY} == dict(POLICY)


def test_in_english_the_service_is_heard_itself() -> None:
    assert fault_told("claim-lost", "R-7 is not in your hands.", Speaking()) == "R-7 is not in your hands."


def test_in_thai_the_code_is_said() -> None:
    assert fault_told("look-break-due", "A break is due first.", Speaking("th")) == "ถึงเวลาพักก่อน"


def test_a_code_without_words_is_said_as_it_came() -> None:
    assert fault_told("no-such-code", "As it came.", Speaking("th")) == "As it came."
