"""An error without its words: its type, its code, and where it was raised.

Messages quote what they complain about: a file's name, a statement's values, bytes that do not parse. Types, codes,
error numbers and places come from programs and are all that a log tells.
"""

from __future__ import annotations

import traceback

from triage.domain.errors import TriageError

_FRAMES = 12
_CAUSES = 4


def described(error: BaseException) -> dict[str, object]:
    """Type, code, error number, the innermost places as `module:line`, and the same of what caused it."""
    return _described(error, _CAUSES)


def _described(error: BaseException, causes: int) -> dict[str, object]:
    told: dict[str, object] = {"type": type(error).__qualname__}
    if isinstance(error, TriageError):
        told["code"] = error.code
    elif isinstance(error, OSError) and type(error.errno) is int:
        told["errno"] = error.errno
    frames = list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]
    told["where"] = [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in frames]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes:
        told["because"] = _described(cause, causes - 1)
    return told
