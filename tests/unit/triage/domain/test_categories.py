"""Category schemes: strict files, neutral words, and mappings that say so where there is none."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from triage.domain.categories import LANGUAGES, Schemes, parse_mappings, parse_scheme
from triage.domain.errors import Refused
from triage.rule_files import load_review_rules, load_schemes

WORDS = {"en": "Words", "th": "คำ"}
SCHEME: dict[str, Any] = {
    "words": WORDS,
    "set_scheme": "aa",
    "source": "made up",
    "confirmed": False,
    "category": [{"code": "one", "rank": 1, **WORDS}, {"code": "lawful", "rank": 0, **WORDS}],
}
MAPPING: dict[str, Any] = {
    "mapping": [
        {
            "from": "a",
            "to": "b",
            "source": "made up",
            "confirmed": False,
            "codes": {"one": "one", "lawful": "none"},
        }
    ]
}


def changed(values: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    copied = copy.deepcopy(values)
    place = copied
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return copied


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("source",), None),
        (("confirmed",), "no"),
        (("nonsense",), 1),
        (("words", "th"), None),
        (("category", 0, "code"), "One Two"),
        (("category", 0, "code"), "none"),
        (("category", 0, "code"), "lawful"),
        (("category", 0, "rank"), 10),
        (("category", 0, "en"), "w" * 121),
        (("category", 0, "en"), "a\nb"),
        (("category", 1, "rank"), 2),
    ],
)
def test_a_scheme_is_read_strictly(path: tuple[Any, ...], to: Any) -> None:
    """One fault anywhere refuses the file, by the key's path."""
    parse_scheme("a", SCHEME)
    with pytest.raises(ValueError, match="a"):
        parse_scheme("a", changed(SCHEME, *path, to=to))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("mapping", 0, "codes", "lawful"), None),
        (("mapping", 0, "codes", "other"), "one"),
        (("mapping", 0, "codes", "one"), "nowhere"),
        (("mapping", 0, "to"), "nowhere"),
        (("mapping",), [*MAPPING["mapping"], *MAPPING["mapping"]]),
    ],
)
def test_a_mapping_says_something_of_every_code(path: tuple[Any, ...], to: Any) -> None:
    """Nothing is left to guess."""
    schemes = [parse_scheme(name, SCHEME) for name in ("a", "b")]
    (mapping,) = parse_mappings(MAPPING, schemes)
    assert mapping.codes == {"one": "one", "lawful": None}
    with pytest.raises(ValueError, match="mapping"):
        parse_mappings(changed(MAPPING, *path, to=to), schemes)


def test_no_mapping_is_no_category() -> None:
    """Neither where a table says none, nor where there is no table."""
    schemes = {name: parse_scheme(name, SCHEME) for name in ("a", "b")}
    both = Schemes(schemes, parse_mappings(MAPPING, list(schemes.values())))
    assert both.mapped("a", "one", "b") == "one"
    assert both.mapped("a", "lawful", "b") is None
    assert both.mapped("b", "one", "a") is None
    assert both.mapped("a", "one", "a") == "one"
    with pytest.raises(Refused):
        both.scheme("c")
    with pytest.raises(Refused):
        schemes["a"].category("two")


def test_a_hash_sets_category_is_read_in_its_own_scheme() -> None:
    """A word without a scheme, or of another, says nothing here."""
    schemes = Schemes({"a": parse_scheme("a", SCHEME)}, ())
    found = schemes.of_hash_set("AA:One")
    assert found
    assert (found[0].name, found[1]) == ("a", "one")
    assert [schemes.of_hash_set(said) for said in ("one", "bb:one", "aa:two", "")] == [None] * 4


class TestShipped:
    def test_the_shipped_schemes_are_whole(self) -> None:
        """Five schemes, both languages, each with its source, none of them confirmed by us."""
        shipped = load_schemes()
        assert sorted(shipped.schemes) == ["interpol-baseline", "ncmec", "thai-penal-code", "uk-abc", "universal"]
        for scheme in shipped.schemes.values():
            assert not scheme.confirmed
            assert all(set(one.words) == set(LANGUAGES) for one in scheme.categories)
        assert not any(mapping.confirmed for mapping in shipped.mappings)
        shipped.scheme(load_review_rules().scheme)

    def test_its_words_describe_nothing(self) -> None:
        """Legal words only: none of the words by which content is described."""
        told = " ".join(
            " ".join((scheme.words["en"], scheme.source, *(one.words["en"] for one in scheme.categories)))
            for scheme in load_schemes().schemes.values()
        ).lower()
        words = set(re.findall(r"[a-z]+", told))
        assert not words & {"penetrative", "nude", "infant", "toddler", "explicit", "genital", "prepubescent"}

    def test_the_second_readers_categories_exist(self) -> None:
        """A misspelt one would ask nobody."""
        rules = load_review_rules()
        codes = {one.code for one in load_schemes().scheme(rules.scheme).categories}
        assert rules.second_reader <= codes
