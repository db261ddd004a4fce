"""The S3 server of the vault's tests, and a proxy before it that misbehaves on order."""

from tests.servers.s3 import s3_proxy, s3_server

__all__ = ["s3_proxy", "s3_server"]
