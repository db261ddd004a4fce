"""Every target by name."""

from __future__ import annotations

from collections.abc import Mapping

from fuzz import answers, archives, hash_sets, pictures, records, reports
from fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target
    for module in (pictures, archives, answers, hash_sets, records, reports)
    for target in module.TARGETS
}
