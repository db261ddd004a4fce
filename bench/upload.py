"""Sealed uploads beside a plain one, and a push beside `submit`: `python -m bench.upload [--quick] [--json]`.

One client of this machine sends one file over loopback, in one request, from a block that lies in memory. Ours: until
all is sealed, durable and told (the last answer); then until it is in the vault. The peer takes the same request in a
bare ASGI application on the same server, digests it with SHA-256 and keeps nothing. Client and server share cores.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, arguments, report
from bench.processes import processor_seconds, resident_bytes
from tests.servers.processes import free_port

MIB = 1 << 20
ROUNDS = 3
_TRIAGE = (sys.executable, "-c", "from workers.program import main; main()")
_SINK = """
import sys, hashlib, uvicorn
async def app(scope, receive, send):
    digest, more = hashlib.sha256(), True
    while more:
        message = await receive()
        digest.update(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", lifespan="off", access_log=False)
"""


class Deployment:
    """One of our own, served, with a key for one unit."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        self.done("init")
        self.done("senders", "add", "unit", "--kind", "unit", "--country", "TH", "--basis", "made up")
        self.token = json.loads(self.done("keys", "issue", "unit", "--scope", "push", "--json"))["token"]
        self.key = folder / "key"
        self.key.write_text(self.token)
        self.key.chmod(0o600)

    def done(self, *words: object) -> str:
        """A command that must succeed; what it printed."""
        command = [*_TRIAGE, "--data", str(self.data), *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    @contextmanager
    def served(self) -> Iterator[int]:
        """`triage serve` while the block runs; its process id."""
        command = [*_TRIAGE, "--data", str(self.data), "serve", "--port", str(self.port)]
        with _running(command, self.port) as pid:
            yield pid

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
        """A small request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, json.dumps(body) if body else None, sent)
        return connection.getresponse()

    def begun(self, size: int) -> str:
        """A new upload of this length."""
        push = json.load(self.ask("POST", "/v1/pushes", {"case": "C", "exhibit": "E", "label": "bench"}))["push"]
        answer = self.ask("POST", f"/v1/pushes/{push}/uploads", Upload_Length=str(size), Upload_Metadata="path eA==")
        return str(answer.getheader("Location"))


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit("the server ended before it answered")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except OSError:
        return False
    return True


def _send(
    port: int,
    method: str,
    path: str,
    size: int,
    headers: dict[str, str],
    told: Callable[[int], None] = lambda _: None,
) -> float:
    """Seconds until the answer to a request of so many bytes; `told` hears of each MiB that is gone."""
    block = os.urandom(MIB)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    started = time.perf_counter()
    connection.putrequest(method, path)
    for name, value in {**headers, "Content-Length": str(size)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for number in range(size // MIB):
        connection.send(block[number % 4096 :] + block[: number % 4096])
        told(number + 1)
    status = connection.getresponse().status
    if status != 204:
        raise SystemExit(f"answered with {status}")
    return time.perf_counter() - started


def _patch(deployment: Deployment, size: int, told: Callable[[int], None] = lambda _: None) -> tuple[float, float]:
    """MB/s until it is durable and told, and until it is in the vault."""
    upload = deployment.begun(size)
    headers = {
        "Authorization": f"Bearer {deployment.token}",
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    started = time.perf_counter()
    seconds = _send(deployment.port, "PATCH", upload, size, headers, told)
    while json.load(deployment.ask("GET", upload))["state"] != "taken":
        time.sleep(0.02)
    return size / seconds / 1e6, size / (time.perf_counter() - started) / 1e6


def throughput(folder: Path, size: int) -> list[Figure]:
    """In turns with the peer, best of three."""
    ours, sealed, plain = [0.0], [0.0], [0.0]
    sink_port = free_port()
    deployment = Deployment(folder)
    with (
        deployment.served() as pid,
        _running([sys.executable, "-c", _SINK, str(sink_port)], sink_port) as sink_pid,
    ):
        cpu = [0.0, 0.0]
        for _ in range(ROUNDS):
            before = processor_seconds(pid), processor_seconds(sink_pid)
            plain.append(size / _send(sink_port, "PUT", "/x", size, {}) / 1e6)
            told, in_vault = _patch(deployment, size)
            ours.append(told)
            sealed.append(in_vault)
            cpu[0] += processor_seconds(pid) - before[0]
            cpu[1] += processor_seconds(sink_pid) - before[1]
    total = ROUNDS * size / 1e6
    return [
        Figure("sealed and told", max(ours), "MB/s", "bare ASGI, SHA-256", max(plain), "at least 150 MB/s"),
        Figure("until in the vault", max(sealed), "MB/s", "bare ASGI, SHA-256", max(plain)),
        Figure("server's processor, all of it", total / cpu[0], "MB/CPU-s", "bare ASGI, SHA-256", total / cpu[1]),
    ]


def memory(folder: Path, size: int) -> list[Figure]:
    """What the server holds while one file comes in: after a tenth of it, and the most after that."""
    deployment = Deployment(folder)
    seen: list[int] = []
    with deployment.served() as pid:

        def told(mebibytes: int) -> None:
            if mebibytes % 16 == 0:
                seen.append(resident_bytes(pid))

        rate, _ = _patch(deployment, size, told)
        after = resident_bytes(pid)
    tenth = max(seen[: max(1, len(seen) // 10)])
    return [
        Figure(f"resident, {size / 1e9:.1f} GB, most", max(*seen, after) / 1e6, "MB", "after a tenth", tenth / 1e6),
        Figure(f"sealed and told, {size / 1e9:.1f} GB", rate, "MB/s"),
    ]


def pushing(folder: Path, count: int) -> list[Figure]:
    """A folder of small files, pushed and submitted, to two deployments of one machine."""
    source, chance = folder / "source", random.Random(7)
    for number in range(count):
        path = source / str(number % 50) / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randint(500, 20_000)))
    far, near = Deployment(folder / "far"), Deployment(folder / "near")
    stated = ("--case", "C", "--exhibit", "E")
    rates = []
    with far.served():
        to = ("--to", f"http://127.0.0.1:{far.port}", "--key-file", far.key)
        for _ in range(2):
            started = time.perf_counter()
            far.done("push", source, *to, *stated)
            rates.append(count / (time.perf_counter() - started))
    started = time.perf_counter()
    near.done("submit", source, *stated, "--basis", "made up")
    submitted = count / (time.perf_counter() - started)
    return [
        Figure(f"push of {count:,} small files", rates[0], "files/s", "triage submit", submitted),
        Figure("pushed again, nothing new", rates[1], "files/s", "triage submit", submitted),
    ]


def main() -> None:
    """All figures."""
    parser = arguments("Sealed uploads and pushes")
    parser.add_argument("--folder", type=Path, help="where files are written; default: the system's temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for part in ("one", "two", "three"):
            (folder / part).mkdir()
        (folder / "three" / "far").mkdir()
        (folder / "three" / "near").mkdir()
        figures = throughput(folder / "one", (64 if options.quick else 1024) * MIB)
        figures += memory(folder / "two", (160 if options.quick else 5120) * MIB)
        figures += pushing(folder / "three", 500 if options.quick else 10_000)
    report("upload", figures, as_json=options.json)


if __name__ == "__main__":
    main()
