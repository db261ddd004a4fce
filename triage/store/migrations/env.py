"""Alembic's entry: the connection is handed in by `triage.store.schema`."""

from alembic import context

import triage.store.deployment_tables
import triage.store.intake_tables
import triage.store.job_tables
import triage.store.plan_tables
import triage.store.review_tables
import triage.store.tables
from triage.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
