"""Small reports over HTTP: three files by digest and one of 100 kB (a made-up JPEG, each another) in one request.

`python -m bench.reports [--quick] [--no-workers] [--only KIND] [--servers N] [--seconds N]`. A client process
of its own, over PostgreSQL, while `triage work` works on what arrives. Measured: reports accepted a second with 64
connections that always ask; then, at 300 due a second, the time from when a request was due until its answer was
read. The peers, in the same run: the same server with one transaction for each report, and a bare FastAPI route that
parses the same requests and keeps nothing. TRIAGE_TEST_POSTGRES names a server other than this machine's.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import cv2
import numpy as np

from bench.cpu_by_process import Processors, url_as
from bench.figures import Figure, arguments, report
from bench.pictures import FOLDER
from bench.report_client import PICTURE
from bench.serving import TRIAGE, database, free_port, running, triage, wait_for

RATE = 300
CONNECTIONS = 64


def main() -> None:
    """Measure ours and the peers."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--no-workers", action="store_true", help="nobody works on what arrives")
    parser.add_argument("--seconds", type=float, help="how long each part lasts, about")
    parser.add_argument("--only", choices=("together", "one-each", "bare"), help="one server alone")
    parser.add_argument("--servers", type=int, default=1, help="processes that answer, as behind a proxy")
    options = parser.parse_args()
    seconds = options.seconds or (3.0 if options.quick else 20.0)
    _make_picture()
    found = {}
    for kind in ("bare", "one-each", "together"):
        if options.only in {None, kind}:
            found[kind] = _measured(kind, seconds, options.servers, workers=not options.no_workers and kind != "bare")
    for kind, parts in found.items():
        sys.stderr.write(f"{kind}: {json.dumps(parts)}\n")
    if options.only:
        return
    ours = found["together"]
    figures = [
        Figure("accepted", ours["most"]["per_second"], "reports/s", peer, found[kind]["most"]["per_second"], goal)
        for kind, peer, goal in (
            ("one-each", "one transaction each", f"at least {RATE}/s"),
            ("bare", "a bare route that parses", None),
        )
    ]
    for share in ("p50", "p99", "worst"):
        figures += [
            Figure(
                f"{share} at {RATE}/s",
                1_000 * ours["paced"][share],
                "ms",
                "one transaction each",
                1_000 * found["one-each"]["paced"][share],
                "at most 150 ms" if share == "p99" else None,
            )
        ]
    report("reports", figures, as_json=options.json)


def _measured(kind: str, seconds: float, servers: int, *, workers: bool) -> dict[str, dict[str, Any]]:
    with ExitStack() as stack:
        name = f"api_bench_{secrets.token_hex(4)}"
        stack.enter_context(database(name))
        run = FOLDER / f"run-reports-{os.getpid()}"
        stack.callback(shutil.rmtree, run, ignore_errors=True)
        environment = {
            **os.environ,
            "TRIAGE_DATA": str(run),
            "TRIAGE_DATABASE__URL": url_as(name, "server"),
            "TRIAGE_API__REQUESTS_PER_SECOND": "100000",
            "TRIAGE_API__BURST": "100000",
        }
        triage(environment, "init")
        basis = ("--country", "TH", "--basis", "made-up statute 1")
        triage(environment, "senders", "add", "example-provider", "--kind", "provider", *basis)
        issued = triage(environment, "keys", "issue", "example-provider", "--scope", "report", "--json")
        token = json.loads(issued)["token"]
        processes, ports = {}, []
        for number in range(servers):
            ports.append(free_port())
            serving = (sys.executable, "-m", "bench.report_servers", kind, str(ports[-1]))
            processes[f"server {number + 1}"] = stack.enter_context(running(environment, *serving))
            wait_for(ports[-1])
        if workers:
            working = environment | {"TRIAGE_DATABASE__URL": url_as(name, "workers")}
            processes["workers"] = stack.enter_context(running(working, TRIAGE, "work", "--follow"))
        processors = Processors(name, processes)
        _client(ports, token, 0, 200, 0)  # warm
        processors.used()
        found = {}
        for part, first, requests, rate in (("most", 1_000, 250, 0.0), ("paced", 1_000_000, RATE, RATE)):
            taken = _client(ports, token, first, round(seconds * requests), rate)
            used = {who: 1_000 * each / (seconds * requests) for who, each in processors.used().items()}
            found[part] = {**taken, "cpu_ms_each": {"client": taken["cpu_ms_each"], **used}}
        return found


def _client(ports: list[int], token: str, first: int, requests: int, rate: float) -> dict[str, Any]:
    where = ",".join(map(str, ports))
    command = [sys.executable, "-m", "bench.report_client", where, token, str(first), str(requests)]
    answer = subprocess.run([*command, str(CONNECTIONS), str(rate)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _make_picture() -> None:
    """Shapes and noise of about 100 kB."""
    FOLDER.mkdir(exist_ok=True)
    noise = np.random.default_rng(7).integers(0, 256, (600, 800, 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (5, 5), 0)
    for quality in range(95, 20, -1):
        data = cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= 100_000:
            break
    PICTURE.write_bytes(data)


if __name__ == "__main__":
    main()
