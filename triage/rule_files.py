"""Rules from `config/`: each file read by the parser of the domain that knows it. What makes no sense refuses."""

from __future__ import annotations

from triage.domain.categories import Schemes, parse_mappings, parse_scheme
from triage.domain.errors import Refused
from triage.domain.exposure import ExposurePolicy, parse_exposure
from triage.domain.linking_rules import LinkRules, parse_link_rules
from triage.domain.match_policy import MatchPolicy
from triage.domain.match_policy_file import parse_match_policy
from triage.domain.priority import PriorityRules, parse_rules
from triage.domain.retention import RetentionRules, parse_retention
from triage.domain.review_rules import ReviewRules, parse_review_rules
from triage.settings import config_folder, config_toml


def load_match_policy() -> MatchPolicy:
    """The matching policy of `config/matching.toml`."""
    try:
        return parse_match_policy(config_toml("matching.toml"))
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_link_rules() -> LinkRules:
    """The link rules of `config/linking.toml`."""
    try:
        return parse_link_rules(config_toml("linking.toml"))
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_priority_rules() -> PriorityRules:
    """The priority rules of `config/priority.toml`."""
    try:
        return parse_rules(config_toml("priority.toml"))
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_review_rules() -> ReviewRules:
    """The rules of `config/review.toml`."""
    try:
        return parse_review_rules(config_toml("review.toml"))
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_retention_rules() -> RetentionRules:
    """The retention rules of `config/jurisdictions/`, one file a country and one for all others."""
    names = sorted(path.stem for path in (config_folder() / "jurisdictions").glob("*.toml"))
    try:
        return parse_retention({name: config_toml(f"jurisdictions/{name}.toml") for name in names})
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_exposure_policy() -> ExposurePolicy:
    """The time policy of `config/exposure.toml`."""
    try:
        return parse_exposure(config_toml("exposure.toml"))
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error


def load_schemes() -> Schemes:
    """The category schemes of `config/categories/` and the mappings between them."""
    names = sorted(path.stem for path in (config_folder() / "categories").glob("*.toml"))
    try:
        schemes = [parse_scheme(name, config_toml(f"categories/{name}.toml")) for name in names if name != "mappings"]
        mappings = parse_mappings(config_toml("categories/mappings.toml"), schemes)
    except ValueError as error:
        raise Refused("config-invalid", str(error)) from error
    return Schemes({scheme.name: scheme for scheme in schemes}, mappings)
