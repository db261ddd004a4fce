"""One bucket of an S3-compatible store, through obstore: create-only puts, streams, ranges, lists; our errors.

What goes over the wire is sealed frames under random names. Bodies are therefore not hashed for the signature
(`unsigned_payload`, twice as fast): a byte that changes on its way does not verify when it is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from triage.domain.errors import NotFound, Refused, Unavailable
from triage.settings import S3Settings
from triage.vault.s3_keys import S3Keys, s3_keys
from triage.vault.seam import Segment

if TYPE_CHECKING:  # obstore has these names for annotations only
    from obstore.store import ClientConfig, S3Config, S3Credential, S3CredentialProvider

PART = 16 * 1024 * 1024
"""Bytes in a part of a stream. A store takes 10,000 parts, so one object may have 156 GiB."""
_PARTS_AT_ONCE = 2
_TRIES = 3
_PAUSE = 0.2
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})")
_ELSEWHERE = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"})
_FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})

_NO_RIGHT = (PermissionDeniedError, UnauthenticatedError)
_CHECK_KEYS = (
    "The store refuses our credentials ({}): check vault.s3.access_key_id and secret_access_key, and that they may"
    " list, read and write in the bucket."
)


class Bucket:
    """The objects below one prefix of one bucket, `s3://bucket/prefix`; for any number of threads."""

    def __init__(self, url: str, settings: S3Settings) -> None:
        """Connect to nothing yet. Raises Refused `vault-plain-http`, and what the keys and the CA file raise."""
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        endpoint = settings.endpoint.rstrip("/") or f"https://s3.{settings.region}.amazonaws.com"
        plain = urlsplit(endpoint).scheme == "http"
        if plain and not (settings.allow_http or _is_loopback(urlsplit(endpoint).hostname)):
            raise Refused("vault-plain-http", "The store's endpoint is plain http: use https, or set allow_http.")
        self._give_up = settings.give_up_seconds
        keys = s3_keys(settings)
        try:
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                config=_config(endpoint, settings),
                credential_provider=_provider(keys),
                client_options=_client(settings, plain=plain),
                retry_config={"max_retries": 10, "retry_timeout": timedelta(seconds=self._give_up)},
            )
        except ValueError:  # all else has been checked as it was read
            raise Refused("config-invalid", "The file of vault.s3.ca_file holds no certificate (PEM).") from None

    def put_new(self, name: str, data: bytes | bytearray) -> bool:
        """Store an object whole, unless one of that name exists. Returns whether it was not there already.

        That is how a put ends whose answer was lost: it is sent again, finds the name taken, and reads its own bytes
        back. Raises Unavailable, `name-taken` for other bytes.
        """
        until = time.monotonic() + self._give_up
        for attempt in range(1, _TRIES + 1):
            try:
                obstore.put(self._store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                if self.read(name, 0, len(data) + 1) == data:
                    return False
                raise Unavailable("name-taken", "The store holds other bytes under this name.") from None
            except (BaseError, OSError) as error:
                if _status(error) or _code(error) or attempt == _TRIES or time.monotonic() > until:
                    raise _explained(error) from None  # obstore has tried again already whatever has a status
                time.sleep(_PAUSE * attempt)
            else:
                return True
        raise AssertionError("unreachable")

    def put_stream(self, name: str, parts: Iterable[bytes]) -> None:
        """Store an object as its bytes stream by, in a few parts of memory; visible only when whole.

        Whatever `parts` raises comes through, and the upload is aborted. Raises Unavailable.
        """
        failures: list[BaseException] = []

        def watched() -> Iterator[bytes]:
            try:
                yield from parts
            except BaseException as error:
                failures.append(error)
                raise

        try:
            obstore.put(
                self._store, name, watched(), use_multipart=True, chunk_size=PART, max_concurrency=_PARTS_AT_ONCE
            )
        except (BaseError, OSError) as error:
            if failures:
                raise failures[0] from None
            raise _explained(error) from None

    def read(self, name: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start` on, fewer only at the object's end.

        Raises NotFound when there is no such object; Unavailable.
        """
        try:
            return bytes(obstore.get_range(self._store, name, start=start, length=length))
        except (BaseError, OSError) as error:
            if _code(error) == "InvalidRange" or _status(error) == 416:
                return b""
            raise _explained(error) from None

    def segments(self) -> Iterator[Segment]:
        """Every object below the prefix, with its size in bytes. Raises Unavailable."""
        try:
            for page in obstore.list(self._store, chunk_size=1000):
                for found in page:
                    yield Segment(found["path"], found["size"])
        except (BaseError, OSError) as error:
            raise _explained(error) from None


def _config(endpoint: str, settings: S3Settings) -> S3Config:
    """All that obstore would otherwise take from AWS_* in the environment, some of it over what is set here."""
    config: S3Config = {
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "region": settings.region,
        "virtual_hosted_style_request": False,
        "skip_signature": False,
        "unsigned_payload": True,
    }
    if settings.checksum:
        config["checksum_algorithm"] = settings.checksum
    return config


def _provider(keys: S3Keys) -> S3CredentialProvider:
    def provide() -> S3Credential:
        return {
            "access_key_id": keys.access_key_id,
            "secret_access_key": keys.secret_access_key.get_secret_value(),
            "token": None,
            "expires_at": None,
        }

    return provide


def _client(settings: S3Settings, *, plain: bool) -> ClientConfig:
    client: ClientConfig = {
        "allow_http": plain,
        "connect_timeout": timedelta(seconds=min(5.0, settings.request_seconds)),
        "timeout": timedelta(seconds=settings.request_seconds),
    }
    if settings.ca_file:
        client["root_certificate"] = _authority(settings.ca_file)
    return client


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _authority(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        raise Unavailable("key-missing", "The certificate authority of vault.s3.ca_file cannot be read.") from None


def _code(error: BaseException) -> str:
    found = _CODE.search(str(error))
    if found is None and "redirect without LOCATION" in str(error):
        return "PermanentRedirect"  # a store's way to name another region, which obstore puts in its own words
    return found[1] if found else ""


def _status(error: BaseException) -> int:
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0


def _explained(error: BaseException) -> NotFound | Unavailable:
    """What obstore says, as one of our errors: its own texts hold addresses and the store's prose."""
    code, status = _code(error), _status(error)
    said = code or (f"status {status}" if status else "no answer")
    if code == "NoSuchKey":
        return NotFound("no-such-object", "There is no such object in the store.")
    for sentence_code, applies, sentence in (
        ("vault-credentials", code == "RequestTimeTooSkewed", "This machine's clock is wrong: {}."),
        ("vault-credentials", code in _ELSEWHERE, "The store expects another region ({}): check vault.s3.region."),
        ("disk-full", code in _FULL or status == 507, "The store has no room ({}); nothing sealed is affected."),
        ("vault-credentials", isinstance(error, _NO_RIGHT) or status in {401, 403}, _CHECK_KEYS),
        ("vault-absent", status == 404, "There is no such bucket ({}): check vault.url and vault.s3.endpoint."),
        ("vault-refused", 0 < status < 500, "The store does not take the request ({})."),
    ):
        if applies:
            return Unavailable(sentence_code, sentence.format(said))
    return Unavailable("vault-unreachable", f"The store does not answer as it should ({said}).")
