"""Configuration is read strictly: what is wrong, missing or unknown refuses with its path."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from triage.domain.tables import Table, edition_of


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda table: table.text("number"), "root.number: a text is needed"),
        (lambda table: table.text("blank"), "root.blank: a text is needed"),
        (lambda table: table.text("absent"), "root.absent: missing"),
        (lambda table: table.integer("number", 4, 9), "root.number: a whole number from 4 to 9 is needed"),
        (lambda table: table.integer("yes", 0, 9), "root.yes: a whole number from 0 to 9 is needed"),
        (lambda table: table.flag("number"), "root.number: true or false is needed"),
        (lambda table: table.texts("mixed"), "root.mixed: a list of texts is needed"),
        (lambda table: table.table("number"), "root.number: a table is needed"),
        (lambda table: table.tables("none"), "root.none: a list of tables is needed"),
        (lambda table: table.tables("mixed"), "root.mixed[1]: a table is needed"),
        (lambda table: table.refuse_the_rest(), "root.blank: no such setting"),
    ],
)
def test_a_wrong_value_refuses_with_its_path(read: Callable[[Table], object], message: str) -> None:
    """The administrator reads which key of which table is wrong, and what is needed there."""
    table = Table({"number": 3, "blank": " ", "yes": True, "mixed": ["a", 1], "none": []}, "root")
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        read(table)


def test_what_was_read_is_not_refused() -> None:
    """A table whose every key was asked for has nothing left."""
    table = Table({"text": "a", "number": 3, "yes": True, "words": ["a"], "rows": [{"x": 1}]}, "root")
    assert (table.text("text"), table.integer("number", 3, 3), table.flag("yes")) == ("a", 3, True)
    assert table.texts("words") == ("a",)
    assert [row.path for row in table.tables("rows")] == ["root.rows[1]"]
    table.refuse_the_rest()


def test_an_edition_changes_with_every_value_and_not_with_the_order_of_keys() -> None:
    """Provenance names the rules that were in force; moving a table in the file changes no rule."""
    first = edition_of({"a": 1, "b": {"c": [1, 2]}})
    assert first == edition_of({"b": {"c": [1, 2]}, "a": 1})
    assert first != edition_of({"a": 1, "b": {"c": [2, 1]}})
    assert len(first) == 12
