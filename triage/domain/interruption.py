"""Stopping in the middle of a batch, on request."""

from __future__ import annotations


class Interrupted(Exception):
    """Raised between two items when a person asked to stop; the lease is handed back."""
