"""A bucket whose store is slow, broken, full, gone or somebody else's: a clear word each time, and nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.s3 import KEYS, REFUSED, FaultyProxy, S3Server, bucket_of, s3_settings
from triage.domain.errors import NotFound, Refused, TriageError, Unavailable
from triage.vault.bucket import PART, Bucket

DATA = bytes(range(256)) * 64


@pytest.fixture
def bucket(s3_proxy: FaultyProxy, name: str) -> Bucket:
    """Through the proxy, with patience for a busy machine."""
    return bucket_of(s3_proxy, name, request_seconds=30, give_up_seconds=30)


@pytest.fixture
def hasty(s3_proxy: FaultyProxy, name: str) -> Bucket:
    """The same bucket with little patience, for trouble that lasts."""
    return bucket_of(s3_proxy, name, request_seconds=30, give_up_seconds=1)


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(TriageError) as caught:
        work()
    assert caught.value.__context__ is None or caught.value.__suppress_context__  # obstore's texts hold addresses
    return caught.value.code


def test_an_object_comes_back_in_any_range(bucket: Bucket) -> None:
    """Cut at its end, and empty past it."""
    bucket.put_new("one", DATA)
    assert bucket.read("one", 0, len(DATA)) == DATA
    assert bucket.read("one", 100, 7) == DATA[100:107]
    assert bucket.read("one", len(DATA) - 3, 10) == DATA[-3:]
    assert bucket.read("one", len(DATA), 10) == b""
    with pytest.raises(NotFound):
        bucket.read("two", 0, 1)


def test_a_put_never_replaces(bucket: Bucket) -> None:
    """The same bytes again are the same put; other bytes are refused, and what is there stays."""
    assert bucket.put_new("one", DATA)
    assert not bucket.put_new("one", DATA)
    assert code_of(lambda: bucket.put_new("one", DATA + b"x")) == "name-taken"
    assert code_of(lambda: bucket.put_new("one", DATA[:-1])) == "name-taken"
    assert bucket.read("one", 0, len(DATA) + 1) == DATA


@pytest.mark.parametrize("kind", ["reset", "lost-reply"])
def test_a_put_survives_a_broken_connection(
    bucket: Bucket, s3_proxy: FaultyProxy, s3_server: S3Server, name: str, kind: str
) -> None:
    """Also when the store had taken it and the answer was lost: it is sent again and meets its own bytes."""
    s3_proxy.fail(kind, method="PUT")
    assert bucket.put_new("one", DATA) is (kind == "reset")
    assert s3_server.get(name, "unit/one/one") == DATA


def test_a_put_whose_success_was_told_as_a_failure_is_one_put(bucket: Bucket, s3_proxy: FaultyProxy) -> None:
    """A gateway says 500 after the store has taken it; the try after that meets its own bytes."""
    s3_proxy.fail("lost-reply", method="PUT")
    s3_proxy.fail("status", method="PUT", status=500)
    assert bucket.put_new("one", DATA) is False


def test_passing_trouble_is_not_noticed(bucket: Bucket, s3_proxy: FaultyProxy) -> None:
    """One 500, one 503, one reset, one reply cut short: each request is made again."""
    s3_proxy.fail("status", status=500)
    assert bucket.put_new("one", DATA)
    for kind, more in (("status", {"status": 503}), ("reset", {}), ("lost-reply", {})):
        s3_proxy.fail(kind, **more)
        assert bucket.read("one", 0, 10) == DATA[:10]
        s3_proxy.fail(kind, **more)
        assert [found.name for found in bucket.segments()] == ["one"]


def test_a_reply_cut_short_is_never_taken_for_the_whole(bucket: Bucket, hasty: Bucket, s3_proxy: FaultyProxy) -> None:
    """Half an answer is read on, or told; it is not half an object."""
    bucket.put_new("one", DATA)
    s3_proxy.fail("cut", method="GET", times=1)
    assert bucket.read("one", 0, len(DATA)) == DATA
    s3_proxy.fail("cut", method="GET", times=1000)
    assert code_of(lambda: hasty.read("one", 0, len(DATA))) == "vault-unreachable"


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 500}, {"kind": "status", "status": 503}, {"kind": "reset"}],
    ids=lambda fault: str(fault.get("status", fault["kind"])),
)
def test_lasting_trouble_is_told_after_a_few_tries(
    hasty: Bucket, s3_proxy: FaultyProxy, fault: dict[str, object]
) -> None:
    """Whatever was asked for; and once it is over, the same bucket works."""
    assert hasty.put_new("one", DATA)
    s3_proxy.fail(times=100_000, **fault)
    assert code_of(lambda: hasty.put_new("two", DATA)) == "vault-unreachable"
    assert code_of(lambda: hasty.put_stream("three", [DATA])) == "vault-unreachable"
    assert code_of(lambda: hasty.read("one", 0, 1)) == "vault-unreachable"
    assert code_of(lambda: list(hasty.segments())) == "vault-unreachable"
    assert len(s3_proxy.requests) < 100
    s3_proxy.heal()
    assert hasty.put_new("two", DATA)


def test_a_store_that_never_answers_is_left(s3_proxy: FaultyProxy, name: str) -> None:
    """A request has its time, and its tries have theirs: the test's own limit is the bound."""
    bucket = bucket_of(s3_proxy, name, request_seconds=0.5, give_up_seconds=0.5)
    s3_proxy.fail("slow", seconds=5, times=1000)
    assert code_of(lambda: bucket.put_new("one", DATA)) == "vault-unreachable"
    assert code_of(lambda: bucket.read("one", 0, 1)) == "vault-unreachable"


