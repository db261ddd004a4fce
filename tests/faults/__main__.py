"""`python -m tests.faults [--long]`: every scenario, as a table or JSON; ends with 1 unless all is as it must be."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.faults.catalogue import FAMILIES
from tests.faults.cluster import Servers
from tests.faults.figure import ITEMS, QUICK_ITEMS, figure
from tests.faults.material import Seizure, make_seizure, make_tiny
from tests.faults.scenarios import Scenario
from tests.faults.undisturbed import undisturbed
from tests.servers.disk import NotAllowed
from tests.servers.postgresql import private_postgres
from tests.servers.processes import ServerMissing
from tests.servers.redis import private_redis
from tests.servers.s3 import running_s3

PICTURES, LONG_PICTURES = 40, 400


def main() -> int:
    """Play what was asked for, tell each result as it comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="ten times the pictures, and what takes long")
    parser.add_argument("--figure", choices=["quick", "full"], help="only the figure of the issue")
    parser.add_argument("--rounds", type=int, default=1, help="how often each scenario is played")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--json", action="store_true", help="one document at the end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # everything is put away on the way out
    folder = Path(mkdtemp(prefix="triage-faults-seizure-"))
    try:
        with private_postgres() as postgres, private_redis() as redis, running_s3() as s3:
            told = list(_played(options, folder, Servers(postgres, redis, s3)))
    finally:
        shutil.rmtree(folder)
    if options.json:
        print(json.dumps(told, indent=2))
    return int(any(row["faults"] for row in told))


def _played(options: argparse.Namespace, folder: Path, servers: Servers) -> Iterator[dict[str, Any]]:
    if not options.json:
        print(f"{'scenario':76} {'items':>7} {'kills':>6} {'starts':>7} {'orphans':>9} {'seconds':>8}  faults")
    for family, scenarios, seizure in _asked_for(options, folder):
        known = undisturbed(seizure)
        for scenario in scenarios:
            for _ in range(options.rounds):
                row = {"family": family, "scenario": scenario.name, **_row(scenario, servers, seizure, known)}
                yield row
                if not options.json:
                    numbers = f"{row['items']:>7,} {row['kills']:>6} {row['restarts']:>7} {row['orphan_bytes']:>9,}"
                    told = "; ".join(row["faults"]) or "none"
                    print(f"{row['scenario']:76} {numbers} {row['seconds']:>8.1f}  {told}", flush=True)


def _asked_for(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[Scenario], Seizure]]:
    if not options.figure:
        seizure = make_seizure(folder / "ordinary", LONG_PICTURES if options.long else PICTURES)
        for family, scenarios in FAMILIES.items():
            everything = options.long or options.only
            chosen = [one for one in scenarios if options.only in one.name and (everything or not one.long_only)]
            if chosen:
                yield family, chosen, seizure
    if options.figure or (options.long and not options.only):
        quick = options.figure == "quick"
        yield "figure", [figure(quick=quick)], make_tiny(folder / "tiny", QUICK_ITEMS if quick else ITEMS)


def _row(scenario: Scenario, servers: Servers, seizure: Seizure, known: Any) -> dict[str, Any]:
    try:
        found = scenario.play(servers, seizure, known)
    except (TimeoutError, ServerMissing, NotAllowed) as error:  # a result like another; the next scenario is played
        return {"items": 0, "kills": 0, "restarts": 0, "orphan_bytes": 0, "seconds": 0.0, "faults": [str(error)]}
    return {
        "items": found.items,
        "kills": found.kills,
        "restarts": found.restarts,
        "orphan_bytes": found.orphan_bytes,
        "seconds": round(found.seconds, 1),
        "faults": found.faults,
    }


if __name__ == "__main__":
    sys.exit(main())
