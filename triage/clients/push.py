"""`triage push`: a seizure sent to another deployment. The far end knows how far it is; nothing is kept here.

Small files travel together in packs, large ones by tus. What the far end holds of the case is not sent.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from triage.domain.errors import Conflict, TriageError
from triage.domain.findings import NoteCode
from triage.domain.interruption import Interrupted
from triage.domain.pushes import (
    PACK_BYTES,
    PACK_FILES,
    PACK_TYPE,
    Manifest,
    Offer,
    OfferState,
    PackedFile,
    pack_cost,
    packed,
)
from triage.services.walking import SourceFile, SourceFolder, SourceProblem, root_of, walk

from .far_end import FarEnd
from .large_file import LargeFiles
from .source import Source, SourceFailedError, offer_of

SMALL = 1 << 20
"""Files up to here travel in packs: a request, a sync and a commit for many of them."""
_PAGE_FILES, _PAGE_BYTES = 500, 8 << 20
_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPlan:
    """What is sent, and what is said of it. `reread` digests every file, also those that look unchanged."""

    source: bytes
    case: str
    exhibit: str
    label: str
    basis: str = ""
    handling: tuple[str, ...] | None = None
    may_share_with: tuple[str, ...] | None = None
    parallel: int = 4
    reread: bool = False


@dataclass
class PushProgress:
    """Counts so far; several threads add to them."""

    files: int = 0
    sent: int = 0
    held: int = 0
    bytes_sent: int = 0
    problems: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        """Add to counts by name."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


@dataclass(frozen=True, slots=True)
class PushResult:
    """Both sides agree on `manifest` (hex), the sum of `files`."""

    submission: str
    manifest: str
    files: int
    bytes: int