def test_others_go_on_while_one_waits(bucket: Bucket, s3_proxy: FaultyProxy) -> None:
    """A slow store holds up the thread that asked, not the interpreter: leases are renewed meanwhile."""
    bucket.put_new("one", DATA)
    s3_proxy.fail("slow", seconds=1.5, method="GET")
    beats = 0
    waiting = threading.Thread(target=bucket.read, args=("one", 0, 10))
    waiting.start()
    while waiting.is_alive():
        beats += 1
        time.sleep(0.01)
    assert beats > 10


def test_nobody_there(name: str) -> None:
    """No server at all."""
    bucket = Bucket(f"s3://{name}", s3_settings("http://127.0.0.1:9", give_up_seconds=1))
    assert code_of(lambda: bucket.put_new("one", DATA)) == "vault-unreachable"


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (403, "SignatureDoesNotMatch", "vault-credentials"),
        (403, "InvalidAccessKeyId", "vault-credentials"),
        (403, "AccessDenied", "vault-credentials"),
        (401, "Unauthorized", "vault-credentials"),
        (403, "RequestTimeTooSkewed", "vault-credentials"),
        (400, "AuthorizationHeaderMalformed", "vault-credentials"),
        (301, "PermanentRedirect", "vault-credentials"),
        (404, "NoSuchBucket", "vault-absent"),
        (404, "", "vault-absent"),
        (507, "XMinioStorageFull", "disk-full"),
        (403, "QuotaExceeded", "disk-full"),
        (400, "InvalidRequest", "vault-refused"),
    ],
)
def test_what_a_store_refuses_is_told_with_what_to_check(
    hasty: Bucket, s3_proxy: FaultyProxy, status: int, said: str, code: str
) -> None:
    """By every way of asking, with the store's own code in the sentence, and no secret."""
    s3_proxy.fail("status", status=status, body=REFUSED % said.encode(), times=1000)
    for work in (
        lambda: hasty.put_new("one", DATA),
        lambda: hasty.put_stream("one", [DATA]),
        lambda: hasty.read("one", 0, 1),
        lambda: list(hasty.segments()),
    ):
        with pytest.raises(Unavailable) as caught:
            work()
        assert caught.value.code == code
        assert (said or "404") in caught.value.sentence
        assert KEYS["secret_access_key"] not in caught.value.sentence


def test_a_missing_bucket_is_told(s3_server: S3Server) -> None:
    """By a real server's own words."""
    bucket = bucket_of(s3_server, "evidence-that-nobody-made")
    for work in (
        lambda: bucket.put_new("one", DATA),
        lambda: list(bucket.segments()),
        lambda: bucket.read("a", 0, 1),
    ):
        assert code_of(work) == "vault-absent"
    assert code_of(lambda: bucket.put_stream("one", [DATA])) == "vault-absent"


