"""The documents say what the program is: settings, notes, commands, statuses, stages, links and examples."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import workers.command  # noqa: F401 - adds the command `work`
from hashsets.formats.detect import FORMATS
from hashsets.formats.records import RejectCode
from triage.domain.errors import TriageError
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.interfaces.cli import app
from triage.interfaces.cli.app import EXIT_CODES, INTERRUPTED
from triage.interfaces.metrics import families
from triage.services.observing import Observed
from triage.store.figures import Figures
from triage.telemetry.events import Event

ROOT = Path(__file__).parents[2]
LEFT_OUT = {".venv", "demo-data", "bench-data", ".git", "node_modules"}
PAGES = sorted(path for path in ROOT.rglob("*.md") if not LEFT_OUT.intersection(path.relative_to(ROOT).parts))
LINK = re.compile(r"(?<!`)\[[^\]\n]+\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
PICTURES = ("docs/images/report.png", "docs/images/terminal.png")


def page(name: str) -> str:
    """A document's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def first_cells(text: str) -> list[str]:
    """The first cell of each table row, without its code marks."""
    cells = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    return [cell.removeprefix("`").removesuffix("`") for cell in cells]


def sections(text: str) -> dict[str, str]:
    """Heading → what stands below it, for the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every setting of a TOML file as `section.key`; rules, which are lists of tables, by their first level only."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def commands() -> dict[str, Any]:
    """Every command by the words that call it, as Click sees it; `work` is added by the workers' floor."""
    root = get_command(app)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # Typer's root is a group; typed as a command
        inner = getattr(command, "commands", None)
        found |= {f"{name} {word}": below for word, below in inner.items()} if inner else {name: command}
    return found


def options_of(command: Any) -> Iterator[str]:
    """The long form of each of a command's options."""
    for parameter in command.params:
        if parameter.param_type_name == "option":
            yield max(parameter.opts, key=len)


def documented_command(words: str) -> str:
    """The section of a command; its heading may go on with arguments."""
    found = [
        text
        for heading, text in sections(page("docs/commands.md")).items()
        if re.fullmatch(rf"triage {words}(?: [^a-z].*)?", heading)
    ]
    assert len(found) == 1, f"triage {words} has {len(found)} sections"
    return found[0]


@pytest.mark.parametrize("name", ["default.toml", "matching.toml", "linking.toml"])
def test_every_setting_is_explained_in_its_files_section(name: str) -> None:
    """A key that an administrator finds in a file has a row on the page, and no row speaks of a key that is gone."""
    settings = set(leaves(tomllib.loads(page(f"config/{name}"))))
    rows = set(first_cells(sections(page("config/README.md"))[name])) - {"key", "---"}
    assert rows == settings


def test_each_default_is_the_shipped_one() -> None:
    """A number on the page is the number in the file; sizes are written for people and left to them."""
    settings = tomllib.loads(page("config/default.toml"))
    for line in sections(page("config/README.md"))["default.toml"].splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and re.fullmatch(r"[\d,]+", cells[1]):
            value = reduce(lambda section, key: section[key], cells[0].strip("`").split("."), settings)
            assert value == int(cells[1].replace(",", "")), cells[0]


def test_every_file_of_settings_is_listed() -> None:
    """A new file of configuration needs a row."""
    assert {path.name for path in (ROOT / "config").glob("*.toml")} <= set(first_cells(page("config/README.md")))


def test_every_note_is_explained_once() -> None:
    """An analyst who meets a code finds what it means and what to do."""
    cells = first_cells(page("docs/processing-notes.md"))
    rows = [cell for cell in cells if cell not in {"code", "---"}]
    assert sorted(rows) == sorted(code.value for code in NoteCode)


def test_every_answer_is_explained() -> None:
    """Each outcome stands in the glossary and, but for the one that is none yet, on the page of answers."""
    glossary = first_cells(sections(page("GLOSSARY.md"))["Outcomes: the one answer for an item"])
    assert {outcome.value for outcome in Outcome} == set(glossary) - {"word", "---"}
    answers = first_cells(sections(page("docs/matching.md"))["The answers"])
    assert {outcome.value for outcome in Outcome} - {Outcome.PENDING.value} == set(answers) - {"answer", "---"}


