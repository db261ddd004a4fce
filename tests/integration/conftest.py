"""Real databases with the current schema, and real deployments with a made-up seizure in them."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from demo.hash_sets import make_hash_sets
from demo.samples import make_seizure
from tests.integration.deployments import Deployment
from tests.integration.seizures import Sample, made_once
from tests.servers.s3 import s3_proxy, s3_server
from tests.services import missing
from triage.domain.checkpoints import LogSigner
from triage.store.engine import open_engine
from triage.store.schema import upgrade_schema
from triage.store.tables import metadata
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

__all__ = ["s3_proxy", "s3_server"]

POSTGRES = os.environ.get("TRIAGE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
"""A PostgreSQL where databases may be created and dropped, as SQLAlchemy's address of its maintenance database."""


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    """The address of a PostgreSQL that answers."""
    url = make_url(POSTGRES)
    try:
        engine = create_engine(url, connect_args={"connect_timeout": 3})
        engine.connect().close()
    except ModuleNotFoundError as error:
        missing(f"PostgreSQL: the driver {error.name} is not installed")
    except OperationalError:
        missing(f"PostgreSQL at {url.host}:{url.port} does not answer")
    else:
        engine.dispose()
    return url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[str]:
    """The address of a database that only this test process knows, with the current schema; dropped at the end."""
    name = f"triage_test_{uuid.uuid4().hex}"
    url = postgres_server.set(database=name).render_as_string(hide_password=False)
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        # Tests kill processes, not machines: no commit needs to wait for the disk.
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit TO off'))
        try:
            upgrade_schema(url)
            yield url
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with the current schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


def empty(url: str) -> None:
    """Take every row out of a PostgreSQL database; ids begin at 1 again.

    Rows and not tables: TRUNCATE makes 200 files anew and waits for each, a second or two; this is a few hundredths.
    """
    clear = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))
    begin = (
        "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences"
        " WHERE schemaname = 'public' AND last_value IS NOT NULL"
    )
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(clear)
        connection.exec_driver_sql(begin)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Else new rows lie wherever an old one was, and what is asked for in no order comes in another each time.
        held = connection.exec_driver_sql(
            "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
        ).scalar()
        if held:
            connection.exec_driver_sql(f"VACUUM {held}")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database with the current schema; each test runs once on each kind.

    PostgreSQL's is emptied rather than made anew, which takes longer than most tests.
    """
    if request.param == "sqlite":
        path = tmp_path / "triage.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_database")
    empty(url)
    return url


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store on that database, with a signing key and a witness of its own."""
    signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    opened = Store(open_engine(database_url), signer, LogMirror.create(tmp_path / "witness"))
    if opened.engine.dialect.name == "sqlite":  # as above: no commit needs to wait for the disk
        event.listen(opened.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def sample(shared_folder: Path) -> Sample:
    """The smallest seizure that still has something of everything. For reading only."""

    def make(folder: Path) -> Sample:
        truth = make_seizure(folder / "seizure", scale=0.1)
        return Sample(truth, make_hash_sets(folder / "sets", truth))

    return made_once(shared_folder, "sample", make)


@pytest.fixture(scope="session")
def processed(shared_folder: Path, sample: Sample) -> Deployment:
    """A deployment that has been through the whole seizure. For reading only; tamper with a clone."""

    def make(folder: Path) -> Deployment:
        deployment = Deployment(folder)
        deployment.done("init")
        sample.import_sets(deployment)
        sample.submit(deployment)
        deployment.work(threads=3)
        return deployment

    return made_once(shared_folder, "processed", make)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A new, empty deployment."""
    made = Deployment(tmp_path / "deployment")
    made.done("init")
    return made
