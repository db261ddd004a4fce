"""Category schemes as data: short legal words for what a decision says, and what one scheme's word is in another.

A category is a code, a rank and a few neutral words in each language; never a description. Every file says whether
somebody competent has confirmed its words (`confirmed`): until then pages show that they are unconfirmed. A mapping
says for each code of one scheme which code of another it is, or "none"; what no mapping says is not known either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import Refused
from .tables import Table, edition_of

NO_MAPPING = "none"
LANGUAGES = ("en", "th")
_CODE = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Category:
    """One answer of a scheme. Rank 0: nothing unlawful; then the higher the graver. `words` by language."""

    code: str
    rank: int
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme, its categories in the order of the file. `set_scheme` is its name within hash sets, or ""."""

    name: str
    words: Mapping[str, str]
    set_scheme: str
    source: str
    confirmed: bool
    categories: tuple[Category, ...]
    edition: str

    def category(self, code: str) -> Category:
        """Raises Refused `no-category`."""
        for one in self.categories:
            if one.code == code:
                return one
        raise Refused("no-category", "The scheme has no such category.")


@dataclass(frozen=True, slots=True)
class SchemeMapping:
    """From each code of one scheme to a code of another, or to None where there is no mapping."""

    from_scheme: str
    to_scheme: str
    codes: Mapping[str, str | None]
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Schemes:
    """All schemes and mappings of a deployment."""

    schemes: Mapping[str, Scheme]
    mappings: tuple[SchemeMapping, ...]

    def scheme(self, name: str) -> Scheme:
        """Raises Refused `no-scheme`."""
        if name not in self.schemes:
            raise Refused("no-scheme", "There is no such category scheme.")
        return self.schemes[name]

    def mapped(self, from_scheme: str, code: str, to_scheme: str) -> str | None:
        """The code in the other scheme; None where there is no mapping."""
        if from_scheme == to_scheme:
            return code
        for one in self.mappings:
            if (one.from_scheme, one.to_scheme) == (from_scheme, to_scheme):
                return one.codes.get(code)
        return None

    def of_hash_set(self, category: str) -> tuple[Scheme, str] | None:
        """What a hash set's category (`us:1`) says in a scheme of ours; None where it says nothing in any."""
        set_scheme, _, grade = category.casefold().rpartition(":")
        for scheme in self.schemes.values():
            is_named = bool(set_scheme) and scheme.set_scheme == set_scheme
            if is_named and any(one.code == grade for one in scheme.categories):
                return scheme, grade
        return None


def parse_scheme(name: str, values: Mapping[str, object]) -> Scheme:
    """One loaded file; `name` is the file's. Raises ValueError with the key's path."""
    root = Table(values, name)
    if not _CODE.fullmatch(name):
        raise ValueError(f"{name}: a scheme's name is lower-case letters, digits, dots and hyphens")
    scheme = Scheme(
        name=name,
        words=_words(root.table("words")),
        set_scheme=root.text("set_scheme") if root.has("set_scheme") else "",
        source=root.text("source"),
        confirmed=root.flag("confirmed"),
        categories=tuple(_category(table) for table in root.tables("category")),
        edition=edition_of(values),
    )
    root.refuse_the_rest()
    codes = [one.code for one in scheme.categories]
    if len(set(codes)) < len(codes):
        raise ValueError(f"{name}: a code is used twice")
    if not any(one.rank == 0 for one in scheme.categories):
        raise ValueError(f"{name}: a category of rank 0 is needed, for what falls under none")
    return scheme


def parse_mappings(values: Mapping[str, object], schemes: Sequence[Scheme]) -> tuple[SchemeMapping, ...]:
    """The mappings of a loaded file. Raises ValueError where a code is missing, unknown, or a pair stands twice."""
    by_name = {scheme.name: scheme for scheme in schemes}
    root = Table(values, "mappings")
    found = tuple(_mapping(table, by_name) for table in root.tables("mapping"))
    root.refuse_the_rest()
    pairs = [(one.from_scheme, one.to_scheme) for one in found]
    if len(set(pairs)) < len(pairs):
        raise ValueError("mappings: two schemes are mapped twice")
    return found


def _mapping(table: Table, schemes: Mapping[str, Scheme]) -> SchemeMapping:
    from_scheme, to_scheme = _named(table, "from", schemes), _named(table, "to", schemes)
    codes_table = table.table("codes")
    codes: dict[str, str | None] = {}
    for one in from_scheme.categories:
        target = codes_table.text(one.code)
        if target != NO_MAPPING and target not in {other.code for other in to_scheme.categories}:
            raise codes_table.refuse(one.code, f"{target!r} is no category of {to_scheme.name}")
        codes[one.code] = None if target == NO_MAPPING else target
    codes_table.refuse_the_rest()
    mapping = SchemeMapping(
        from_scheme.name, to_scheme.name, codes, source=table.text("source"), confirmed=table.flag("confirmed")
    )
    table.refuse_the_rest()
    return mapping


def _named(table: Table, key: str, schemes: Mapping[str, Scheme]) -> Scheme:
    name = table.text(key)
    if name not in schemes:
        raise table.refuse(key, f"there is no scheme {name!r}")
    return schemes[name]


def _category(table: Table) -> Category:
    code = table.text("code")
    if not _CODE.fullmatch(code) or code == NO_MAPPING:
        raise table.refuse("code", "lower-case letters, digits, dots and hyphens are needed")
    category = Category(code, table.integer("rank", 0, 9), _words(table))
    table.refuse_the_rest()
    return category


def _words(table: Table) -> dict[str, str]:
    words = {language: table.text(language) for language in LANGUAGES}
    for language, said in words.items():
        if len(said) > _LONGEST or not said.isprintable():
            raise table.refuse(language, f"at most {_LONGEST} printable characters")
    return words
