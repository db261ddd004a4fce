"""A client of the reporting API, for a provider: the standard library alone, one connection for each request."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triage.domain.errors import Refused, Unavailable, Unreadable

Document = Mapping[str, Any]


class ReportError(Refused):
    """The server's refusal: its `code` and sentence, and the HTTP `status`."""

    def __init__(self, code: str, sentence: str, status: int) -> None:
        super().__init__(code, sentence)
        self.status = status


@dataclass(frozen=True)
class ReportsClient:
    """Hands in reports at `address` (such as `https://triage.example`) with a token `prefix.secret`."""

    address: str
    token: str
    timeout_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not self.address.startswith(("http://", "https://")):
            raise Refused("address-invalid", "An address begins with http:// or https://.")

    def report(
        self, report: Document, parts: Mapping[str, bytes] | None = None, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Open a report, or with `"finish": True` hand in a whole one; `parts` are what its files name.

        Without an idempotency key a new one is made, so that a proxy that sends twice hands in once. Raises
        ReportError, Unavailable.
        """
        headers = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return self._post("/v1/reports", "report", report, parts or {}, headers)

    def add_file(self, report_id: str, file: Document, data: bytes | None = None) -> dict[str, Any]:
        """Add a file to an open report, with bytes or by digests. Raises ReportError, Unavailable."""
        parts = {} if data is None else {"data": data}
        return self._post(f"/v1/reports/{report_id}/files", "file", file, parts, {})

    def finish(self, report_id: str) -> dict[str, Any]:
        """Finish a report. Raises ReportError, Unavailable."""
        return self._asked(f"/v1/reports/{report_id}/finish", b"", {})

    def retract(self, report_id: str) -> dict[str, Any]:
        """Let go of an open report. Raises ReportError, Unavailable."""
        return self._asked(f"/v1/reports/{report_id}/retract", b"", {})

    def status(self, report_id: str) -> dict[str, Any]:
        """Where a report stands. Raises ReportError, Unavailable."""
        return self._asked(f"/v1/reports/{report_id}", None, {})

    def outcome(self, report_id: str) -> dict[str, Any]:
        """What became of it, `outcome` by machine and `became` by people. Raises ReportError, Unavailable."""
        return self._asked(f"/v1/reports/{report_id}/outcome", None, {})

    def known(self, files: list[Mapping[str, str]]) -> list[str]:
        """What is known of files, by digests in hexadecimal. Raises ReportError, Unavailable."""
        headers = {"Content-Type": "application/json"}
        answer = self._asked("/v1/known", json.dumps({"files": files}).encode(), headers)
        return list(answer["files"])

    def _post(
        self, path: str, name: str, document: Document, parts: Mapping[str, bytes], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        body = json.dumps(document).encode()
        kind = "application/json"
        if parts:
            boundary = secrets.token_hex(16)
            kind, body = f"multipart/form-data; boundary={boundary}", _form(boundary, {name: body, **parts})
        return self._asked(path, body, {**headers, "Content-Type": kind})

    def _asked(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        told = {"Authorization": f"Bearer {self.token}", **headers}
        request = urllib.request.Request(self.address.rstrip("/") + path, body, told)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:  # noqa: S310 - as above
                found: dict[str, Any] = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except OSError:
            raise Unavailable("server-unreachable", "The server does not answer.") from None
        except ValueError:
            raise Unreadable("answer-invalid", "The server's answer is no JSON.") from None
        return found


def _form(boundary: str, parts: Mapping[str, bytes]) -> bytes:
    pieces = []
    for name, data in parts.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        pieces += [head.encode(), data, b"\r\n"]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def _refusal(error: urllib.error.HTTPError) -> ReportError:
    with error:
        try:
            told = json.loads(error.read())["error"]
            return ReportError(told["code"], told["sentence"], error.code)
        except (ValueError, KeyError, TypeError):
            return ReportError(f"http-{error.code}", "The server refused.", error.code)
