"""Who is signed in, as rules and services know a person."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_CASE = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person of this deployment. `cases`: the case references that they are a member of; "*" is every one."""

    id: int
    login: str
    name: str
    unit: str
    language: str
    time_zone: str
    roles: frozenset[str]
    cases: frozenset[str]
