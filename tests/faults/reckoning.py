"""After a fault: what must be true, each as one named check. Nothing here knows which fault it was."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.faults.cluster import Cluster
from tests.faults.programs import marked
from tests.integration.deployments import Facts, read_facts
from triage.vault.witness import LogMirror

_ONCE = frozenset({"sealed", "referenced", "examined", "matched", "closed"})
"""What happens to an item once, however often its job was begun. Openings may be more: a record without a reading."""
_CALM = frozenset({0, 7, 130, -2, -9, -15})
"""How a program may end: done, the machine was at fault, interrupted, or by a signal of ours."""
_CHUNK = 1 << 22

Rows = Callable[[str], list[Any]]
Effects = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """What an undisturbed run made of the same seizure."""

    items: int
    facts: Facts
    effects: Effects


@dataclass(frozen=True)
class Check:
    """One thing that must be true; `fault` says what is not."""

    name: str
    fault: str = ""


@dataclass(frozen=True)
class Reckoning:
    """All checks after one scenario, and what it cost."""

    checks: tuple[Check, ...]
    items: int
    kills: int
    restarts: int
    orphan_bytes: int
    seconds: float

    @property
    def faults(self) -> list[str]:
        """What is not as it must be."""
        return [f"{check.name}: {check.fault}" for check in self.checks if check.fault]


def known_of(rows: Rows) -> Known:
    """What an undisturbed deployment says."""
    ((items,),) = rows("SELECT count(*) FROM item")
    return Known(items, read_facts(rows), effects_of(rows))


def reckon(cluster: Cluster, known: Known, seconds: float) -> Reckoning:
    """Look at a cluster whose programs have ended."""
    rows = cluster.rows
    audit = cluster.run("audit", "--json")
    found = audit.json
    checks = (
        Check("every item has one answer", _answers(rows, known)),
        Check("results equal an undisturbed run's", _differences(read_facts(rows), known.facts)),
        Check("nothing happened twice", _twice(effects_of(rows), known.effects)),
        Check("nothing is owed or given up", _told(rows("SELECT stage, state FROM job WHERE state <> 'done'"))),
        Check("each network has one referral", _referrals(rows)),
        Check("the audit is clean", _told(found["faults"]) or ("" if audit.code == 0 else f"code {audit.code}")),
        Check("the witness is level with the log", _witness(cluster)),
        Check("no program failed by itself", _failures(cluster)),
        Check("no process is left behind", _left_behind(cluster.mark)),
        Check("no plaintext on any disk", _told(list(plaintext(cluster)))),
    )
    ended = [code for program in cluster.programs.values() for code in program.endings]
    kills = sum(program.kills for program in cluster.programs.values())
    restarts = len(ended) - len(cluster.programs)
    return Reckoning(checks, int(found["items"]), kills, restarts, int(found["orphan_bytes"]), seconds)


def effects_of(rows: Rows) -> Effects:
    """How often the custody log says of each content that something happened to it, by its SHA-256."""
    sha = {item_id: bytes(digest).hex() for item_id, digest in rows("SELECT id, sha256 FROM item")}
    effects: Effects = Counter()
    for (text,) in rows("SELECT event FROM custody_event ORDER BY seq"):
        event = json.loads(text)
        if event["action"] in _ONCE:
            effects.update((event["action"], sha.get(item, f"I-{item}")) for item in _items(event))
    return effects


def plaintext(cluster: Cluster) -> Iterator[str]:
    """Files and stored objects that hold a piece of the tell-tale picture, outside the exhibits themselves."""
    places = [cluster.folder, Path("/dev/shm")]
    places += [server.folder for server in (cluster.servers.postgres, cluster.servers.redis) if server]
    for place in places:
        for path in sorted(place.rglob("*")):
            with suppress(OSError):
                if path.is_file() and holds_any(path, cluster.seizure.tell_tale):
                    yield str(path)
    if s3 := cluster.servers.s3:
        for name in s3.names(cluster.bucket):
            if any(piece in s3.get(cluster.bucket, name) for piece in cluster.seizure.tell_tale):
                yield name


def holds_any(path: Path, pieces: tuple[bytes, ...]) -> bool:
    """Whether a file holds one of these pieces, across the borders of what is read at once too."""
    keep = max(map(len, pieces)) - 1
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(_CHUNK):
            if any(piece in before + chunk for piece in pieces):
                return True
            before = chunk[-keep:]
    return False


def _items(event: dict[str, Any]) -> Iterator[int]:
    if event["subject"].startswith("item:"):
        yield int(event["subject"].removeprefix("item:"))
        return
    for part in str(event["details"]["items"]).split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _answers(rows: Rows, known: Known) -> str:
    outcomes = Counter(outcome for (outcome,) in rows("SELECT outcome FROM item"))
    pending = outcomes.pop("pending", 0)
    total = sum(outcomes.values())
    return "" if (total, pending) == (known.items, 0) else f"{total} of {known.items}, {pending} pending"


def _differences(found: Facts, wanted: Facts) -> str:
    differences = _without_direction(found).differences(_without_direction(wanted))
    return "; ".join(f"{name}: {_difference(*pair)}" for name, pair in differences.items())


def _without_direction(facts: Facts) -> Facts:
    """Which of two look-alikes is the centre depends on whose submission was linked first; that they are does not."""
    links = ((kind, *sorted((one, other)), *rest) for kind, one, other, *rest in facts.links)
    return replace(facts, links=frozenset(links))  # type: ignore[arg-type]


def _difference(found: Any, wanted: Any) -> str:
    found, wanted = ({*side.items()} if isinstance(side, dict) else {*side} for side in (found, wanted))
    examples = [str(one)[:120] for one in [*(found - wanted), *(wanted - found)][:2]]
    return f"{len(found - wanted)} more, {len(wanted - found)} fewer, as {examples}"


def _twice(found: Effects, wanted: Effects) -> str:
    more, fewer = found - wanted, wanted - found
    told = [f"{what} too often: {_by_action(which)}" for what, which in (("", more),) if which]
    told += [f"missing: {_by_action(fewer)}"] if fewer else []
    return "; ".join(told)


def _by_action(effects: Effects) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for (action, _), count in effects.items():
        counted[action] += count
    return dict(counted)


def _referrals(rows: Rows) -> str:
    ((opened,),) = rows("SELECT count(*) FROM referral WHERE state = 'open'")
    ((networks,),) = rows("SELECT count(DISTINCT referral_id) FROM referral_member")
    return "" if opened == networks else f"{opened} open referrals for {networks} networks"


def _witness(cluster: Cluster) -> str:
    ((size,),) = cluster.rows("SELECT size FROM custody_head")
    seen = LogMirror(cluster.deployment.data / "custody").view().size
    return "" if seen == size else f"{seen} leaves for {size} records"


def _failures(cluster: Cluster) -> str:
    told = []
    for program in cluster.programs.values():
        strange = [code for code in program.endings if code not in _CALM]
        log = program.log.read_text(encoding="utf-8", errors="replace") if program.log.exists() else ""
        if strange or "Traceback" in log:
            told.append(f"{program.name} ended with {strange}: …{log[-1500:]}")
    return "; ".join(told)


def _left_behind(mark: str) -> str:
    deadline = time.monotonic() + 5
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return f"{len(left)} processes" if left else ""


def _told(what: list[Any]) -> str:
    return f"{len(what)}, as {what[:3]}" if what else ""
