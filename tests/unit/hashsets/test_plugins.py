"""Plug-ins: what is installed and what is named are the same, or nothing starts."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS
from hashsets.library import Library
from hashsets.plugins import FORMATS_GROUP, plugged_formats
from hashsets.vocabulary import Digest, DigestAlgorithm, SetKind

Install = Callable[..., None]

GOOD = """
from hashsets.formats.detect import Format
from hashsets.formats.plain_list import read_list
from hashsets.formats.kdb import read_kdb
FORMAT = Format("{name}", "line", read_list)
TWO_READERS = Format("{name}", "line", read_list, read_kdb)
NO_FORMAT = read_list
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay a distribution where Python finds it, as pip does."""

    def lay(name: str, *, source: str = GOOD, thing: str = "FORMAT", calls_itself: str | None = None) -> None:
        site = tmp_path / f"site-{name}"
        module = f"synthetic_{hashlib.md5(str(site).encode()).hexdigest()}"
        facts = site / f"synthetic_{name}-1.2.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: synthetic-{name}\nVersion: 1.2\n")
        (facts / "entry_points.txt").write_text(f"[{FORMATS_GROUP}]\n{calls_itself or name} = {module}:{thing}\n")
        (site / f"{module}.py").write_text(source.replace("{name}", name))
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()

    return lay


def code_of(listed: list[str]) -> str:
    with pytest.raises(HashSetError) as caught:
        plugged_formats(listed)
    return caught.value.code


def test_without_plug_ins_there_is_nothing_to_load() -> None:
    """As the project ships."""
    assert plugged_formats([]) == ()


def test_a_plug_in_that_is_named_is_loaded_and_says_where_it_came_from(install: Install) -> None:
    """Distribution and version, for provenance."""
    install("special")
    (found,) = plugged_formats(["special"])
    assert (found.name, found.origin) == ("special", "synthetic-special 1.2")
    assert found.provenance == "special (synthetic-special 1.2)"


def test_one_that_is_installed_and_not_named_stops_the_start(install: Install) -> None:
    """Nobody's code runs because it happened to be there."""
    install("special")
    assert code_of([]) == "plugin-not-listed"


def test_one_that_is_named_and_not_installed_stops_the_start(install: Install) -> None:
    """A set in its format would be missed in silence."""
    install("special")
    assert code_of(["special", "absent"]) == "plugin-missing"


@pytest.mark.parametrize(
    ("source", "thing"),
    [
        ("raise RuntimeError('no licence')", "FORMAT"),
        ("", "FORMAT"),
        ("import absent_library", "FORMAT"),
        (GOOD, "NO_FORMAT"),
        (GOOD, "TWO_READERS"),
        (GOOD.replace("{name}", "another"), "FORMAT"),
    ],
)
def test_one_that_does_not_load_stops_the_start(source: str, thing: str, install: Install) -> None:
    """It raises, it is not there, it is no format, or one of another name."""
    install("special", source=source, thing=thing)
    assert code_of(["special"]) == "plugin-broken"


def test_one_that_takes_the_name_of_a_format_of_ours_stops_the_start(install: Install) -> None:
    """A file would be read otherwise than its manifest says."""
    install("csv")
    assert code_of(["csv"]) == "plugin-broken"


def test_two_of_one_name_stop_the_start(install: Install) -> None:
    """Which of them reads would be chance."""
    install("special")
    install("other", source=GOOD.replace("{name}", "special"), calls_itself="special")
    assert code_of(["special"]) == "plugin-broken"


def test_a_release_names_the_plug_in_that_read_it(install: Install, tmp_path: Path) -> None:
    """Its file is imported like any other, but never guessed."""
    install("special")
    library = Library.open(tmp_path / "library", formats=(*FORMATS, *plugged_formats(["special"])))
    path = tmp_path / "set"
    path.write_text(f"{hashlib.md5(b'one').hexdigest()}\n")
    special = library.import_file(path, name="special", kind=SetKind.KNOWN, format="special").release
    assert special.format == "special (synthetic-special 1.2)"
    assert library.import_file(path, name="guessed", kind=SetKind.KNOWN).release.format == "list"
    found = library.lookup_digests([Digest(DigestAlgorithm.MD5, hashlib.md5(b"one").digest())])
    assert {candidate.set_name for candidate in found} == {"special", "guessed"}


def test_a_format_that_is_not_plugged_in_is_unknown(library: Library, tmp_path: Path) -> None:
    """The error names those that there are."""
    (tmp_path / "set").write_text("x\n")
    with pytest.raises(HashSetError, match="vics") as caught:
        library.import_file(tmp_path / "set", name="set", kind=SetKind.KNOWN, format="special")
    assert caught.value.code == "unknown-format"
