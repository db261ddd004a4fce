"""A server that takes S3 puts, whole or in parts, and keeps nothing: what is measured is the client's work."""

from __future__ import annotations

import contextlib
import multiprocessing
import socketserver
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

_BEGUN = b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
_WHOLE = b'<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>'


@contextlib.contextmanager
def running_sink(pause: float = 0.0) -> Iterator[str]:
    """Its endpoint, in a process of its own on the loopback; it answers each request after `pause` seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, pause), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection, pause: float) -> None:
    _Sink.pause = pause
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Sink) as server:
        server.daemon_threads = True
        told.send(server.server_address[1])
        server.serve_forever()


class _Sink(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    pause = 0.0

    def handle(self) -> None:
        scratch = memoryview(bytearray(1 << 20))
        while line := self.rfile.readline():
            rest = 0
            while (field := self.rfile.readline().lower()) not in {b"\r\n", b""}:
                if field.startswith(b"content-length:"):
                    rest = int(field.partition(b":")[2])
            while rest and (taken := self.rfile.readinto(scratch[: min(rest, len(scratch))])):
                rest -= taken
            time.sleep(self.pause)
            body = (_BEGUN if b"?uploads" in line else _WHOLE) if line.startswith(b"POST") else b""
            self.wfile.write(b'HTTP/1.1 200 OK\r\nETag: "0"\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body))
