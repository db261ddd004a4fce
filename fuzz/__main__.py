"""`python -m fuzz` lists the targets; `python -m fuzz TARGET [--seconds N]` attacks one.

With atheris installed (`./run fuzz` does that) coverage leads the way; without it seeds and mutations are tried.
Bytes that break a promise are written to `fuzz-data/TARGET/`, and the exit status is not 0.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuzz.target import Target

DATA = Path(__file__).parents[1] / "fuzz-data"
SECONDS_FOR_ONE = 30
MEMORY_MIB = 3000
SEEN = ["triage", "hashsets", "exifread", "tarfile", "PIL", "ijson"]
"""Whose branches lead the way."""
COMPILED = [
    *(f"hashsets.algorithms.{name}" for name in ("pdq", "grey_levels", "imagehash_family")),
    "hashsets.formats.json_guard",
    "hashsets.index.hamming_kernels",
]
"""What numba must find as it was written: imported first."""


def main(words: Sequence[str]) -> int:
    """Entry."""
    reader = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    reader.add_argument("target", nargs="?")
    reader.add_argument("--seconds", type=int, default=60)
    chosen = reader.parse_args(words)
    guided = importlib.util.find_spec("atheris") is not None and chosen.target is not None
    if guided:
        import atheris  # noqa: PLC0415 -- there where it is installed; everything of ours is imported under its eyes

        for module in COMPILED:
            importlib.import_module(module)
        with atheris.instrument_imports(include=SEEN):
            from fuzz.targets import TARGETS  # noqa: PLC0415
    else:
        from fuzz.targets import TARGETS  # noqa: PLC0415
    if chosen.target is None:
        for target in TARGETS.values():
            print(f"{target.name:20} {target.promise}")
        return 0
    if chosen.target not in TARGETS:
        print(f"no target {chosen.target}; there are: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    folder = DATA / chosen.target
    folder.mkdir(parents=True, exist_ok=True)
    return (_guided if guided else _unguided)(TARGETS[chosen.target], folder, chosen.seconds)


def _guided(target: Target, folder: Path, seconds: int) -> int:
    """By libFuzzer, which ends the process itself."""
    import atheris  # noqa: PLC0415

    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    options = [
        f"-max_len={target.longest}", f"-max_total_time={seconds}", f"-timeout={SECONDS_FOR_ONE}",
        f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={folder}/", "-print_final_stats=1", "-verbosity=1",
        "-detect_leaks=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.check)
    atheris.Fuzz()
    return 0


def _unguided(target: Target, folder: Path, seconds: int) -> int:
    """Seeds, then mutations until the time is up."""
    from fuzz.mutations import mutated  # noqa: PLC0415

    seeds = list(target.seeds())
    ends, tried = time.monotonic() + seconds, 0
    for data in seeds:
        tried += 1
        if not _holds(target, data, folder):
            return 1
    while time.monotonic() < ends:
        for data in mutated(seeds, 100, target.longest, f"{target.name} {tried}"):
            tried += 1
            if not _holds(target, data, folder):
                return 1
    print(f"{target.name}: {tried} inputs, every promise kept")
    return 0


def _holds(target: Target, data: bytes, folder: Path) -> bool:
    try:
        target.check(data)
    except Exception:  # noqa: BLE001 -- whatever comes out of a seam is the finding
        traceback.print_exc()
        path = folder / f"crash-{hashlib.sha256(data).hexdigest()[:20]}"
        path.write_bytes(data)
        print(f"{target.name}: broken by {path}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
