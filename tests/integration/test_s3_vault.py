"""A whole deployment whose evidence lies in a bucket: the same facts, and every fault of the store in words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import Sample, pictures
from tests.servers.s3 import KEYS, REFUSED, FaultyProxy, S3Server


@pytest.fixture
def bucket(s3_server: S3Server, s3_proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket that the environment's settings name, reached through the proxy."""
    name = s3_server.new_bucket()
    settings = {"URL": f"s3://{name}/unit", "S3__ENDPOINT": s3_proxy.endpoint, "S3__GIVE_UP_SECONDS": "5"}
    settings |= {f"S3__{key.upper()}": value for key, value in KEYS.items()}
    for key, value in settings.items():
        monkeypatch.setenv(f"TRIAGE_VAULT__{key}", value)
    return name


@pytest.fixture
def in_bucket(tmp_path: Path, bucket: str) -> Deployment:  # noqa: ARG001 - the bucket is in the environment
    made = Deployment(tmp_path / "deployment")
    made.done("init")
    return made


def item_of(deployment: Deployment, name: str) -> int:
    """The item of a file by its name."""
    [[item]] = deployment.rows("SELECT item_id FROM occurrence WHERE path = ?", name.encode())
    return int(item)


def test_the_whole_pipeline_gives_the_same_facts_as_over_the_local_vault(
    in_bucket: Deployment, processed: Deployment, sample: Sample, s3_server: S3Server, bucket: str
) -> None:
    """Every outcome, note, match, link and referral; and nothing of the evidence lies in the data folder."""
    sample.import_sets(in_bucket)
    sample.submit(in_bucket)
    in_bucket.work(threads=2)
    assert not in_bucket.facts().differences(processed.facts())
    in_bucket.assert_audit_is_clean()
    assert in_bucket.done("audit", "--json").json["orphan_bytes"] == 0
    segments = {name.removeprefix("unit/") for name in s3_server.names(bucket)} - {"triage-vault"}
    assert segments == {row[0] for row in in_bucket.rows("SELECT DISTINCT segment FROM sealed_object")}
    assert not (in_bucket.data / "vault").exists()


class TestAnAudit:
    """What was done to the bucket behind the program's back is named."""

    @pytest.fixture
    def received(self, in_bucket: Deployment, tmp_path: Path) -> Deployment:
        in_bucket.submit(pictures(tmp_path / "source", 1, 2, 3), "EXH-1")
        in_bucket.assert_audit_is_clean()
        return in_bucket

    def test_names_the_item_whose_byte_was_flipped(
        self, received: Deployment, s3_server: S3Server, bucket: str
    ) -> None:
        """That item and no other of its pack."""
        item = item_of(received, "2.jpg")
        [[segment, offset]] = received.rows('SELECT segment, "offset" FROM sealed_object WHERE item_id = ?', item)
        data = bytearray(s3_server.get(bucket, f"unit/{segment}"))
        data[offset + 20] ^= 1
        s3_server.put(bucket, f"unit/{segment}", bytes(data))
        audit = received.run("audit", "--json")
        assert audit.code == 8
        assert [(fault["code"], fault["subject"]) for fault in audit.json["faults"]] == [("seal-broken", f"I-{item}")]

    def test_names_every_item_of_a_segment_that_is_gone(
        self, received: Deployment, s3_server: S3Server, bucket: str
    ) -> None:
        """Each by itself."""
        [[segment]] = received.rows("SELECT DISTINCT segment FROM sealed_object")
        s3_server.admin.delete_object(Bucket=bucket, Key=f"unit/{segment}")
        audit = received.run("audit", "--json")
        assert [fault["code"] for fault in audit.json["faults"]] == ["segment-missing"] * 3

    def test_counts_a_pack_that_nothing_refers_to(
        self, received: Deployment, s3_server: S3Server, bucket: str
    ) -> None:
        """As a crash between sync and commit leaves it; it is no fault and stays where it is."""
        orphan = "unit/" + "0123456789abcdef" * 2 + ".pack"
        s3_server.put(bucket, orphan, bytes(1234))
        audit = received.done("audit", "--json").json
        assert (audit["orphan_bytes"], audit["faults"]) == (1234, [])
        assert orphan in s3_server.names(bucket)


