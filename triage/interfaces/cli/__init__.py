"""The command line. Each module adds its commands to `app`."""

from . import (
    audit_and_report,
    backup,
    doctor,
    hash_set_entries,
    hash_set_releases,
    hash_sets,
    jobs,
    keys,
    lookup,
    referrals,
    reports,
    reports_import,
    senders,
    serve,
    status,
    submissions,
    submit,
)
from .app import app, run

__all__ = [
    "app",
    "audit_and_report",
    "backup",
    "doctor",
    "hash_set_entries",
    "hash_set_releases",
    "hash_sets",
    "jobs",
    "keys",
    "lookup",
    "referrals",
    "reports",
    "reports_import",
    "run",
    "senders",
    "serve",
    "status",
    "submissions",
    "submit",
]