def test_a_stream_is_visible_only_when_whole(bucket: Bucket, s3_server: S3Server, name: str) -> None:
    """Not while it runs, not when its source fails; nothing is left begun, and the source's error comes through."""
    seen: list[list[str]] = []

    def parts(fails: bool) -> Iterator[bytes]:
        for _ in range(4):
            yield DATA * (PART // len(DATA) // 2 + 1)
            seen.append(s3_server.names(name))
        if fails:
            raise FileNotFoundError("the reader's own trouble")

    with pytest.raises(FileNotFoundError, match="own trouble"):
        bucket.put_stream("one", parts(fails=True))
    assert s3_server.unfinished(name) == 0
    bucket.put_stream("two", parts(fails=False))
    assert not any(seen)
    assert s3_server.names(name) == ["unit/one/two"]


def test_a_stream_survives_a_part_that_fails(bucket: Bucket, s3_proxy: FaultyProxy) -> None:
    """The part is sent again."""
    s3_proxy.fail("status", status=500, method="PUT")
    s3_proxy.fail("lost-reply", method="PUT")
    bucket.put_stream("one", [DATA] * 3)
    assert bucket.read("one", 0, 4 * len(DATA)) == DATA * 3


def test_a_stream_that_breaks_down_leaves_nothing(
    hasty: Bucket, s3_proxy: FaultyProxy, s3_server: S3Server, name: str
) -> None:
    """What was begun is aborted as soon as the store answers to that."""
    s3_proxy.fail("status", status=500, method="PUT", times=1000)
    assert code_of(lambda: hasty.put_stream("one", [DATA])) == "vault-unreachable"
    assert (s3_server.names(name), s3_server.unfinished(name)) == ([], 0)


def test_plain_http_is_for_this_machine_only() -> None:
    """Unless a setting says otherwise."""
    for endpoint in ("http://store.example", "http://10.0.0.5:9000", "http://localhost.example"):
        assert code_of(lambda endpoint=endpoint: Bucket("s3://evidence", s3_settings(endpoint))) == "vault-plain-http"
        Bucket("s3://evidence", s3_settings(endpoint, allow_http=True))
    for endpoint in ("http://127.0.0.1:9000", "http://localhost:9000", "https://store.example", ""):
        Bucket("s3://evidence", s3_settings(endpoint))


def test_the_environment_of_other_tools_changes_nothing(
    s3_server: S3Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evidence goes where the settings say, whatever AWS_* says."""
    for variable, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "another",
        "AWS_SESSION_TOKEN": "another",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_BUCKET": "another",
        "AWS_REGION": "another",
    }.items():
        monkeypatch.setenv(variable, value)
    with FaultyProxy(s3_server.endpoint) as proxy:
        bucket_of(proxy, name).put_new("one", DATA)
        [headers] = proxy.headers
    assert s3_server.get(name, "unit/one/one") == DATA
    assert f"Credential={KEYS['access_key_id']}/" in headers["authorization"]
    assert "/us-east-1/" in headers["authorization"]
    assert "x-amz-security-token" not in headers


@pytest.mark.parametrize("checksum", ["SHA256", "CRC64NVME"])
def test_a_checksum_is_sent_where_it_is_asked_for(s3_server: S3Server, name: str, checksum: str) -> None:
    """Buckets with Object Lock take nothing without one, whole or in parts."""
    with FaultyProxy(s3_server.endpoint) as proxy:
        bucket = bucket_of(proxy, name, checksum=checksum)
        bucket.put_new("one", DATA)
        assert f"x-amz-checksum-{checksum.lower()}" in proxy.headers[-1]
        bucket.put_stream("two", [DATA])
        assert any(f"x-amz-checksum-{checksum.lower()}" in headers for headers in proxy.headers[1:])
    assert bucket_of(s3_server, name).read("two", 0, len(DATA)) == DATA


def test_a_missing_authority_is_told(tmp_path: Path) -> None:
    """And one that is no certificate."""
    absent = s3_settings("https://store.example", ca_file=str(tmp_path / "ca.pem"))
    assert code_of(lambda: Bucket("s3://evidence", absent)) == "key-missing"
    (tmp_path / "ca.pem").write_text("no certificate", encoding="ascii")
    with pytest.raises(Refused, match="ca_file"):
        Bucket("s3://evidence", absent)