class Pusher:
    """One push from beginning to end; run again after whatever stopped it."""

    def __init__(self, far: FarEnd, plan: PushPlan) -> None:
        self._far = far
        self._plan = plan
        self._source = Source(root_of(plan.source), far.stopped.is_set)
        self._push = ""
        self._agreed: dict[bytes, tuple[int, bytes]] = {}
        self._large = LargeFiles(far, self._source)
        self.progress = PushProgress()

    def run(self, tell: Callable[[PushProgress], None] = lambda _: None) -> PushResult:
        """Send what is missing, and compare manifests. Raises what the far end says, Conflict `manifest-differs`."""
        plan = self._plan
        stated = {
            "case": plan.case,
            "exhibit": plan.exhibit,
            "label": plan.label,
            "basis": plan.basis,
            "handling": plan.handling,
            "may_share_with": plan.may_share_with,
        }
        opened = self._far.ask("/v1/pushes", stated)
        self._push = f"/v1/pushes/{opened['push']}"
        looks = not plan.reread and opened["files"] > 0
        self._send_all(tell, by_look=looks)
        found = self._finish()
        if not found["equal"]:
            # Something was lost, or changed between being looked at and being read: all is read and offered again.
            self._agreed.clear()
            self.progress.files = 0
            self._send_all(tell, by_look=False)
            found = self._finish()
        if not found["equal"]:
            raise Conflict(
                "manifest-differs",
                "Here and there are not the same files: some that were sent before are no longer at the source."
                " Push it under another --label.",
            )
        return PushResult(found["submission"], found["manifest"], found["files"], found["bytes"])

    def _send_all(self, tell: Callable[[PushProgress], None], *, by_look: bool) -> None:
        with ThreadPoolExecutor(self._plan.parallel) as pool:
            running: set[Future[None]] = set()
            try:
                for work in self._work(by_look=by_look):
                    running.add(pool.submit(work))
                    if len(running) >= 2 * self._plan.parallel:
                        running = _some_done(running)
                    tell(self.progress)
                while running:
                    running = _some_done(running)
                    tell(self.progress)
            except BaseException:
                self._far.stopped.set()
                raise

    def _work(self, *, by_look: bool) -> Iterator[Callable[[], None]]:
        """Pages of small files and of problems, and each large file for itself."""
        page: list[SourceFile] = []
        problems: list[SourceProblem] = []
        size = 0
        for found in walk(self._plan.source):
            if isinstance(found, SourceFolder):
                continue
            if isinstance(found, SourceProblem):
                problems.append(found)
            elif found.size > SMALL:
                yield partial(self._send_large, found, by_look=by_look)
                continue
            else:
                page.append(found)
                size += found.size
            if len(page) + len(problems) >= _PAGE_FILES or size >= _PAGE_BYTES:
                yield partial(self._send_page, page, problems, by_look=by_look)
                page, problems, size = [], [], 0
        yield partial(self._send_page, page, problems, by_look=by_look)

    def _send_page(self, page: list[SourceFile], problems: list[SourceProblem], *, by_look: bool) -> None:
        self.progress.add(files=len(page), problems=len(problems))
        if problems:
            self._tell_problems((problem.path, NoteCode(problem.note.code)) for problem in problems)
        if by_look and page:
            page = self._not_recorded(page)
        files, failed = [], []
        for found in page:
            try:
                files.append(self._source.whole(found))
            except SourceFailedError as error:
                failed.append(error.path)
        self._tell_failed(failed)
        if not files:
            return
        missing = self._missing(files)
        for batch in _batches(missing):
            self._send_pack(batch)

    def _not_recorded(self, page: list[SourceFile]) -> list[SourceFile]:
        """Those that the far end does not have as they look now."""
        left = []
        for found, answer in zip(page, self._offer([offer_of(one) for one in page]), strict=True):
            if answer["state"] == OfferState.RECORDED:
                self._agree(found.path, found.size, bytes.fromhex(answer["sha256"]))
                self.progress.add(held=1)
            else:
                left.append(found)
        return left

    def _missing(self, files: list[PackedFile]) -> list[PackedFile]:
        answers = self._offer([one.offer for one in files])
        missing = [one for one, answer in zip(files, answers, strict=True) if answer["state"] != OfferState.RECORDED]
        self.progress.add(held=len(files) - len(missing))
        for one in files:
            assert one.offer.sha256
            self._agree(one.offer.path, one.offer.size, one.offer.sha256)
        return missing

    def _send_pack(self, batch: list[PackedFile]) -> None:
        answer = self._far.call("POST", f"{self._push}/packs", packed(batch), {"Content-Type": PACK_TYPE}).document
        if any(state != OfferState.RECORDED for state in answer["states"]):
            raise Conflict("digest-mismatch", "What arrived is not what was sent: line or machine is broken.")
        self.progress.add(sent=len(batch), bytes_sent=sum(one.offer.size for one in batch))

    def _send_large(self, found: SourceFile, *, by_look: bool) -> None:
        self.progress.add(files=1)
        if by_look and not self._not_recorded([found]):
            return
        try:
            offer = self._source.digested(found)
            [answer] = self._offer([offer])
            if answer["state"] == OfferState.RECORDED:
                self.progress.add(held=1)
            else:
                self._large.send(
                    self._push, offer, answer.get("upload"), lambda count: self.progress.add(bytes_sent=count)
                )
                self.progress.add(sent=1)
        except SourceFailedError as error:
            self._tell_failed([error.path])
            return
        assert offer.sha256
        self._agree(offer.path, offer.size, offer.sha256)

    def _offer(self, offers: list[Offer]) -> list[Mapping[str, str]]:
        told = self._far.ask(f"{self._push}/offers", {"offers": [_document(offer) for offer in offers]})
        answers: list[Mapping[str, str]] = told["answers"]
        return answers

    def _tell_failed(self, paths: list[bytes]) -> None:
        if paths:
            self.progress.add(problems=len(paths))
            self._tell_problems((path, NoteCode.SOURCE_UNREADABLE) for path in paths)

    def _tell_problems(self, problems: Iterable[tuple[bytes, NoteCode]]) -> None:
        told = [{"path": _text(path), "code": code.value} for path, code in problems]
        self._far.ask(f"{self._push}/offers", {"problems": told})

    def _agree(self, path: bytes, size: int, digest: bytes) -> None:
        self._agreed[path] = (size, digest)

    def _finish(self) -> Mapping[str, Any]:
        manifest = Manifest()
        for path in sorted(self._agreed):
            manifest.add(path, *self._agreed[path])
        while True:
            try:
                told: Mapping[str, Any] = self._far.ask(f"{self._push}/finish", {"manifest": manifest.digest().hex()})
            except Conflict as error:
                if error.code != "push-waiting":
                    raise
                _pause(self._far.stopped)
            else:
                return told


def _batches(files: list[PackedFile]) -> Iterator[list[PackedFile]]:
    batch: list[PackedFile] = []
    cost = 0
    for one in files:
        more = pack_cost(one.offer)
        if batch and (len(batch) == PACK_FILES or cost + more > PACK_BYTES):
            yield batch
            batch, cost = [], 0
        batch.append(one)
        cost += more
    if batch:
        yield batch


def _some_done(running: set[Future[None]]) -> set[Future[None]]:
    """Those that still run, when at least one has ended or a moment has passed. Raises what one raised."""
    done, rest = wait(running, timeout=_WAIT_SECONDS, return_when=FIRST_COMPLETED)
    errors = [error for one in done if (error := one.exception())]
    told = [error for error in errors if isinstance(error, TriageError)] or errors
    if told:
        raise told[0]
    return rest


def _pause(stopped: threading.Event) -> None:
    if stopped.wait(_WAIT_SECONDS):
        raise Interrupted


def _document(offer: Offer) -> dict[str, object]:
    found: dict[str, object] = {"path": _text(offer.path), "size": offer.size, "mtime_ns": offer.mtime_ns}
    return {**found, "sha256": offer.sha256.hex()} if offer.sha256 else found


def _text(path: bytes) -> str:
    return base64.b64encode(path).decode()
