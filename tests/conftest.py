"""What every new deployment of a test process begins with."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from triage.store import schema


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`triage init` in this process finds a new SQLite database as all migrations leave it, and looks for more.

    They take a quarter of a second, and hundreds of tests begin with a deployment of their own. Migrating from
    nothing has its tests (`test_schema.py`), and is what every init on PostgreSQL and in its own process does.
    """
    migrate = schema.upgrade_schema
    folder = tmp_path_factory.mktemp("migrated-once")
    template, making = folder / "template.sqlite3", threading.Lock()

    def upgrade(url: str) -> None:
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and address.database and not Path(address.database).exists():
            with making:
                if not template.exists():
                    migrate(f"sqlite:///{template}")
            _copied_whole(template, Path(address.database))
        migrate(url)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(schema, "upgrade_schema", upgrade)
        yield


def _copied_whole(template: Path, path: Path) -> None:
    """A copy that nobody sees in part: others may begin the same deployment at once."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    shutil.copyfile(template, draft)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
