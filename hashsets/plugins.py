"""Formats that cannot ship with the project: a distribution that is installed beside it, and only when it is named.

A plug-in is read into this process and may do what this process may. So what is installed and what is named must be
the same: something that is named and does not load, or that is there and nobody named, stops the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format

FORMATS_GROUP = "triage_pipeline.hash_set_formats"
"""Entry points whose objects are `Format`s, each under the format's own name."""


def plugged_formats(listed: Sequence[str]) -> tuple[Format, ...]:
    """The formats of plug-ins, by the names of their entry points, which are to be all that are installed.

    Each says which distribution and version it came with. Raises HashSetError `plugin-not-listed`, `plugin-missing`,
    `plugin-broken`.
    """
    installed = entry_points(group=FORMATS_GROUP)
    unlisted = sorted(installed.names - set(listed))
    if unlisted:
        raise HashSetError("plugin-not-listed", f"installed and not named in plugins.toml: {', '.join(unlisted)}")
    missing = sorted(set(listed) - installed.names)
    if missing:
        raise HashSetError("plugin-missing", f"named in plugins.toml and not installed: {', '.join(missing)}")
    if len(installed) != len(set(listed)):
        raise HashSetError("plugin-broken", "two installed plug-ins have one name")
    return tuple(_loaded(installed[name]) for name in sorted(set(listed)))


def _loaded(point: EntryPoint) -> Format:
    try:
        found = point.load()
    except Exception as error:  # whatever a stranger's module raises, it does not load
        raise HashSetError("plugin-broken", f"the plug-in {point.name} does not load") from error
    if (
        not isinstance(found, Format)
        or found.name != point.name
        or (found.read_stream is None) == (found.read_path is None)
    ):
        raise HashSetError("plugin-broken", f"the plug-in {point.name} is no format of this name with one reader")
    if any(known.name == found.name for known in FORMATS) or found.name == "auto":
        raise HashSetError("plugin-broken", f"the plug-in {point.name} has the name of a format of ours")
    assert point.dist
    return replace(found, origin=f"{point.dist.name} {point.dist.version}")
