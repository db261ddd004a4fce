"""What an administrator is given to install: files that parse, commands that exist, steps that work as written."""

from __future__ import annotations

import configparser
import ctypes
import ctypes.util
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from typer.main import get_command

import workers.command  # noqa: F401 - adds `work` to the commands
from tests.integration.deployments import TRIAGE, Deployment
from tests.integration.seizures import pictures
from tests.servers.s3 import KEYS, S3Server, bucket_of, running_s3, s3_settings
from triage.domain.errors import Tampered, Unavailable
from triage.interfaces.cli import app
from triage.settings import Settings, load_settings
from triage.vault.bucket import Bucket
from triage.vault.keys import FileKeyProvider
from triage.vault.s3 import S3Vault

DEPLOY = Path(__file__).parents[2] / "config" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
COMMANDS = set(get_command(app).commands)  # type: ignore[attr-defined]


class Unit(configparser.RawConfigParser):
    """A unit file; a key that stands several times has all its values, one a line."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",), dict_type=_Several)
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read_string(path.read_text(encoding="utf-8"))

    def values_of(self, key: str, section: str = "Service") -> list[str]:
        return self.get(section, key, fallback="").splitlines()


class _Several(dict[str, object]):
    def __setitem__(self, key: str, value: object) -> None:
        if isinstance(value, list) and isinstance(before := self.get(key), list):
            value = [*before, *value]
        super().__setitem__(key, value)


def words_after_triage(text: str) -> Iterator[str]:
    """The command of each `triage-as-service COMMAND` and `triage COMMAND` in a text's blocks and code."""
    code = "\n".join([*re.findall(r"```sh\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text)])
    for found in re.finditer(
        r"\b(?:triage-as-service|bin/triage --config \S+|^triage) ([a-z][a-z-]+)", code, re.MULTILINE
    ):
        yield found[1]


def example_of_secrets() -> dict[str, str]:
    """As systemd reads the file: names and values, double quotes taken off."""
    text = (DEPLOY / "secrets.env.example").read_text(encoding="utf-8")
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))


class TestTheFiles:
    """Each parses, with the reader that will read it."""

    def test_the_shipped_settings_name_known_keys_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With what the environment's example adds."""
        for name, value in example_of_secrets().items():
            monkeypatch.setenv(name, value)
        settings = load_settings(DEPLOY / "triage.toml")
        assert settings.vault.url.startswith("s3://")
        assert settings.database_url.startswith("postgresql+psycopg://")
        commented = re.findall(r"^# (\w+) = ", (DEPLOY / "triage.toml").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(commented) <= set(type(settings.vault.s3).model_fields)

    def test_a_shell_reads_the_example_of_secrets_as_systemd_does(self) -> None:
        """The first init takes it from a shell, to which an ampersand without quotes is the end of a command."""
        shell = "set -a; . ./secrets.env.example; env"
        ran = subprocess.run(["sh", "-c", shell], cwd=DEPLOY, capture_output=True, text=True, check=True, env={})
        told = dict(line.split("=", 1) for line in ran.stdout.splitlines())
        assert {name: value for name, value in told.items() if name.startswith("TRIAGE_")} == example_of_secrets()

    def test_the_example_of_credentials_is_in_its_form(self) -> None:
        """Both keys, nothing else."""
        text = (DEPLOY / "s3.toml.example").read_text(encoding="utf-8")
        assert set(tomllib.loads(text)) == {"access_key_id", "secret_access_key"}

    def test_the_policy_is_enough_for_a_vault_and_forbids_deletion(self, tmp_path: Path) -> None:
        """Before a server that checks signatures and rights; nor does it reach beyond the prefix."""
        keys = FileKeyProvider.create(tmp_path / "key", evidence_exists=False)
        with running_s3() as server:
            name = server.new_bucket()
            policy = (DEPLOY / "s3-policy.json").read_text(encoding="utf-8")
            policy = policy.replace("evidence", name).replace("unit-1", "unit/one")
            own = server.check_rights_of_user(policy)
            vault = S3Vault(bucket_of(server, name, **own), keys)
            vault.prepare()
            with vault.writer() as writer:
                small, large = writer.seal([b"small"]), writer.seal(bytes(1 << 20) for _ in range(9))
                writer.sync()
            assert vault.open(small).read_at(0, 9) == b"small"
            assert vault.open(large).read_at(0, 1 << 24) == bytes(9 << 20)
            assert {found.name for found in vault.segments()} == {small.segment, large.segment}
            with pytest.raises(
                Tampered
            ):  # a store answers "forbidden" to a question for nothing without a right to list
                vault.open(replace(small, segment="0" * 32 + ".pack")).read_at(0, 1)
            for stranger in ({"secret_access_key": "wrong"}, {"access_key_id": "AKIASTRANGER"}):
                with pytest.raises(Unavailable, match=r"SignatureDoesNotMatch|InvalidAccessKeyId"):
                    S3Vault(bucket_of(server, name, **own | stranger), keys).check()
            beside = Bucket(f"s3://{name}/other", s3_settings(server.endpoint, **own))
            with pytest.raises(Unavailable, match="AccessDenied"):
                beside.put_new("x", b"x")
            as_user = boto3.client(
                "s3",
                endpoint_url=server.endpoint,
                region_name="us-east-1",
                aws_access_key_id=own["access_key_id"],
                aws_secret_access_key=own["secret_access_key"],
            )
            with pytest.raises(ClientError, match="AccessDenied"):
                as_user.delete_object(Bucket=name, Key=f"unit/one/{small.segment}")
            as_user.close()

    def test_the_compose_file_uses_known_commands_and_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It cannot be run here; its words can be checked."""
        compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
        ours = [service for service in compose["services"].values() if service.get("image") == "triage"]
        assert {service["command"][0] for service in ours} <= COMMANDS
        for service in ours:
            with monkeypatch.context() as environment:
                for name, value in service["environment"].items():
                    environment.setenv(name, value)
                assert isinstance(load_settings(), Settings)
        assert compose["x-triage"]["build"]["dockerfile"] == "config/deploy/Dockerfile"

    @pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
    def test_systemd_understands_each_unit(self, unit: Path, tmp_path: Path) -> None:
        """Without a word of complaint; the program's path is not there on this machine."""
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not installed")
        text = unit.read_text(encoding="utf-8").replace("/opt/triage/.venv/bin/triage", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
        ran = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "")

    @pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
    def test_each_unit_starts_a_command_and_hands_over_the_keys_it_needs(self, unit: Path) -> None:
        """By the names under which the program looks for them."""
        parsed = Unit(unit)
        [start] = parsed.values_of("ExecStart")
        *program, command = start.split()
        assert program == ["/opt/triage/.venv/bin/triage", "--config", "/etc/triage/triage.toml"]
        assert command in COMMANDS
        handed = {line.partition(":")[0] for line in parsed.values_of("LoadCredential")}
        assert handed == {"vault.key", "custody.key", "log-name", "s3.toml"}
        assert {"TRIAGE_KEYS=%d", "TRIAGE_VAULT__S3__CREDENTIALS_FILE=%d/s3.toml"} <= set(
            parsed.values_of("Environment")
        )

    def test_units_differ_in_what_their_duty_asks_only(self) -> None:
        """A wall that one has, all have."""
        walls = [
            {
                key: value
                for key, value in Unit(unit).items("Service")
                if key not in {"ExecStart", "OOMPolicy", "TasksMax", "CPUWeight"}
            }
            for unit in UNITS
        ]
        assert walls[0] == walls[1] == walls[2]


class TestThePage:
    """The README speaks of what there is."""

    def test_every_command_exists(self) -> None:
        """In blocks and in the text."""
        found = set(words_after_triage(README))
        assert {"init", "doctor", "submit", "audit"} <= found
        assert found <= COMMANDS

    def test_every_file_is_listed_and_every_listed_file_is_there(self) -> None:
        """Under its own name."""
        there = {path.name for path in DEPLOY.iterdir()} - {"README.md"}
        listed = {
            name.rstrip("/")
            for row in re.findall(r"^\| (`[^|]+`) \|", README.partition("In what follows")[0], re.MULTILINE)
            for name in re.findall(r"`([^`]+)`", row)
        }
        assert listed == there

    def test_every_unit_that_it_starts_is_shipped(self) -> None:
        """Templates with their number."""
        names = {re.sub(r"@[^.\s]*", "@", name) for name in re.findall(r"triage-(?:relay|worker@\d*|serve)", README)}
        assert names <= {path.name.removesuffix(".service") for path in UNITS}

    def test_settings_that_it_names_exist(self) -> None:
        """As `section.key`."""
        fields, files = set(Settings.model_fields), {"vault.key"}
        for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)`", README):
            assert (
                section not in fields
                or f"{section}.{key}" in files
                or key in Settings.model_fields[section].annotation.model_fields
            )  # type: ignore[union-attr]


class TestTheSteps:
    """Two machines, one PostgreSQL, one bucket: folders play the machines."""

    @pytest.fixture
    def cluster(
        self, database_url: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> Path:
        """`/etc/triage` of all machines."""
        etc = tmp_path / "etc"
        (etc / "keys").mkdir(parents=True)
        credentials = "".join(f'{key} = "{value}"\n' for key, value in KEYS.items())
        (etc / "keys" / "s3.toml").write_text(credentials, encoding="utf-8")
        (etc / "keys" / "s3.toml").chmod(0o600)
        text = (DEPLOY / "triage.toml").read_text(encoding="utf-8")
        text = text.replace("https://store.example:9000", s3_server.endpoint)
        text = text.replace("s3://evidence/", f"s3://{s3_server.new_bucket()}/")
        (etc / "triage.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("TRIAGE_CONFIG", str(etc / "triage.toml"))
        monkeypatch.setenv("TRIAGE_DATABASE__URL", database_url)
        monkeypatch.setenv("TRIAGE_KEYS", str(etc / "keys"))
        monkeypatch.setenv("TRIAGE_VAULT__S3__CREDENTIALS_FILE", str(etc / "keys" / "s3.toml"))
        return etc

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_a_second_machine_joins_with_the_keys(self, cluster: Path, tmp_path: Path) -> None:
        """Submitted on one, worked on the other, in order on both; a second `init` is refused."""
        assert (cluster / "keys" / "s3.toml").exists()
        b, c = Deployment(tmp_path / "b"), Deployment(tmp_path / "c")
        b.done("init")
        b.submit(pictures(tmp_path / "source", 1, 2), "EXH-1")
        refused = c.run("init", "--json")
        assert (refused.code, refused.json["error"]["code"]) == (3, "witness-lost")
        c.done("join")
        c.work()
        c.submit(pictures(tmp_path / "more", 3), "EXH-2")
        b.work()
        for machine in (c, b):
            machine.assert_audit_is_clean()
            assert machine.done("status", "S-2", "--json").json["outcomes"] == {"unknown": 1}
        assert {path.name for path in c.data.iterdir()} <= {"custody", "hashsets"}

    def test_the_wrapper_runs_a_command_with_the_handed_over_keys(self, tmp_path: Path) -> None:
        """Through a stand-in for systemd-run, which is given what the real one is given."""
        tools, seen = tmp_path / "bin", tmp_path / "seen"
        tools.mkdir()
        stand_in = tools / "systemd-run"
        stand_in.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >{seen}\n'
            'while [ "${1#--}" != "$1" ]; do shift; done\n'
            'export CREDENTIALS_DIRECTORY=/run/credentials/x\nexec "$@"\n',
            encoding="utf-8",
        )
        program = tmp_path / "triage"
        program.write_text(
            '#!/bin/sh\nprintf "%s|" "$TRIAGE_KEYS" "$TRIAGE_VAULT__S3__CREDENTIALS_FILE" "$@"\n', encoding="utf-8"
        )
        wrapper = tmp_path / "wrapper"
        text = (DEPLOY / "triage-as-service").read_text(encoding="utf-8")
        wrapper.write_text(text.replace("/opt/triage/.venv/bin/triage", str(program)), encoding="utf-8")
        (tools / "id").write_text("#!/bin/sh\necho 0\n", encoding="utf-8")
        for script in (stand_in, program, wrapper, tools / "id"):
            script.chmod(0o755)
        ran = subprocess.run(
            [str(wrapper), "submit", "/srv/a b", "--basis", "Warrant 1 'x' $HOME"],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            check=True,
        )
        folder = "/run/credentials/x"
        assert ran.stdout.split("|")[:-1] == [
            *(folder, f"{folder}/s3.toml", "--config", "/etc/triage/triage.toml"),
            *("submit", "/srv/a b", "--basis", "Warrant 1 'x' $HOME"),
        ]
        handed = {line.partition(":")[0] for line in Unit(UNITS[0]).values_of("LoadCredential")}
        loaded = re.findall(r"--property=LoadCredential=([^:]+):", seen.read_text(encoding="utf-8"))
        assert set(loaded) == handed


@cache
def syscalls_of(group: str) -> frozenset[str]:
    """The names in a group of systemd's, groups within it unfolded."""
    ran = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    words = [line.strip() for line in ran.stdout.splitlines()[1:] if line.startswith("    ")]
    names = [syscalls_of(word) if word.startswith("@") else {word} for word in words if not word.startswith("#")]
    return frozenset().union(*names)


def only_these_calls(names: list[str]) -> None:
    """Put systemd's filter on this process: what is not named fails with EPERM, and what it makes inherits that."""
    library = ctypes.CDLL(ctypes.util.find_library("seccomp"), use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int),
        *(ctypes.c_uint, ctypes.c_void_p),
    ]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    context = library.seccomp_init(0x00050000 | 1)  # SCMP_ACT_ERRNO(EPERM)
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(context, 0x7FFF0000, number, 0, None)  # SCMP_ACT_ALLOW
    assert library.seccomp_load(context) == 0


def test_every_layer_of_the_chamber_holds_under_the_units_filter() -> None:
    """The units' list of system calls and no new privileges take nothing away that the chamber's own walls need."""
    if not (shutil.which("systemd-analyze") and ctypes.util.find_library("seccomp")):
        pytest.skip("systemd-analyze or libseccomp is not installed")
    [words] = Unit(DEPLOY / "systemd" / "triage-worker@.service").values_of("SystemCallFilter")
    names = sorted(set().union(*(syscalls_of(word) if word.startswith("@") else {word} for word in words.split())))
    assert "unshare" in names
    assert "mount" not in names

    def layers(before: Callable[[], None] | None = None) -> dict[str, bool]:
        ran = subprocess.run(
            [*TRIAGE, "doctor", "--json"], capture_output=True, text=True, check=False, preexec_fn=before
        )
        checks = json.loads(ran.stdout)["checks"]
        return {check["name"]: check["state"] == "ok" for check in checks if check["name"].startswith("chamber")}

    free, walled = layers(), layers(lambda: only_these_calls(names))
    assert len(free) >= 5
    assert walled == free
