"""What the door says: response codes, and the XML in which clients of the real service look for them.

Codes travel with HTTP 200, as clients expect (they treat 5101 and 5102 after a repeat as done, and never come so far
where HTTP reports an error). Exceptions: 401 has an empty body; a fault or a wait of ours is 500, 503 or 429, so that
a client that knows nothing of codes comes back later; an unknown address is 404.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from xml.sax.saxutils import escape

from starlette.responses import Response

from triage.domain.errors import Tampered, TriageError, Unavailable
from triage.interfaces.web.statuses import headers_of, status_of


class ResponseCode(IntEnum):
    """The codes of the CyberTipline Reporting API that this door uses."""

    SUCCESS = 0
    SERVER_ERROR = 1000
    FILE_UPLOAD_FAILED = 1111
    NOT_FOUND = 1210
    NOT_AUTHORISED = 3000
    NOT_AUTHORISED_TO_SUBMIT = 3100
    NOT_AUTHORISED_TO_UPDATE = 3300
    INVALID_REQUEST = 4000
    VALIDATION_FAILED = 4100
    MALFORMED_XML = 4110
    MALFORMED_FILE = 4200
    NO_REPORT = 5001
    NO_FILE = 5002
    RETRACTED = 5101
    FINISHED = 5102


_CODES: Mapping[str, ResponseCode] = {
    "xml-malformed": ResponseCode.MALFORMED_XML,
    "xml-invalid": ResponseCode.VALIDATION_FAILED,
    "form-invalid": ResponseCode.INVALID_REQUEST,
    "upload-too-large": ResponseCode.FILE_UPLOAD_FAILED,
    "digest-mismatch": ResponseCode.MALFORMED_FILE,
    "no-report": ResponseCode.NO_REPORT,
    "no-file": ResponseCode.NO_FILE,
    "report-finished": ResponseCode.FINISHED,
    "report-retracted": ResponseCode.RETRACTED,
    "report-expired": ResponseCode.NO_REPORT,  # as there: it was deleted, and nothing of it is left to speak of
}
NOT_ADMITTED = frozenset({"key-unknown", "key-expired", "key-revoked", "sender-disabled"})
_LATER = "too-many-requests"
_FAULT, _NO_SUCH_ADDRESS = 500, 404


@dataclass(slots=True)
class About:
    """What an answer speaks of: the report once the request has named it, a file and its MD5 (32 hex digits)."""

    report_id: int | None = None
    file_id: str | None = None
    md5: str | None = None


def done(about: About | None = None) -> Response:
    """Success, about this."""
    return _report_response(ResponseCode.SUCCESS, "Success", about or About(), 200)


def finished(code: ResponseCode, report_id: int, file_ids: Sequence[str]) -> Response:
    """The answer to `finish`, of which clients read no other, whatever became of it."""
    files = "".join(f"<fileId>{escape(one)}</fileId>" for one in file_ids)
    return _document(
        f"<reportDoneResponse><responseCode>{code.value}</responseCode><reportId>{report_id}</reportId>"
        f"<files>{files}</files></reportDoneResponse>",
        200,
    )


def failed(error: TriageError, about: About | None = None, *, unscoped: ResponseCode) -> Response:
    """The answer to a failure. `unscoped` is the code for a key that may not do this."""
    if error.code in NOT_ADMITTED:
        return not_admitted()
    code = code_of(error, unscoped)
    status = status_of(error) if code is ResponseCode.SERVER_ERROR else 200
    answer = _report_response(code, error.sentence, about or About(), status)
    if status != 200:
        answer.headers.update(headers_of(error))
    return answer


def not_admitted() -> Response:
    """401 without a body, as the real service answers."""
    return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="ispws", charset="UTF-8"'})


def no_such_address() -> Response:
    """Nothing is served there."""
    return _report_response(ResponseCode.NOT_FOUND, "Nothing is served here.", About(), _NO_SUCH_ADDRESS)


def fault() -> Response:
    """A fault of ours."""
    sentence = "A fault of ours; the log has its kind and place under this request's number."
    return _report_response(ResponseCode.SERVER_ERROR, sentence, About(), _FAULT)


def code_of(error: TriageError, unscoped: ResponseCode = ResponseCode.NOT_AUTHORISED) -> ResponseCode:
    """The code of a failure."""
    if error.code == "scope-missing":
        return unscoped
    if error.code in _CODES:
        return _CODES[error.code]
    if error.code == _LATER or isinstance(error, (Unavailable, Tampered)):
        return ResponseCode.SERVER_ERROR
    return ResponseCode.INVALID_REQUEST


def _report_response(code: ResponseCode, sentence: str, about: About, status: int) -> Response:
    told = (("reportId", about.report_id), ("fileId", about.file_id), ("hash", about.md5))
    rest = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told if value is not None)
    return _document(
        f"<reportResponse><responseCode>{code.value}</responseCode>"
        f"<responseDescription>{escape(sentence)}</responseDescription>{rest}</reportResponse>",
        status,
    )


def _document(body: str, status: int) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + body,
        status,
        media_type="text/xml",
    )
