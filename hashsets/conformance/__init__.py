"""The suite that a format, algorithm or index must pass before it may answer: ours, or a licensee's private one.

None of it needs a test framework. `check_…` raises `NonConforming` with a sentence; `python -m hashsets.conformance`
goes through all promises and prints each.
"""

from hashsets.conformance.algorithms import algorithm_checks, check_algorithm
from hashsets.conformance.checks import Check, NonConforming, Verdict, keep_all, verdicts
from hashsets.conformance.exact_index import ExactIndex, check_exact_index, exact_index_checks
from hashsets.conformance.formats import check_format, check_refuses_calmly, format_checks, spooled
from hashsets.conformance.radius_index import (
    RadiusIndex,
    awkward_sets,
    brute_force,
    check_radius_index,
    near_and_far,
    radius_index_checks,
)

__all__ = [
    "Check",
    "ExactIndex",
    "NonConforming",
    "RadiusIndex",
    "Verdict",
    "algorithm_checks",
    "awkward_sets",
    "brute_force",
    "check_algorithm",
    "check_exact_index",
    "check_format",
    "check_radius_index",
    "check_refuses_calmly",
    "exact_index_checks",
    "format_checks",
    "keep_all",
    "near_and_far",
    "radius_index_checks",
    "spooled",
    "verdicts",
]