class TestAStoreInTrouble:
    """Nothing is recorded that is not safe, and the same command goes on where it stopped."""

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ({"kind": "status", "status": 500}, "vault-unreachable"),
            ({"kind": "reset"}, "vault-unreachable"),
            ({"kind": "status", "status": 403, "body": REFUSED % b"InvalidAccessKeyId"}, "vault-credentials"),
            ({"kind": "status", "status": 404, "body": REFUSED % b"NoSuchBucket"}, "vault-absent"),
        ],
    )
    def test_a_submission_stops_with_a_word_and_goes_on_later(
        self, in_bucket: Deployment, tmp_path: Path, s3_proxy: FaultyProxy, fault: dict[str, object], code: str
    ) -> None:
        """Received whole in the end, each item once."""
        source = pictures(tmp_path / "source", 1, 2, 3)
        s3_proxy.fail(times=10_000, **fault)
        words = ("submit", source, "--case", "C-1", "--exhibit", "E-1", "--basis", "Synthetic warrant", "--json")
        stopped = in_bucket.run(*words)
        assert (stopped.code, stopped.json["error"]["code"]) == (7, code)
        assert in_bucket.rows("SELECT count(*) FROM item") == [(0,)]
        s3_proxy.heal()
        in_bucket.done(*words)
        assert in_bucket.rows("SELECT count(*) FROM item") == [(3,)]
        in_bucket.assert_audit_is_clean()

    def test_work_waits_for_a_store_that_is_away(
        self, in_bucket: Deployment, tmp_path: Path, s3_proxy: FaultyProxy
    ) -> None:
        """No item is given up or noted for it."""
        in_bucket.submit(pictures(tmp_path / "source", 1, 2), "EXH-1")
        s3_proxy.fail("reset", times=10_000)
        stopped = in_bucket.run("work", "--threads", 1, "--json")
        assert stopped.code == 7
        assert in_bucket.rows("SELECT count(*) FROM processing_note") == [(0,)]
        s3_proxy.heal()
        in_bucket.change("UPDATE job SET not_before = 0")
        in_bucket.work()
        assert {row[0] for row in in_bucket.rows("SELECT outcome FROM item")} == {"unknown"}

    def test_a_process_killed_in_a_submission_leaves_at_most_packs_without_a_reference(
        self, in_bucket: Deployment, tmp_path: Path, s3_proxy: FaultyProxy
    ) -> None:
        """Killed while the store holds its put: what it took is loose bytes, and the next run seals anew."""
        source = pictures(tmp_path / "source", 1, 2, 3)
        words = ("submit", source, "--case", "C-1", "--exhibit", "E-1", "--basis", "Synthetic warrant", "--json")
        s3_proxy.fail("slow", seconds=1.5, method="PUT")
        puts = s3_proxy.count("PUT")
        process = in_bucket.start(*words)
        until = time.monotonic() + 30
        while s3_proxy.count("PUT") == puts and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
        assert finish(process).code < 0
        time.sleep(1.6)  # the proxy passes on what it holds
        in_bucket.done(*words)
        audit = in_bucket.done("audit", "--json").json
        assert (audit["items"], audit["faults"]) == (3, [])
        assert audit["orphan_bytes"] > 0


class TestInitAndDoctor:
    """What an administrator sees of the vault."""

    def test_init_says_what_is_wrong_and_makes_nothing_twice(
        self, tmp_path: Path, s3_proxy: FaultyProxy, s3_server: S3Server, bucket: str
    ) -> None:
        """First the credentials are wrong, then right, then it is run again."""
        deployment = Deployment(tmp_path / "deployment")
        s3_proxy.fail("status", status=403, body=REFUSED % b"SignatureDoesNotMatch", times=100)
        refused = deployment.run("init")
        assert refused.code == 7
        assert "SignatureDoesNotMatch" in refused.err
        assert s3_server.names(bucket) == []
        s3_proxy.heal()
        deployment.done("init")
        deployment.done("init")
        assert s3_server.names(bucket) == ["unit/triage-vault"]
        assert s3_proxy.count("DELETE") == 0

    def test_a_lost_key_is_not_replaced_while_the_bucket_holds_evidence(
        self, in_bucket: Deployment, tmp_path: Path
    ) -> None:
        """It comes back from its backup."""
        in_bucket.submit(pictures(tmp_path / "source", 1), "EXH-1")
        (in_bucket.data / "keys" / "vault.key").unlink()
        refused = in_bucket.run("init", "--json")
        assert (refused.code, refused.json["error"]["code"]) == (3, "keys-elsewhere")

    def test_doctor_has_a_line_for_the_vault(self, in_bucket: Deployment, s3_proxy: FaultyProxy) -> None:
        """Good, and bad with the reason."""

        def line() -> dict[str, object]:
            [found] = [one for one in in_bucket.run("doctor", "--json").json["checks"] if one["name"] == "vault"]
            return found

        assert line()["state"] == "ok"
        s3_proxy.fail("status", status=404, body=REFUSED % b"NoSuchBucket", times=100)
        told = line()
        assert (told["state"], "NoSuchBucket" in str(told["detail"])) == ("fail", True)


def test_keys_may_lie_in_a_folder_of_their_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bucket: str,  # noqa: ARG001 - the bucket is in the environment
) -> None:
    """As systemd hands them over; the folder is only read once they are made."""
    monkeypatch.setenv("TRIAGE_KEYS", str(tmp_path / "handed-over"))
    deployment = Deployment(tmp_path / "deployment")
    assert str(tmp_path / "handed-over") in "".join(deployment.done("init").out.split())
    assert {path.name for path in (tmp_path / "handed-over").iterdir()} == {"vault.key", "custody.key", "log-name"}
    assert not (deployment.data / "keys").exists()
    for path in (tmp_path / "handed-over").iterdir():
        path.chmod(0o400)
    deployment.submit(pictures(tmp_path / "source", 1), "EXH-1")
    deployment.done("init")
    deployment.assert_audit_is_clean()
