"""The review pages over HTTP: a million items, ten thousand referrals, PostgreSQL.

`python -m bench.pages [--quick] [--database NAME] [--seconds N]`. A database of its own is filled by SQL
(`made_deployment.py`), then `triage serve` answers a client process. Measured, as the client sees it: each kind of
page over many different ids, one request at a time; the bytes of a first load with all that the page names; then
fifty people at once who each read for one to five seconds between two pages. The peer, in the same run, is `/health`
of the same server: what the framework and the connection cost. The time before the first request (filling, ANALYZE,
summing up, start of the server) is in no figure but "summing up". With `--database` a filled database of that name is
used again, or made and left. TRIAGE_TEST_POSTGRES names another server.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Connection, create_engine, text

from bench.figures import Figure, arguments, report
from bench.made_deployment import FIRST_LARGE, FULL, HUGE, LAST_LARGE, QUICK, REPORTS, Size, fill, sign_in, some
from bench.page_client import Session
from bench.pictures import FOLDER
from bench.processes import processor_seconds
from bench.serving import TRIAGE, database, free_port, running, triage, url_of, wait_for
from triage.rule_files import load_priority_rules, load_review_rules, load_schemes

GOAL_PAGE, GOAL_LOAD, GOAL_TOGETHER = "p95 at most 50 ms", "at most 200 kB", "p95 at most 200 ms"
MIX = {
    "queue": 4,
    "queue, filtered": 2,
    "referral, small": 6,
    "referral, large": 1,
    "referral, huge": 1,
    "referral, reports": 1,
    "item": 10,
    "submission": 2,
    "exposure": 1,
    "second": 1,
}
THINK = (1.0, 5.0)
_Prepared = tuple[list[str], dict[str, list[str]], dict[int, float]]
FLOOR = "/health of the same server"
OPINIONS = "opinions of the huge"
_AN_HOUR = """UPDATE decision SET changed_at = now()
WHERE id IN (SELECT id FROM decision WHERE referral_id = :referral ORDER BY id LIMIT 100)"""
"""An hour's decisions of one person: what groups are counted again for. The first time all of them are."""
_FILTERS = (
    "danger=1",
    "has=near",
    "has=unknown&clock=1",
    "days=30",
    "state=done",
    "free=1&solvability=1",
    "case=C-77",
    "offset=500",
)


