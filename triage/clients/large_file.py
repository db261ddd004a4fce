"""One large file by tus: begun or gone on with, as often as the line breaks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from triage.domain.errors import Conflict, NotFound, TriageError, Unavailable
from triage.domain.pushes import Offer

from .far_end import FarEnd, Patience
from .source import Source

_TUS = {"Tus-Resumable": "1.0.0"}
_PATCH = {**_TUS, "Content-Type": "application/offset+octet-stream"}
_GONE = frozenset({"upload-dropped", "upload-failed", "no-upload", "http-404", "http-410"})
_ATTEMPTS = 3
"""Uploads that are begun anew because the far end dropped one, or because what arrived was not what was stated."""


@dataclass(frozen=True, slots=True)
class LargeFiles:
    """Sends files of a push one at a time; for several threads."""

    far: FarEnd
    source: Source

    def send(self, push: str, offer: Offer, begun: str | None, sent: Callable[[int], None]) -> None:
        """Send what is missing of it, and wait until it is sealed there.

        Raises Conflict `digest-mismatch` (the file changes while it is read), SourceFailedError, and what the far end
        says.
        """
        for _ in range(_ATTEMPTS):
            upload = begun or self._begin(push, offer)
            begun = None
            try:
                self._send_rest(upload, offer, sent)
                because = self._became(upload)
            except (Conflict, NotFound) as error:
                if error.code not in _GONE:
                    raise
                continue
            if because is None:
                return
        raise Conflict("digest-mismatch", "A file does not arrive as it was digested: does it change meanwhile?")

    def _begin(self, push: str, offer: Offer) -> str:
        told = {"path": offer.path, "mtime_ns": b"%d" % offer.mtime_ns}
        if offer.sha256:
            told["sha256"] = offer.sha256.hex().encode()
        metadata = ",".join(f"{name} {base64.b64encode(value).decode()}" for name, value in told.items())
        headers = {**_TUS, "Upload-Length": str(offer.size), "Upload-Metadata": metadata}
        return self.far.call("POST", f"{push}/uploads", b"", headers).headers["location"]

    def _send_rest(self, upload: str, offer: Offer, sent: Callable[[int], None]) -> None:
        patience = self.far.patience()
        at = -1
        while True:
            offset = self._offset(upload)
            if offset > at:
                patience.progress()
            at = offset
            if at == offer.size:
                return
            self._send_from(upload, offer, at, sent, patience)

    def _offset(self, upload: str) -> int:
        try:
            return int(self.far.call("HEAD", upload, b"", _TUS).headers["upload-offset"])
        except TriageError:
            self.far.call("GET", upload)  # an answer to HEAD has no body to say why
            raise

    def _send_from(self, upload: str, offer: Offer, at: int, sent: Callable[[int], None], patience: Patience) -> None:
        """One request with all that is missing. How far it came is asked afterwards, whatever the answer was."""
        try:
            blocks = self.source.blocks(offer.path, at, offer.size)
            headers = {**_PATCH, "Upload-Offset": str(at)}
            answer = self.far.once("PATCH", upload, blocks, offer.size - at, headers, sent)
        except Unavailable as error:
            patience.wait(error)
            return
        if not answer.is_good:
            refusal = answer.error()
            if answer.status in {401, 403}:
                raise refusal
            patience.wait(refusal)

    def _became(self, upload: str) -> str | None:
        """Why it failed; None once it is sealed. Waits while it is being sealed."""
        patience = self.far.patience()
        while True:
            told = self.far.call("GET", upload).document
            if told["state"] in {"arrived", "taken"}:
                return None
            if told["state"] in {"failed", "dropped"}:
                return str(told["because"])
            patience.wait(_still_waiting())


def _still_waiting() -> TriageError:
    return Unavailable("push-waiting", "What has arrived is not being sealed at the far end: see its log.")
