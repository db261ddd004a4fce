"""Making and opening a deployment: keys are made once and never silently again; what does not fit stays shut."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hashsets.plugins import FORMATS_GROUP
from triage.bootstrap import open_application
from triage.deploying import Folders, initialise
from triage.domain.errors import Refused, TriageError
from triage.domain.submissions import Delivery
from triage.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data=tmp_path / "data")


@pytest.fixture
def folders(settings: Settings) -> Folders:
    """A deployment with one file in it."""
    initialise(settings)
    source = settings.data.parent / "seizure"
    source.mkdir()
    (source / "a.jpg").write_bytes(b"\xff\xd8\xff")
    application = open_application(settings)
    application.receiving.receive(Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(source)))
    application.close()
    return Folders.of(settings)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below, but for the database, which SQLite moves about."""
    files = (path for path in folder.rglob("*") if path.is_file() and "sqlite3" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def is_clean(settings: Settings) -> bool:
    application = open_application(settings)
    try:
        return application.auditing.audit().is_clean
    finally:
        application.close()


def test_initialising_twice_changes_nothing(settings: Settings, folders: Folders) -> None:
    """It may be run after every upgrade: keys, log, vault and records stay."""
    before = contents(folders.data)
    initialise(settings)
    assert contents(folders.data) == before
    assert is_clean(settings)


def test_what_it_makes_is_for_its_owner_alone(folders: Folders) -> None:
    """Keys above all."""
    for path in (folders.vault_key, folders.log_key, folders.database):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (folders.data, folders.vault, folders.hash_sets):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["vault_key", "log_key", "log_name"])
def test_what_is_lost_is_not_made_anew_once_there_is_evidence(
    settings: Settings, folders: Folders, name: str
) -> None:
    """A new key opens nothing and signs another log: the old one comes back from its backup, and all is well."""
    lost: Path = getattr(folders, name)
    kept = lost.read_bytes()
    lost.unlink()
    for opening in (initialise, open_application):
        with pytest.raises(Refused) as refused:
            opening(settings)
        assert refused.value.code in {"keys-elsewhere", "not-initialised"}
        assert not lost.exists()
    lost.write_bytes(kept)
    lost.chmod(0o600)
    assert is_clean(settings)


def test_a_lost_witness_is_not_made_anew_once_there_is_evidence(settings: Settings, folders: Folders) -> None:
    """An empty one would agree with whatever the database says now."""
    shutil.rmtree(folders.witness)
    with pytest.raises(Refused) as refused:
        initialise(settings)
    assert refused.value.code == "witness-lost"
    assert not folders.witness.exists()


def test_a_lost_witness_may_be_begun_anew_knowingly(settings: Settings, folders: Folders) -> None:
    """By hand, two empty files: it takes up the log as it stands, and shows what happens from now on."""
    shutil.rmtree(folders.witness)
    folders.witness.mkdir()
    for name in ("leaves", "checkpoints"):
        (folders.witness / name).touch()
    assert is_clean(settings)
    assert is_clean(settings)


@pytest.mark.parametrize("name", ["vault_key", "log_key", "log_name", "witness"])
def test_nothing_opens_without_them(settings: Settings, folders: Folders, name: str) -> None:
    """A coded error each."""
    lost: Path = getattr(folders, name)
    if lost.is_dir():
        shutil.rmtree(lost)
    else:
        lost.unlink()
    with pytest.raises(TriageError):
        is_clean(settings)


def test_a_deployment_that_was_half_made_is_finished(settings: Settings, tmp_path: Path) -> None:
    """A power cut between two steps: the next run makes the rest, from any point on."""
    initialise(settings)
    folders = Folders.of(settings)
    whole = tmp_path / "whole"
    shutil.copytree(folders.data, whole)
    steps = [folders.vault_key, folders.log_name, folders.log_key, folders.witness, folders.database]
    for made in range(len(steps)):
        shutil.rmtree(folders.data)
        shutil.copytree(whole, folders.data)
        for missing in steps[made:]:
            if missing.is_dir():
                shutil.rmtree(missing)
            else:
                missing.unlink()
        initialise(settings)
        assert is_clean(settings)


def test_a_folder_without_a_deployment_is_refused(settings: Settings) -> None:
    """And nothing is made by asking."""
    with pytest.raises(Refused) as refused:
        open_application(settings)
    assert refused.value.code == "not-initialised"
    assert not settings.data.exists()


def test_a_database_of_another_program_version_is_refused(settings: Settings, folders: Folders) -> None:
    """With the way out in the sentence."""
    with closing(sqlite3.connect(folders.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'other'")
        connection.commit()
    with pytest.raises(Refused, match="triage init") as refused:
        open_application(settings)
    assert refused.value.code == "schema-version"


def test_two_deployments_have_nothing_in_common(settings: Settings, tmp_path: Path) -> None:
    """Keys and the log's name are drawn anew."""
    other = load_settings(data=tmp_path / "other")
    initialise(settings)
    initialise(other)
    mine, theirs = Folders.of(settings), Folders.of(other)
    for name in ("vault_key", "log_key", "log_name"):
        assert getattr(mine, name).read_bytes() != getattr(theirs, name).read_bytes()


def test_a_plug_in_that_nobody_named_keeps_the_deployment_shut(
    settings: Settings, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is installed beside the program and not in `config/plugins.toml` does not run, and is not passed over."""
    del folders
    facts = tmp_path / "site" / "synthetic-1.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: synthetic\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(f"[{FORMATS_GROUP}]\nspecial = synthetic:FORMAT\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(Refused) as caught:
        open_application(settings)
    assert caught.value.code == "plugin-not-listed"
