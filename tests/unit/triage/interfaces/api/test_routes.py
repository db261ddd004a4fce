"""The reporting API as a provider's engineer meets it: answers, codes, limits."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.unit.triage.interfaces.api.conftest import Served
from triage.domain.senders import Scope
from triage.services.knowing import SANDBOX_ANSWERS

ROOT = Path(__file__).parents[5]
PICTURE = b"\xff\xd8\xff" + b"made-up noise " * 50


def code_of(answer: Any) -> tuple[int, str]:
    """Status and code of an error; every error has this one shape."""
    document = answer.json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "sentence"}
    return answer.status_code, document["error"]["code"]


def form(report: dict[str, Any], **parts: bytes) -> dict[str, Any]:
    """Files of a form, as the client takes them."""
    named = {name: (name, data, "application/octet-stream") for name, data in parts.items()}
    return {"report": ("report", json.dumps(report), "application/json"), **named}


def newest(served: Served) -> list[str]:
    """The report that was written last."""
    with served.services.store.reading() as unit:
        return [kept.public_id for kept, _ in unit.reports.latest(1, sandbox=False)]


def whole(**more: Any) -> dict[str, Any]:
    """A report that is finished at once."""
    return {"incident": {"types": ["material"]}, "finish": True, **more}


def test_a_report_in_one_request(served: Served) -> None:
    """JSON and bytes in one form: finished, with a receipt."""
    key = served.key()
    document = whole(reference="r-1", files=[{"name": "a.jpg", "part": "a", "viewed": "yes"}, {"md5": "0" * 32}])
    answer = served.client.post("/v1/reports", files=form(document, a=PICTURE), headers=key)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["reference"], told["sandbox"], told["notes"]) == ("finished", "r-1", False, [])
    assert [file["state"] for file in told["files"]] == ["arrived", "told"]
    assert told["files"][0]["sha256"] == sha256(PICTURE).hexdigest()
    assert len(told["receipt"]) == 64
    assert served.client.get(f"/v1/reports/{told['id']}", headers=key).json() == told


def test_a_report_step_by_step(served: Served) -> None:
    """Open, files with bytes and by digest, finish, outcome."""
    key = served.key()
    opened = served.report(key).json()
    address = f"/v1/reports/{opened['id']}"
    files = {"file": ("file", '{"name": "a.jpg"}', "application/json"), "data": ("data", PICTURE)}
    assert served.client.post(f"{address}/files", files=files, headers=key).status_code == 201
    assert served.client.post(f"{address}/files", json={"sha1": "0" * 40}, headers=key).json()["state"] == "told"
    assert served.client.post(f"{address}/finish", headers=key).json()["state"] == "finished"
    outcome = served.client.get(f"{address}/outcome", headers=key).json()
    assert (outcome["outcome"], outcome["became"]) == ("received", [])
    assert len(outcome["files"]) == 2
    assert code_of(served.client.post(f"{address}/retract", headers=key)) == (409, "report-finished")


def test_what_people_recorded_is_told_in_codes(served: Served) -> None:
    """Documented bytes of the sandbox have one; nothing else is in the answer."""
    key = served.key(sandbox=True)
    document = whole(files=[{"part": "a"}])
    told = served.client.post("/v1/reports", files=form(document, a=b"triage sandbox became child-safe"), headers=key)
    outcome = served.client.get(f"/v1/reports/{told.json()['id']}/outcome", headers=key).json()
    assert (outcome["became"], set(outcome)) == (["child-safe"], {"id", "outcome", "became", "files"})


def test_a_retracted_report_says_so(served: Served) -> None:
    """State and outcome agree."""
    key = served.key()
    address = f"/v1/reports/{served.report(key).json()['id']}"
    assert served.client.post(f"{address}/retract", headers=key).json()["state"] == "retracted"
    assert served.client.get(f"{address}/outcome", headers=key).json()["outcome"] == "retracted"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x.y"}]
)
def test_nobody_comes_in_without_a_key(served: Served, headers: dict[str, str]) -> None:
    """On every route."""
    report = "0" * 32
    for method, path in (
        ("POST", "/v1/reports"),
        ("GET", f"/v1/reports/{report}"),
        ("POST", f"/v1/reports/{report}/files"),
        ("POST", f"/v1/reports/{report}/finish"),
        ("POST", f"/v1/reports/{report}/retract"),
        ("GET", f"/v1/reports/{report}/outcome"),
        ("POST", "/v1/known"),
    ):
        answer = served.client.request(method, path, headers=headers)
        assert code_of(answer) == (401, "key-unknown"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_revoked_in_mid_report_stops_the_next_request(served: Served) -> None:
    """Even where the door remembers it."""
    key = served.key()
    report = served.report(key).json()["id"]
    served.services.admitting.revoke(key["Authorization"].split()[1])
    for answer in (
        served.report(key),
        served.client.post(f"/v1/reports/{report}/files", json={}, headers=key),
        served.client.post(f"/v1/reports/{report}/finish", headers=key),
        served.client.get(f"/v1/reports/{report}", headers=key),
    ):
        assert code_of(answer) == (401, "key-revoked")


def test_each_scope_opens_its_own_doors(served: Served) -> None:
    """A key that pushes seizures cannot report, and one that reports is not told what is known."""
    assert code_of(served.report(served.key(Scope.PUSH))) == (403, "scope-missing")
    asked = {"files": [{"md5": "0" * 32}]}
    reporter = served.key(Scope.REPORT)
    assert code_of(served.client.post("/v1/known", json=asked, headers=reporter)) == (403, "scope-missing")
    assert served.report(reporter, files=[{"md5": "0" * 32}]).json()["files"][0]["known"] is None


def test_known_is_asked_by_digests(served: Served) -> None:
    """One answer for each file, in order."""
    key = served.key()
    served.client.post("/v1/reports", files=form(whole(files=[{"part": "a"}]), a=PICTURE), headers=key)
    asked = {"files": [{"sha256": sha256(PICTURE).hexdigest()}, {"md5": "0" * 32}]}
    answer = served.client.post("/v1/known", json=asked, headers=key)
    assert answer.json() == {"files": ["held", "not-known"]}


def test_the_sandbox_answers_as_documented(served: Served) -> None:
    """By its own digests, apart from what is real."""
    key = served.key(sandbox=True)
    files = [{"sha256": sha256(text).hexdigest()} for text in SANDBOX_ANSWERS]
    assert served.client.post("/v1/known", json={"files": files}, headers=key).json()["files"] == list(
        SANDBOX_ANSWERS.values()
    )
    told = served.client.post("/v1/reports", json=whole(files=files), headers=key).json()
    assert told["sandbox"] is True
    assert served.client.get(f"/v1/reports/{told['id']}", headers=served.key()).status_code == 404


def test_an_idempotency_key_has_one_answer(served: Served) -> None:
    """However the client wrote the request this time; another request is refused."""
    key = served.key() | {"Idempotency-Key": "made-up-1"}
    document = whole(files=[{"part": "a"}])
    first = served.client.post("/v1/reports", files=form(document, a=PICTURE), headers=key)
    again = served.client.post("/v1/reports", files=form(document, a=PICTURE), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = served.client.post("/v1/reports", files=form(document, a=PICTURE + b"x"), headers=key)
    assert code_of(other) == (409, "idempotency-key-reused")
    assert code_of(served.report(key)) == (409, "idempotency-key-reused")


def test_a_reference_is_used_once_by_each_sender(served: Served) -> None:
    """The refusal names the report that has it."""
    key = served.key()
    first = served.report(key, reference="r-1").json()["id"]
    again = served.report(key, reference="r-1")
    assert code_of(again) == (409, "reference-taken")
    assert first in again.json()["error"]["sentence"]
    assert served.report(served.key(name="other"), reference="r-1").status_code == 201


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"incident": {"types": []}},
        {"incident": {"types": ["something else"]}},
        {"incident": {"types": ["material"], "at": "2026-11-20T10:00:00"}},
        {"incident": {"types": ["material"]}, "unknown": 1},
        {"incident": {"types": ["material"], "summary": "x" * 20_001}},
        {"incident": {"types": ["material"]}, "note": "a\x00b"},
        {"incident": {"types": ["material"]}, "reference": ""},
        {"incident": {"types": ["material"]}, "files": [{"sha256": "0" * 63}]},
        {"incident": {"types": ["material"]}, "files": [{"part": "../a"}]},
        {"incident": {"types": ["material"]}, "parties": [{"role": "subject", "identifiers": [{"kind": "ip"}]}]},
    ],
)
def test_what_is_not_as_documented_is_refused(served: Served, document: dict[str, Any]) -> None:
    """Naive times, unknown words, too much text: and nothing is written."""
    before = newest(served)
    answer = served.client.post("/v1/reports", json=document, headers=served.key())
    assert code_of(answer) == (422, "request-invalid")
    assert newest(served) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"null", b"[" * 100_000, b'{"incident": "\\ud800"}', b'{"a": 1e999999}']
)
def test_what_is_no_json_is_refused(served: Served, body: bytes) -> None:
    """Whatever it is."""
    headers = served.key() | {"Content-Type": "application/json"}
    assert code_of(served.client.post("/v1/reports", content=body, headers=headers)) == (422, "request-invalid")


def test_an_error_never_repeats_a_value(served: Served) -> None:
    """It may be evidence, and errors are logged by clients."""
    secret = "made-up-name-of-evidence"
    for document in (
        {"incident": {"types": [secret]}},
        {"incident": {"types": ["material"], "at": secret}},
        {"incident": {"types": ["material"]}, "files": [{"sha256": secret}]},
    ):
        answer = served.client.post("/v1/reports", json=document, headers=served.key())
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"other": ("x", b"{}")}, "part-missing"),
        (form(whole(files=[{"part": "a"}])), "part-missing"),
        (form(whole(), a=PICTURE), "part-unknown"),
        (form(whole(files=[{"part": "a"}, {"part": "a"}]), a=PICTURE), "part-missing"),
    ],
)
def test_a_forms_parts_are_those_that_files_name(served: Served, files: dict[str, Any], code: str) -> None:
    """No more, no fewer."""
    assert code_of(served.client.post("/v1/reports", files=files, headers=served.key())) == (422, code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b"--y\r\n\r\n\r\n--y--\r\n",
        b"--x\r\n\r\n{}\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="report"\r\n\r\n{}',
        b'--x\r\nContent-Disposition: form-data; name="report"\r\n\r\n{}\r\n' * 2 + b"--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 10_000 + b"\r\n\r\n{}\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n{}\r\n--x--\r\n',
    ],
)
def test_a_broken_form_is_refused(served: Served, body: bytes) -> None:
    """Cut, nameless, twice the same name, endless headers."""
    headers = served.key() | {"Content-Type": "multipart/form-data; boundary=x"}
    status, code = code_of(served.client.post("/v1/reports", content=body, headers=headers))
    assert (status, code) in {(422, "form-invalid"), (422, "part-missing")}


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 99]
)
def test_other_kinds_of_bodies_are_refused(served: Served, kind: str) -> None:
    """JSON or a form with a boundary."""
    headers = served.key() | {"Content-Type": kind}
    status, code = code_of(served.client.post("/v1/reports", content=b"{}", headers=headers))
    assert (status, code) in {(415, "content-type-unknown"), (422, "form-invalid")}


def test_a_body_that_is_too_large_is_not_read(served: Served) -> None:
    """Told by its length, or found out on the way."""
    headers = served.key() | {"Content-Type": "application/json"}
    told = served.client.post("/v1/reports", content=b"x" * 200_001, headers=headers)
    assert code_of(told) == (413, "body-too-large")
    untold = served.client.post("/v1/reports", content=iter([b"x" * 100_000] * 3), headers=headers)
    assert code_of(untold) == (413, "body-too-large")


def test_a_request_brings_only_so_many_files(served: Served) -> None:
    """The setting says how many."""
    answer = served.report(served.key(), files=[{"md5": "0" * 32}] * 6)
    assert code_of(answer) == (403, "too-many-files")


@pytest.mark.parametrize("report", ["0" * 32, "f" * 32])
def test_a_report_that_is_not_there_is_not_found(served: Served, report: str) -> None:
    """Nor is another sender's."""
    assert code_of(served.client.get(f"/v1/reports/{report}", headers=served.key())) == (404, "no-report")


