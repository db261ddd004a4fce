"""Which status stands for which error, for every door that speaks HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unavailable, Unreadable

_OF_KIND: Mapping[type[TriageError], int] = {
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    Unreadable: 422,
    Unavailable: 503,
}
_OF_CODE: Mapping[str, int] = {
    "key-unknown": 401,
    "key-expired": 401,
    "key-revoked": 401,
    "sender-disabled": 401,
    "body-too-large": 413,
    "content-type-unknown": 415,
    "text-invalid": 422,
    "too-many-requests": 429,
}
_RETRY_SECONDS = 1


class TooManyRequests(Refused):
    """A key asks faster than it may, or an address tries to sign in too often. `seconds`: until it may again."""

    def __init__(
        self, seconds: float, sentence: str = "This key asks too fast: wait as long as Retry-After says."
    ) -> None:
        super().__init__("too-many-requests", sentence)
        self.seconds = seconds


def status_of(error: TriageError) -> int:
    """The HTTP status of an error."""
    by_kind = next((status for kind, status in _OF_KIND.items() if isinstance(error, kind)), 500)
    return _OF_CODE.get(error.code, by_kind)


def headers_of(error: TriageError) -> dict[str, str]:
    """What an error's answer says in its headers: how to sign in, when to ask again."""
    status = status_of(error)
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="triage"'}
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(max(1, round(error.seconds + 0.5)))}
    return {"Retry-After": str(_RETRY_SECONDS)} if status == 503 else {}