def main() -> None:
    """Fill, serve, ask."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--database", help="a filled database to use again, or to make and leave")
    parser.add_argument("--seconds", type=float, help="how long fifty people read")
    parser.add_argument("--kinds", help="only pages whose kind begins so, and nobody at once")
    options = parser.parse_args()
    size, count = (QUICK, 20) if options.quick else (FULL, 200)
    seconds = options.seconds or (5.0 if options.quick else 30.0)
    with ExitStack() as stack:
        name = options.database or f"pages_bench_{secrets.token_hex(4)}"
        stack.enter_context(database(name, keep=bool(options.database)))
        run = FOLDER / f"run-{name}"
        if not options.database:
            stack.callback(shutil.rmtree, run, ignore_errors=True)
        environment = {**os.environ, "TRIAGE_DATA": str(run), "TRIAGE_DATABASE__URL": url_of(name)}
        tokens, kinds, summed = _prepared(environment, name, size, count)
        port = free_port()
        server = stack.enter_context(running(environment, TRIAGE, "serve", "--port", str(port)))
        wait_for(port)
        kinds = {kind: paths for kind, paths in kinds.items() if kind.startswith(options.kinds or "")}
        plan = {"port": port, "cookies": tokens, "kinds": kinds}
        figures = _summed(summed) + _one_by_one(plan, server)
        if not options.kinds:
            figures += _first_loads(port, tokens, kinds)
            figures += _together(plan, server, seconds)
    report("pages", figures, as_json=options.json)


def _prepared(environment: dict[str, str], name: str, size: Size, count: int) -> _Prepared:
    """A filled database, sessions in it, and which pages are asked for."""
    engine = create_engine(url_of(name))
    with engine.connect() as connection:
        is_filled = connection.execute(text("SELECT to_regclass('referral')")).scalar_one() is not None
    if not is_filled:
        triage(environment, "init")
        rules, schemes = load_review_rules(), load_schemes()
        categories = [one.code for one in schemes.scheme(rules.scheme).categories]
        started = time.monotonic()
        with engine.begin() as connection:
            fill(connection, size, load_priority_rules(), rules.scheme, categories)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        sys.stderr.write(f"filled in {time.monotonic() - started:.0f} s\n")
    with engine.begin() as connection:
        tokens, kinds = sign_in(connection), _kinds(connection, count)
        connection.execute(text(_AN_HOUR), {"referral": HUGE})
    engine.dispose()
    named = sorted(
        {int(path.rpartition("/")[2]) for kind in kinds if kind.startswith("referral") for path in kinds[kind]}
    )
    command = [sys.executable, "-m", "bench.made_deployment"]
    ran = subprocess.run(
        command, input=json.dumps(named), env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return tokens, kinds, dict(zip(named, json.loads(ran.stdout), strict=True))


def _summed(seconds: Mapping[int, float]) -> list[Figure]:
    """What summing up costs when a referral is assessed, once for all its readers."""
    small = statistics.median(took for one, took in seconds.items() if one > REPORTS)
    return [
        Figure("summing up, small", 1e3 * small, "ms"),
        Figure("summing up, huge", 1e3 * seconds[HUGE], "ms", "small", 1e3 * small),
    ]


def _kinds(connection: Connection, count: int) -> dict[str, list[str]]:
    """Kind of page → addresses, each of another thing. Those whose cost hangs on nothing are asked for again."""
    small = some(connection, f"SELECT id FROM referral WHERE id > {REPORTS} ORDER BY id", count)
    large = [*range(FIRST_LARGE, LAST_LARGE + 1)] * 4
    items = some(connection, "SELECT id FROM item WHERE outcome IN ('near', 'unknown', 'known') ORDER BY id", count)
    submissions = some(connection, "SELECT id FROM submission ORDER BY id", count)
    again = range(count // 4)
    return {
        "queue": ["/queue" if one % 2 else f"/queue?offset={50 * (one % 9)}" for one in again],
        "queue, filtered": [f"/queue?{_FILTERS[one % len(_FILTERS)]}" for one in again],
        "referral, small": [f"/referrals/{one}" for one in small],
        "referral, large": [f"/referrals/{one}" for one in large],
        "referral, huge": [f"/referrals/{HUGE}"] * 10,
        "referral, reports": [f"/referrals/{REPORTS}"] * 10,
        "item": [f"/items/{one}" for one in items],
        OPINIONS: [f"/referrals/{HUGE}/opinions"] * 5,
        "submissions": ["/submissions"] * len(again),
        "submission": [f"/submissions/{one}" for one in submissions],
        "exposure": ["/exposure"] * len(again),
        "second": ["/second"] * len(again),
        "work": ["/work"] * 10,
        "audit": ["/audit"] * 10,
    }


def _asked(plan: Mapping[str, Any]) -> dict[str, list[list[float]]]:
    """What a client process of its own saw."""
    command = [sys.executable, "-m", "bench.page_client"]
    ran = subprocess.run(command, input=json.dumps(plan), check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, list[list[float]]] = json.loads(ran.stdout)
    return found


def _one_by_one(plan: dict[str, Any], server: int) -> list[Figure]:
    """Each kind alone, one request at a time, by people who see all cases."""
    everywhere = plan["cookies"][::2]  # a member of all cases can open whatever is asked for
    kinds = plan["kinds"]
    figures = []
    floor = 0.0
    for kind, paths in {"health": ["/health"] * 100, **kinds}.items():
        cookies = plan["cookies"][:1] if kind in {"work", "audit"} else everywhere
        warmed = _asked({**plan, "cookies": cookies, "kinds": {kind: paths[:4]}})  # plans, templates, caches
        before = processor_seconds(server)
        took = [1e3 * one[0] for one in _asked({**plan, "cookies": cookies, "kinds": {kind: paths}})[kind]]
        cpu = 1e3 * (processor_seconds(server) - before) / len(paths)
        if kind == "health":
            floor = statistics.median(took)
            continue
        if kind == OPINIONS:
            figures.append(Figure(f"{kind}: the first time", 1e3 * warmed[kind][0][0], "ms", FLOOR, floor))
        figures += [
            Figure(f"{kind}: p50", statistics.median(took), "ms", FLOOR, floor),
            Figure(f"{kind}: p95", _share(took, 0.95), "ms", FLOOR, floor, GOAL_PAGE),
            Figure(f"{kind}: the server's own CPU", cpu, "ms"),
        ]
        sys.stderr.write(f"{kind}: p50 {statistics.median(took):.1f} p95 {_share(took, 0.95):.1f} cpu {cpu:.1f} ms\n")
    return figures


def _first_loads(port: int, tokens: Sequence[str], kinds: Mapping[str, Sequence[str]]) -> list[Figure]:
    """A page and every file that it names, by an empty browser: bytes as they travel."""
    session = Session(port, tokens[0])
    figures = []
    for kind in ("queue", "referral, small", "referral, huge", "item"):
        _, head, body = session.get_whole(kinds[kind][0])
        length = len(body)
        page = gzip.decompress(body) if b"gzip" in head else body
        files = sorted(set(re.findall(r"/static/[^\"]+", page.decode())))
        whole = length + sum(session.get(path)[1] for path in files)
        figures.append(Figure(f"{kind}: first load", whole / 1e3, "kB", "the page alone", length / 1e3, GOAL_LOAD))
    return figures


def _together(plan: dict[str, Any], server: int, seconds: float) -> list[Figure]:
    """Fifty people at once, who read between two pages."""
    readable = {kind: plan["kinds"][kind] for kind in MIX}
    everywhere = [one for one in plan["cookies"][::2] for _ in (1, 2)]
    before = processor_seconds(server)
    asked = {**plan, "cookies": everywhere, "kinds": readable, "mix": MIX, "seconds": seconds, "think": THINK}
    took = [1e3 * one[0] for answers in _asked(asked).values() for one in answers]
    busy = (processor_seconds(server) - before) / seconds
    return [
        Figure(f"{len(everywhere)} people at once: p50", statistics.median(took), "ms"),
        Figure(f"{len(everywhere)} people at once: p95", _share(took, 0.95), "ms", goal=GOAL_TOGETHER),
        Figure("pages a second meanwhile", len(took) / seconds, "1/s"),
        Figure("the server's CPU meanwhile", busy, "cores"),
    ]


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
