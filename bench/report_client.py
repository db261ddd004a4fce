"""A client process for `bench.reports`: prepared requests over kept connections, as cheap as a client can be.

`python -m bench.report_client PORT[,PORT…] TOKEN FIRST REQUESTS CONNECTIONS RATE`: RATE 0 sends as fast as
answers come, else requests are due at even times, and a request's time counts from when it was due. Prints one JSON
object.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from hashlib import sha256

from bench.pictures import FOLDER

_BOUNDARY = b"made-up-boundary-4711"
_MARK = b"@@@@@@@@@@@@"
PICTURE = FOLDER / "report-100kb.jpg"


def template(port: int, token: str) -> tuple[bytes, list[int]]:
    """A request of three files by digest and one of 100 kB, with places where a number makes it another one."""
    told = {sha256(f"made up {number}".encode()).hexdigest() for number in range(3)}
    report = {
        "reference": _MARK.decode(),
        "incident": {"types": ["material"], "at": "2026-11-20T10:00:00+07:00", "platform": "example"},
        "parties": [
            {
                "role": "subject",
                "identifiers": [
                    {"kind": "account", "value": "made-up-" + _MARK.decode(), "service": "example"},
                    {"kind": "email", "value": "made-up@example.invalid"},
                    {"kind": "ip", "value": "192.0.2.7", "port": 4711, "at": "2026-11-20T09:59:00+07:00"},
                ],
            }
        ],
        "files": [
            *({"sha256": _MARK.decode().replace("@", "0") + one[12:], "viewed": "no"} for one in sorted(told)),
            {"name": "picture.jpg", "viewed": "yes", "part": "a"},
        ],
        "finish": True,
    }
    body = b"\r\n".join(
        [
            b"--" + _BOUNDARY,
            b'Content-Disposition: form-data; name="report"',
            b"Content-Type: application/json",
            b"",
            json.dumps(report).encode(),
            b"--" + _BOUNDARY,
            b'Content-Disposition: form-data; name="a"; filename="picture.jpg"',
            b"Content-Type: image/jpeg",
            b"",
            PICTURE.read_bytes() + _MARK,
            b"--" + _BOUNDARY + b"--",
            b"",
        ]
    )
    head = (
        f"POST /v1/reports HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY.decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    whole = head.encode() + body
    places, at = [], whole.find(_MARK)
    while at >= 0:
        places.append(at)
        at = whole.find(_MARK, at + 1)
    # The three digests, each made another by the number.
    places.extend(whole.index(b"000000000000" + one[12:].encode()) for one in told)
    return whole, places


def main() -> None:
    """Send, and tell how it went."""
    where, token, first, requests, connections, rate = sys.argv[1:]
    ports = [int(port) for port in where.split(",")]
    whole, places = template(ports[0], token)
    turn, took, statuses = iter(range(int(requests))), [], []
    lock = threading.Lock()
    begun = time.perf_counter()

    def send(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = bytearray(whole)
            while True:
                with lock:
                    number = next(turn, None)
                if number is None:
                    return
                mark = b"%012d" % (int(first) + number)
                for place in places:
                    request[place : place + len(mark)] = mark
                due = begun + number / float(rate) if float(rate) else time.perf_counter()
                time.sleep(max(0.0, due - time.perf_counter()))
                connection.sendall(request)
                status = _answered(connection)
                with lock:
                    took.append(time.perf_counter() - due)
                    statuses.append(status)

    threads = [
        threading.Thread(target=send, args=(ports[number % len(ports)],)) for number in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    taken = sorted(took)
    print(
        json.dumps(
            {
                "per_second": len(taken) / seconds,
                "p50": taken[len(taken) // 2],
                "p99": taken[int(len(taken) * 0.99)],
                "worst": taken[-1],
                "cpu_ms_each": 1_000 * time.process_time() / len(taken),
                "statuses": {str(one): statuses.count(one) for one in sorted(set(statuses))},
            }
        )
    )


def _answered(connection: socket.socket) -> int:
    """The status of the next answer, which is read to its end."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += _more(connection)
    return int(head.split(b" ", 2)[1])


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionError("the server has closed the connection")
    return piece


if __name__ == "__main__":
    main()
