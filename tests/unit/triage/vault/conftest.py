"""The S3 server of the vault's tests, and a proxy before it that misbehaves on order; keys."""

import pytest

from tests.servers.s3 import S3Server, s3_proxy, s3_server
from tests.vaults import keys

__all__ = ["keys", "s3_proxy", "s3_server"]


@pytest.fixture
def name(s3_server: S3Server) -> str:
    """A new, empty bucket."""
    return s3_server.new_bucket()
