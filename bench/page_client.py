"""A client process for `bench.pages`: reads a plan from standard input, asks for pages over kept connections.

The plan is one JSON object: `port`, `cookies` (one a session), `kinds` (name → paths), `mix` (name → weight),
`seconds`, `think` (seconds between two pages of a session, the least and the most). Without `mix` each path of each
kind is asked for once, one after the other; with it all sessions ask at once for `seconds`. Prints one JSON object:
kind → seconds and bytes of each answer. A status other than 200 ends it.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Session:
    """One browser: a cookie and a kept connection."""

    port: int
    cookie: str
    connection: socket.socket | None = None
    held: bytes = b""

    def get(self, path: str) -> tuple[float, int]:
        """Seconds until the last byte, and bytes of the body as they travelled."""
        seconds, _, body = self.get_whole(path)
        return seconds, len(body)

    def get_whole(self, path: str) -> tuple[float, bytes, bytes]:
        """Seconds until the last byte, the head, the body as it travelled."""
        asked = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: triage={self.cookie}\r\n"
            "Accept: text/html\r\nAccept-Encoding: gzip\r\n\r\n"
        ).encode()
        started = time.perf_counter()
        for again in (True, False):
            try:
                if self.connection is None:
                    self.connection, self.held = socket.create_connection(("127.0.0.1", self.port), 60), b""
                self.connection.sendall(asked)
                head, body = self._read()
            except OSError:
                self.connection = None  # a kept connection may have been closed meanwhile
                if not again:
                    raise
            else:
                return time.perf_counter() - started, head, body
        raise AssertionError

    def _read(self) -> tuple[bytes, bytes]:
        while b"\r\n\r\n" not in self.held:
            self._more()
        head, _, rest = self.held.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode("ascii", "replace"))
        told = head.lower().partition(b"content-length:")[2]
        length = int(told.split(b"\r\n")[0])
        self.held = rest
        while len(self.held) < length:
            self._more()
        body, self.held = self.held[:length], self.held[length:]
        return head, body

    def _more(self) -> None:
        assert self.connection
        part = self.connection.recv(1 << 18)
        if not part:
            raise ConnectionResetError
        self.held += part


@dataclass
class Asked:
    """What came of it, by kind: (seconds, bytes)."""

    answers: defaultdict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def one(self, session: Session, kind: str, path: str) -> None:
        """Ask for one page."""
        self.answers[kind].append(session.get(path))


def main() -> None:
    """Ask, and tell how it went."""
    plan: Mapping[str, Any] = json.load(sys.stdin)
    sessions = [Session(plan["port"], cookie) for cookie in plan["cookies"]]
    asked = Asked()
    if plan.get("mix"):
        _all_at_once(plan, sessions, asked)
    else:
        for kind, paths in plan["kinds"].items():
            for number, path in enumerate(paths):
                asked.one(sessions[number % len(sessions)], kind, path)
    json.dump(asked.answers, sys.stdout)


def _all_at_once(plan: Mapping[str, Any], sessions: list[Session], asked: Asked) -> None:
    ends = time.monotonic() + plan["seconds"]
    kinds, weights = list(plan["mix"]), list(plan["mix"].values())
    failed: list[BaseException] = []

    def work(number: int) -> None:
        drawn = random.Random(number)
        try:
            while time.monotonic() < ends and not failed:
                time.sleep(drawn.uniform(*plan["think"]))
                kind = drawn.choices(kinds, weights)[0]
                asked.one(sessions[number], kind, drawn.choice(plan["kinds"][kind]))
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(sessions))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failed:
        raise failed[0]


if __name__ == "__main__":
    main()
