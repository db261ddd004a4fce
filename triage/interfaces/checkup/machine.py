"""What this machine gives, whatever becomes of the deployment."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import redis

from triage.chamber.parent import Chamber
from triage.chamber.sealing import FLOOR
from triage.deploying import Folders
from triage.domain.errors import TriageError
from triage.settings import Settings

from .seam import Check, State, judged

LEAST_FREE, LITTLE_FREE = 1 << 30, 20 << 30
_OURS = ("hashsets", "triage", "workers")
_FAST = ("avx2", "aes")
_CPU_FACTS = Path("/proc/cpuinfo")


def program(_settings: Settings) -> Iterator[Check]:
    """Which program, which Python, which machine."""
    version = importlib.metadata.version("triage-pipeline")
    yield Check("program", State.FACT, f"triage {version}, Python {platform.python_version()}")
    cores = len(os.sched_getaffinity(0))
    yield Check("machine", State.FACT, f"{platform.system()} {platform.release()}, {cores} cores")


def packages(_settings: Settings) -> Iterator[Check]:
    """`workers` and `hashsets` are names that another distribution may carry too; the last one installed wins."""
    homes = {name: _home(name) for name in _OURS}
    strange = [name for name in _OURS if homes[name] != homes["triage"]]
    yield judged(
        "packages",
        "another distribution's: " + ", ".join(strange) if strange else ", ".join(_OURS) + " are ours",
        good=not strange,
        otherwise=State.FAIL,
        todo="Uninstall what brought the other package, and install triage-pipeline again.",
    )


def _home(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    return Path(found.origin).parents[1] if found and found.origin else None


def processor(_settings: Settings) -> Iterator[Check]:
    """What the processor lacks costs time, never results."""
    if platform.machine() != "x86_64" or not _CPU_FACTS.exists():
        yield Check("processor", State.FACT, platform.machine())
        return
    line = next((line for line in _CPU_FACTS.read_text().splitlines() if line.startswith("flags")), "")
    lacking = [flag for flag in _FAST if flag not in line.split()]
    fast = [flag for flag in ("aes", "avx2", "avx512bw", "sha_ni") if flag in line.split()]
    yield judged(
        "processor",
        f"{', '.join(fast) or 'none'} of aes, avx2, avx512bw, sha_ni",
        good=not lacking,
        otherwise=State.WARN,
        todo=f"No {', '.join(lacking)}: sealing or fingerprints take several times as long. A virtual machine may "
        "hide what its host has: choose the host's processor type.",
    )


def compiled_code(_settings: Settings) -> Iterator[Check]:
    """Loops are compiled once and kept; where nothing can be kept, every process compiles for seconds.

    What receiving needs is compiled here and now, and so is, by the chamber's check, what the chamber needs.
    """
    from hashsets.algorithms.md5_lanes import warm_up  # noqa: PLC0415 - loads the compiler
    from hashsets.algorithms.pdq_bits import transform_block  # noqa: PLC0415
    from hashsets.compiling import kept_in  # noqa: PLC0415

    warm_up()
    kept = kept_in(transform_block)
    yield judged(
        "compiled code",
        "kept on disk" if kept else "no writable place to keep it",
        good=bool(kept),
        otherwise=State.WARN,
        todo="Set NUMBA_CACHE_DIR to a folder that this user may write.",
    )


def disks(settings: Settings) -> Iterator[Check]:
    """Free room, once for each disk that the deployment writes to."""
    folders = Folders.of(settings)
    seen: dict[int, list[str]] = {}
    places = {"data": folders.data, "vault": folders.vault, "witness": folders.witness, "sets": folders.hash_sets}
    homes = {name: next(one for one in (path, *path.parents) if one.exists()) for name, path in places.items()}
    for name, home in homes.items():
        seen.setdefault(home.stat().st_dev, []).append(name)
    for names in seen.values():
        free = shutil.disk_usage(homes[names[0]]).free
        yield judged(
            f"disk of {', '.join(names)}",
            f"{free // (1 << 20):,} MiB free",
            good=free >= LITTLE_FREE,
            otherwise=State.WARN if free >= LEAST_FREE else State.FAIL,
            todo="Make room, or move the deployment to a larger disk: with none left, work stops.",
        )


def keys(settings: Settings) -> Iterator[Check]:
    """Keys belong to one user, and so does the folder that they lie in."""
    folders = Folders.of(settings)
    if not folders.log_name.exists():
        return  # no deployment yet
    for name, path in (("vault key", folders.vault_key), ("custody key", folders.log_key)):
        if not path.exists():
            todo = f"Restore keys/{path.name} from its safe place; make no new one."
            yield Check(name, State.FAIL, "missing", todo)
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        yield judged(
            name,
            f"mode {mode:04o}",
            good=not mode & 0o077,
            otherwise=State.FAIL,
            todo=f"Others may read it: chmod 600 keys/{path.name}, and find out who has.",
        )
    mode = stat.S_IMODE(folders.vault_key.parent.stat().st_mode)
    yield judged(
        "folder of keys",
        f"mode {mode:04o}",
        good=not mode & 0o022,
        otherwise=State.FAIL,
        todo="Others may put keys of theirs there: chmod 700 keys.",
    )


def chamber(_settings: Settings) -> Iterator[Check]:
    """The walls around the decoder, each proved by trying what it forbids."""
    try:
        with Chamber() as opened:
            layers = opened.layers()
    except TriageError as error:
        yield Check("chamber", State.FAIL, error.sentence, "Without a chamber nothing is decoded: see the sentence.")
        return
    for layer in layers:
        needed = layer.name in FLOOR
        yield judged(
            f"chamber: {layer.name}",
            f"{layer.detail}{'' if needed else ' (beyond the floor)'}",
            good=layer.active,
            otherwise=State.FAIL if needed else State.WARN,
            todo="The floor is not met, and nothing will be decoded: use a kernel with seccomp, outside of gVisor."
            if needed
            else "One wall fewer: a newer kernel, or a container that lends this, gives it.",
        )


def queue(settings: Settings) -> Iterator[Check]:
    """Redis, where doorbells go through it. Nothing is lost with it, and nothing is rung for without it."""
    if not settings.queue.url:
        return
    try:
        with closing(redis.Redis.from_url(settings.queue.url, socket_timeout=5, socket_connect_timeout=5)) as client:
            client.ping()
    except (redis.RedisError, OSError):
        yield Check("queue", State.FAIL, "Redis does not answer", "Is it running, and are queue.url's words right?")
    else:
        yield Check("queue", State.OK, "Redis answers")
