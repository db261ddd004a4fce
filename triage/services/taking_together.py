"""Group commit: reports that come at once share one transaction, one sync of the vault and one place in the log."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from triage.domain.errors import TriageError, Unavailable

from .coming_reports import GivenReport
from .report_answers import ReportStatus
from .taking_reports import TakingReports

TOGETHER = 64
_BYTES_TOGETHER = 32 << 20
_WAITING = 1_000
_BYTES_WAITING = 256 << 20


@dataclass(slots=True)
class _Waiting:
    given: GivenReport
    size: int
    answer: Future[ReportStatus | TriageError] = field(default_factory=Future)


class TakingTogether:
    """One thread that takes what has gathered while it wrote what came before. Nobody waits for others to come."""

    def __init__(self, taking: TakingReports) -> None:
        self._taking = taking
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._reports, self._bytes = 0, 0
        self._thread = threading.Thread(target=self._run, name="taking-reports", daemon=True)
        self._thread.start()

    def take(self, given: GivenReport) -> Future[ReportStatus | TriageError]:
        """The answer to be, once its commit stands. Raises Unavailable `busy` where too many wait."""
        waiting = _Waiting(given, sum(len(file.data) for file in given.files if file.data))
        with self._lock:
            if self._reports >= _WAITING or self._bytes + waiting.size > _BYTES_WAITING:
                raise Unavailable("busy", "Too many reports wait at this moment: send it again.")
            self._reports, self._bytes = self._reports + 1, self._bytes + waiting.size
        self._queue.put(waiting)
        return waiting.answer

    def close(self) -> None:
        """Take what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            if first is None:
                return
            batch, going = self._gathered(first)
            # Whoever has gone away meanwhile is not taken; from here on nobody can.
            self._take([one for one in batch if one.answer.set_running_or_notify_cancel()])
            with self._lock:
                self._reports -= len(batch)
                self._bytes -= sum(one.size for one in batch)

    def _gathered(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What waits behind the first, as much as shares a commit; and whether to go on after it."""
        batch, size = [first], first.size
        while len(batch) < TOGETHER and size < _BYTES_TOGETHER:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batch, False
            batch.append(more)
            size += more.size
        return batch, True

    def _take(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        try:
            answers = self._taking.take([one.given for one in batch])
        except TriageError as error:
            for one in batch:
                one.answer.set_exception(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one report must not end the thread for all
            if len(batch) > 1:
                for one in batch:
                    self._take([one])
            else:
                batch[0].answer.set_exception(error)
        else:
            for one, answer in zip(batch, answers, strict=True):
                one.answer.set_result(answer)
