"""Settings: files, environment, arguments, in that order of weight; whatever is not known refuses to start."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from triage.domain.errors import Refused
from triage.rule_files import (
    load_exposure_policy,
    load_link_rules,
    load_match_policy,
    load_priority_rules,
    load_review_rules,
)
from triage.settings import (
    Settings,
    config_folder,
    load_plugin_names,
    load_settings,
)


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Path]:
    """An administrator's own file."""

    def write(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_settings_are_whole() -> None:
    """They need nothing beside them."""
    settings = load_settings()
    assert settings.data == Path("triage-data")
    assert settings.work.max_attempts == 3
    assert settings.database_url == f"sqlite:///{Path('triage-data').absolute()}/triage.sqlite3"


def test_every_shipped_file_loads() -> None:
    """Each through the reader that the program uses."""
    read = {
        "default.toml": load_settings().work.lease_seconds,
        "matching.toml": load_match_policy().version,
        "linking.toml": load_link_rules().edition,
        "priority.toml": load_priority_rules().edition,
        "plugins.toml": load_plugin_names().formats == (),
        "review.toml": load_review_rules().edition,
        "exposure.toml": load_exposure_policy().edition,
    }
    assert {path.name for path in config_folder().glob("*.toml")} == set(read)
    assert all(read.values())


@pytest.mark.parametrize(("profile", "database", "queue"), [("embedded", "", ""), ("server", "postgresql", "redis")])
def test_a_profile_is_chosen_by_its_name(profile: str, database: str, queue: str) -> None:
    """A file of one's own is found first, and any other name refuses."""
    settings = load_settings(Path(profile))
    assert settings.database.url.partition("+")[0] == database
    assert settings.queue.url.partition(":")[0] == queue
    with pytest.raises(Refused):
        load_settings(Path("no-such-profile"))


@pytest.mark.parametrize("text", ['url = "amqp://x"', 'namespace = ""', 'namespace = "a b"', 'uri = "redis://x"'])
def test_a_queue_that_is_none_refuses(own: Callable[[str], Path], text: str) -> None:
    """Before anything is opened."""
    with pytest.raises(Refused) as caught:
        load_settings(own(f"[queue]\n{text}\n"))
    assert caught.value.code == "config-invalid"


def test_an_own_file_overrides_single_keys(own: Callable[[str], Path]) -> None:
    """What it does not name stays as shipped."""
    settings = load_settings(own("[work]\nlease_seconds = 30\n"))
    assert (settings.work.lease_seconds, settings.work.max_attempts) == (30, 3)


def test_the_environment_overrides_files_and_arguments_override_both(
    own: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nested keys with two underscores."""
    monkeypatch.setenv("TRIAGE_WORK__LEASE_SECONDS", "60")
    monkeypatch.setenv("TRIAGE_DATA", "/from/environment")
    path = own('data = "/from/file"\n[work]\nlease_seconds = 30\nretry_seconds = 1\n')
    settings = load_settings(path)
    assert (settings.work.lease_seconds, settings.work.retry_seconds) == (60, 1)
    assert settings.data == Path("/from/environment")
    assert load_settings(path, tmp_path).data == tmp_path


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[work]\nthreds = 4\n", "work.threds"),
        ("[wrok]\nthreads = 4\n", "wrok"),
        ("thread = 1\n", "thread"),
        ("[work]\nmax_attempts = 0\n", "work.max_attempts"),
        ('[receive]\nthreads = "many"\n', "receive.threads"),
        ("[chamber]\nmemory_bytes = 1000\n", "chamber.memory_bytes"),
        ("work = 4\n", "work"),
    ],
)
def test_a_bad_key_is_refused_with_its_path(own: Callable[[str], Path], text: str, where: str) -> None:
    """A mistyped limit must not silently be the default."""
    with pytest.raises(Refused, match=where) as refused:
        load_settings(own(text))
    assert refused.value.code == "config-invalid"


def test_several_bad_keys_are_told_at_once(own: Callable[[str], Path]) -> None:
    """One run shows all that is to be mended."""
    with pytest.raises(Refused) as refused:
        load_settings(own("[work]\nthreds = 4\n[archives]\nmax_depth = 99\n"))
    assert "work.threds" in refused.value.sentence
    assert "archives.max_depth" in refused.value.sentence


def test_a_bad_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a file."""
    monkeypatch.setenv("TRIAGE_WORK__THREDS", "4")
    with pytest.raises(Refused, match=r"work\.threds"):
        load_settings()


@pytest.mark.parametrize("name", ["TRIAGE_WROK__THREADS", "TRIAGE_THREADS"])
def test_an_unknown_name_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Nobody sets a variable of ours to have it overlooked; `TRIAGE_CONFIG` and tests' own are no settings."""
    monkeypatch.setenv("TRIAGE_CONFIG", "own.toml")
    monkeypatch.setenv("TRIAGE_TEST_POSTGRES", "x")
    load_settings()
    monkeypatch.setenv(name, "4")
    with pytest.raises(Refused, match=name) as refused:
        load_settings()
    assert refused.value.code == "config-invalid"


def test_a_file_that_is_no_toml_is_refused(own: Callable[[str], Path]) -> None:
    """With the place of the fault."""
    with pytest.raises(Refused, match="line 1") as refused:
        load_settings(own("[work\n"))
    assert refused.value.code == "config-invalid"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A picture given by mistake."""
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(Refused) as refused:
        load_settings(path)
    assert refused.value.code == "config-invalid"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Whoever names a file means it."""
    with pytest.raises(Refused) as refused:
        load_settings(tmp_path / "missing.toml")
    assert refused.value.code == "config-missing"


def test_another_database_is_named_by_its_url(own: Callable[[str], Path]) -> None:
    """Empty means SQLite in the data folder."""
    settings = load_settings(own('[database]\nurl = "postgresql+psycopg://host/name"\n'))
    assert settings.database_url == "postgresql+psycopg://host/name"


def test_settings_cannot_be_changed_while_running() -> None:
    """What a run was started with is what it ran with."""
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.work.threads = 3


def test_worker_threads_of_nought_are_one_for_each_core(own: Callable[[str], Path]) -> None:
    """Of those that this process may use."""
    assert load_settings(own("[work]\nthreads = 0\n")).work.worker_threads >= 1
    assert load_settings(own("[work]\nthreads = 7\n")).work.worker_threads == 7


def test_every_shipped_key_of_the_defaults_is_a_setting() -> None:
    """And every setting has a shipped default: nothing is defined in two places."""
    shipped = tomllib.loads((config_folder() / "default.toml").read_text(encoding="utf-8"))
    assert set(shipped) == set(Settings.model_fields)
    for name, section in shipped.items():
        if isinstance(section, dict):
            annotation = Settings.model_fields[name].annotation
            assert annotation is not None
            assert set(section) == set(annotation.model_fields)