@pytest.mark.parametrize("words", sorted(commands()))
def test_every_command_is_documented_with_its_options(words: str) -> None:
    """Each command has a section, and each option a row there; no row speaks of an option that is gone."""
    rows = first_cells(documented_command(words))
    documented = {option for row in rows for option in re.findall(r"--[a-z][a-z-]*", row)}
    assert documented == set(options_of(commands()[words]))


def test_no_section_speaks_of_a_command_that_is_gone() -> None:
    """As many sections as commands."""
    headings = [heading for heading in sections(page("docs/commands.md")) if heading.startswith("triage ")]
    assert len(headings) == len(commands())


def test_every_exit_status_is_documented() -> None:
    """The statuses of the errors, of Ctrl-C and of the program's own help are the rows of one table."""
    rows = set(first_cells(sections(page("docs/commands.md"))["Exit status"])) - {"status", "---"}
    raised = {str(error.exit_code) for error in TriageError.__subclasses__()}
    assert rows == raised | {"0", "1", "2", str(INTERRUPTED)}
    assert set(re.findall(r"(?:^|: |· )(\d+) ", EXIT_CODES, flags=re.MULTILINE)) == rows


def test_every_error_of_the_house_stands_in_the_architecture() -> None:
    """An error with its exit status, and what a worker makes of it."""
    text = page("ARCHITECTURE.md")
    for error in TriageError.__subclasses__():
        row = next(line for line in text.splitlines() if line.startswith("|") and f"`{error.__name__}`" in line)
        assert str(error.exit_code) in row


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_stands_in_the_architecture(stage: Stage) -> None:
    """In the sentence that lists them, and as a row of the data flow."""
    text = page("ARCHITECTURE.md")
    listed = text.split("**The stages**", 1)[1].split("\n\n", 1)[0]
    assert re.search(rf"\b{stage.name}\b", listed)
    assert stage.value in first_cells(text)


def test_every_hash_set_format_and_reject_is_documented() -> None:
    """A curator finds each format by its name on the command line, and each reason for a reject."""
    text = sections(page("docs/formats.md"))["Hash sets that are read (`triage hashsets import`)"]
    assert {known.name for known in FORMATS} | {"auto"} == set(first_cells(text)) - {"--format", "---"}
    assert all(f"`{code.value}`" in text for code in RejectCode)


def test_every_event_and_every_metric_is_explained() -> None:
    """An operator who meets one finds what it means; nothing is explained that is gone."""
    parts = sections(page("docs/operations.md"))
    events = {event for cell in first_cells(parts["Logs"]) for event in re.split("`?, `", cell)} - {"event", "---"}
    rows = "\n".join(line.split("|")[1] for line in parts["Logs"].splitlines() if line.startswith("|"))
    assert {event.value for event in Event} == set(re.findall(r"`([^`]+)`", rows)), events
    names = {
        sample.name
        for family in families(Observed(_no_figures(), 0, ()), ())
        for sample in (*family.samples, family)
        if not (family.type == "counter" and sample is family)
    }
    explained = {cell for cell in first_cells(parts["Metrics"]) if cell.startswith("triage_")}
    assert explained == names


def _no_figures() -> Figures:
    return Figures({}, {}, {}, {}, {}, {}, 0, {}, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """A link between documents, or to a picture, names a file that is there."""
    targets = [found for found in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in found]
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_readme_shows_pictures_that_exist(name: str) -> None:
    """The tour has its two screenshots, and they are PNG files."""
    assert f"]({name})" in page("README.md")
    assert (ROOT / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_every_json_example_parses() -> None:
    """What stands in a block marked `json` is JSON."""
    examples = re.findall(r"^```json\n(.*?)^```", page("docs/commands.md"), flags=re.MULTILINE | re.DOTALL)
    # `list` and `disable` of hash sets and `jobs show` point to another's; `serve` has none.
    assert len(examples) >= len(commands()) - 4
    for example in examples:
        json.loads(example)


def test_every_room_has_a_readme() -> None:
    """Whoever opens a folder of code reads first what it knows and what it must not know."""
    rooms = [ROOT / name for name in ("hashsets", "triage", "workers", "demo", "bench", "tests", "config")]
    rooms += [path.parent for path in (ROOT / "triage").glob("*/__init__.py")]
    assert [room for room in rooms if not (room / "README.md").is_file()] == []