@pytest.mark.parametrize("report", ["1", "..%2f..%2fetc", "0" * 33, "G" * 32])
def test_an_address_that_is_none_is_refused(served: Served, report: str) -> None:
    """By the door's own error model."""
    answer = served.client.get(f"/v1/reports/{report}", headers=served.key())
    assert code_of(answer)[0] in {404, 422}


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201])
def test_an_idempotency_key_is_visible_ascii(served: Served, key: str) -> None:
    """Up to 200 characters."""
    answer = served.report(served.key() | {"Idempotency-Key": key})
    assert code_of(answer) == (422, "idempotency-key-invalid")


def test_bytes_that_are_not_what_is_told_are_refused(served: Served) -> None:
    """In one request too."""
    document = whole(files=[{"part": "a", "md5": "0" * 32}])
    answer = served.client.post("/v1/reports", files=form(document, a=PICTURE), headers=served.key())
    assert code_of(answer) == (422, "digest-mismatch")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\r\nb: c", "ภาพ.jpg"])
def test_a_name_is_data_only(served: Served, name: str) -> None:
    """It opens nothing and comes back nowhere but on pages of facts."""
    answer = served.report(served.key(), files=[{"name": name}])
    assert answer.status_code == 201
    assert name not in answer.text


def test_the_document_is_the_one_checked_in(served: Served) -> None:
    """Write it anew with: curl http://127.0.0.1:8470/v1/openapi.json | python -m json.tool > docs/openapi.json."""
    answer = served.client.get("/v1/openapi.json")
    checked_in = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert answer.json() == checked_in
    assert checked_in["openapi"].startswith("3.1")


def test_the_document_leads_nowhere_else(served: Served) -> None:
    """Every reference in it is answered in it."""
    text = served.client.get("/v1/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)


def test_another_method_is_told_which_ones_there_are(served: Served) -> None:
    """As RFC 9110 asks; schemathesis found it missing."""
    answer = served.client.request("TRACE", "/v1/known", headers=served.key())
    assert (code_of(answer), answer.headers["allow"]) == ((405, "http-405"), "POST")
