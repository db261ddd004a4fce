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
    push,
    referrals,
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
    "push",
    "referrals",
    "run",
    "senders",
    "serve",
    "status",
    "submissions",
    "submit",
]
