"""The seams of our own records, which somebody may have changed: checkpoints, the witness, settings and rules."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz.target import Target, require
from triage.domain.checkpoints import Checkpoint, LogSigner, parse, sign, verify
from triage.domain.errors import Refused, Tampered, Unavailable
from triage.domain.linking_rules import parse_link_rules
from triage.domain.match_policy_file import parse_match_policy
from triage.domain.merkle import leaf_hash, root_of
from triage.domain.priority_rules import parse_rules
from triage.settings import config_folder, load_settings
from triage.vault.witness import LogMirror

SIGNER = LogSigner("fuzz.invalid/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
LEAVES = [leaf_hash(bytes([number])) for number in range(3)]


def _note(size: int) -> str:
    return sign(Checkpoint(SIGNER.name, size, root_of(LEAVES[:size])), SIGNER)


def _checkpoint(data: bytes) -> None:
    note = data.decode("utf-8", "replace")
    with contextlib.suppress(Tampered):
        parse(note)
        checked = verify(note, SIGNER.verifier)
        require(holds=checked.origin == SIGNER.name, promise="only this log's notes verify")
        require(holds=note.startswith(checked.text), promise="what is verified is what stands there")


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fuzz-")


def _witness(data: bytes) -> None:
    """The first byte says how many bytes of leaves there are; the rest are checkpoints."""
    folder = Path(_folder().name) / "witness"
    folder.mkdir(exist_ok=True)
    split = 1 + min(data[0], 128) if data else 0
    (folder / "leaves").write_bytes(data[1:split])
    (folder / "checkpoints").write_bytes(data[split:])
    mirror = LogMirror(folder)
    with contextlib.suppress(Tampered, Unavailable):
        view = mirror.view()
        require(holds=len(list(view.leaf_hashes)) == view.size, promise="as many leaves as it says")
        for note in view.checkpoints:
            with contextlib.suppress(Tampered):
                verify(note, SIGNER.verifier)
    with contextlib.suppress(Tampered, Unavailable):
        require(holds=mirror.extend(0, LEAVES, _note(3)) <= 3 + 128 // 32, promise="extended or refused")


def _settings(data: bytes) -> None:
    path = Path(_folder().name) / "own.toml"
    path.write_bytes(data)
    with contextlib.suppress(Refused):
        load_settings(path)


def rules(read: Callable[[Mapping[str, object]], object]) -> Callable[[bytes], None]:
    """A reader of rules: what it takes or ValueError, whose message names a key."""

    def check(data: bytes) -> None:
        try:
            values = tomllib.loads(data.decode())
        except (ValueError, RecursionError):
            return  # TOML's reader is the standard library's
        with contextlib.suppress(ValueError):
            read(values)

    return check


def _shipped(name: str) -> list[bytes]:
    return [(config_folder() / name).read_bytes()]


def _witnesses() -> list[bytes]:
    leaves = b"".join(LEAVES)
    notes = [_note(size).encode() for size in (1, 3)]
    return [bytes([len(leaves)]) + leaves + notes[0] + notes[1], b"", bytes([32]) + LEAVES[0] + notes[0][:-9]]


_RULES = "rules or ValueError"
TARGETS = (
    Target("checkpoint", "a checkpoint of this log or Tampered", _checkpoint, lambda: [_note(3).encode(), b"\n\n"]),
    Target("witness", "leaves as counted, extended or refused; Tampered, Unavailable", _witness, _witnesses),
    Target("settings", "settings or Refused", _settings, lambda: _shipped("default.toml"), 8192),
    Target("rules-matching", _RULES, rules(parse_match_policy), lambda: _shipped("matching.toml"), 8192),
    Target("rules-linking", _RULES, rules(parse_link_rules), lambda: _shipped("linking.toml"), 8192),
    Target("rules-priority", _RULES, rules(parse_rules), lambda: _shipped("priority.toml"), 16384),
)
