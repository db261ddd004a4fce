"""The errors that cross floors. Each carries a stable code and ids, never names, values or metadata of evidence."""

from __future__ import annotations


class TriageError(Exception):
    """Base of every error that a door turns into an answer; `code` is stable and documented."""

    exit_code = 1

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Refused(TriageError):
    """Law, policy, limit or role says no."""

    exit_code = 3


class NotFound(TriageError):
    """No such thing."""

    exit_code = 4


class Conflict(TriageError):
    """It exists already or has changed meanwhile."""

    exit_code = 5


class Unreadable(TriageError):
    """The evidence or the file handed in is broken; never retried."""

    exit_code = 6


class Unavailable(TriageError):
    """The machine is broken: disk full, service absent, key missing. Retried, then visible."""

    exit_code = 7


class Tampered(TriageError):
    """A digest, a seal or the log does not verify. Stops the line."""

    exit_code = 8
