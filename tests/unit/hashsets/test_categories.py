"""Categories and their schemes."""

from __future__ import annotations

import pytest

from hashsets.categories import is_test_class, scheme_and_grade


@pytest.mark.parametrize(
    ("category", "parts"),
    [
        ("us:1", ("us", "1")),
        (" US : 1 ", ("us", "1")),
        ("Baseline", ("", "baseline")),
        ("", ("", "")),
        ("a:b:c", ("a:b", "c")),
    ],
)
def test_a_scheme_stands_before_the_last_colon(category: str, parts: tuple[str, str]) -> None:
    """Without regard to case; a bare word has none."""
    assert scheme_and_grade(category) == parts


@pytest.mark.parametrize(
    ("category", "expected"),
    [("test", True), ("arachnid:TEST", True), ("testing", False), ("test:1", False), ("us:1", False), (None, False)],
)
def test_test_classes_are_known_in_any_scheme_and_case(category: str | None, expected: bool) -> None:
    """The grade counts, not the scheme."""
    assert is_test_class(category) is expected


def test_test_classes_can_be_named() -> None:
    """What a source of yours calls them."""
    assert is_test_class("Probe", ("probe", "Trial"))
    assert is_test_class("x:trial", ("probe", "Trial"))
    assert not is_test_class("test", ("probe",))
