"""One submission's report as one HTML page that needs nothing else: no scripts, no pictures, nothing fetched.

Every value is escaped; characters that could reorder or hide text are replaced, since references are typed by people
and camera facts come out of evidence. Long tables are cut, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from triage.domain.items import Outcome
from triage.exporters import charts, wording
from triage.exporters.dossier import CameraUse, SetMatches, SubmissionDossier

ROWS_SHOWN = 50
"""Rows of one table; a submission may hold thousands of cameras or groups, a page for people may not."""

_FOR_PEOPLE = (Outcome.NEAR, Outcome.UNKNOWN, Outcome.TOO_POOR, Outcome.UNDECODABLE)

_TEMPLATES = Path(__file__).with_name("templates")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def render_report(dossier: SubmissionDossier) -> bytes:
    """The page in UTF-8. The same dossier gives the same bytes."""
    page = _environment().get_template("report.html.j2").render(_view(dossier))
    return page.encode("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=_count, size=_size, share=_share, moment=_moment, items=_items, shown=_shown)
    return environment


def _view(dossier: SubmissionDossier) -> dict[str, Any]:
    """What the templates are given: the dossier, its tables in order, and the charts' geometry."""
    outcomes = [(outcome, dossier.outcomes.get(outcome, 0)) for outcome in wording.OUTCOMES]
    return {
        "dossier": dossier,
        "words": wording,
        "charts": charts,
        "rows_shown": ROWS_SHOWN,
        "outcomes": outcomes,
        "left": [(outcome, count) for outcome, count in outcomes if count and outcome in _FOR_PEOPLE],
        "outcome_bar": charts.stacked_bar([(outcome.value, count) for outcome, count in outcomes]),
        "classifications": _largest_first(dossier.reported.classifications) if dossier.reported else [],
        "matches": sorted(dossier.matches, key=_match_order),
        "held_back": sorted(dossier.held_back.items(), key=lambda pair: (-pair[1], pair[0])),
        "not_comparable": [one.not_comparable for one in dossier.method.releases if one.not_comparable],
        "distances": charts.histogram(charts.distance_bins(dossier.distances, dossier.method.policy.reach)),
        "transforms": sorted(dossier.transforms.items(), key=lambda pair: -pair[1]),
        "look_alikes": sorted(dossier.look_alikes, key=lambda group: (-group.items, group.label)),
        "cameras": sorted(dossier.cameras, key=_camera_order),
        "places": sorted(dossier.places, key=lambda place: (-place.items, place.latitude, place.longitude)),
        "place_grid": charts.place_grid([(place.latitude, place.longitude, place.items) for place in dossier.places]),
        "archives": sorted(dossier.archives, key=lambda archive: (-archive.members, archive.label)),
        "times": charts.histogram(charts.time_bins(dossier.captured)),
        "notes": sorted(dossier.notes.items(), key=lambda pair: (-pair[1], pair[0])),
    }


def _largest_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _match_order(line: SetMatches) -> tuple[int, str, str, str]:
    return (-line.exact - line.near, line.set_name, line.category or "", line.series or "")


def _camera_order(camera: CameraUse) -> tuple[int, str, str, str]:
    return (-camera.items, camera.make, camera.model, camera.serial or "")


def _plain(value: Any) -> Any:
    """Text without control characters, bidirectional overrides, invisible characters and lone surrogates."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", value)


def _shown(rows: Sequence[Any]) -> Sequence[Any]:
    return rows[:ROWS_SHOWN]


def _count(number: int) -> str:
    return f"{number:,}"


def _items(number: int) -> str:
    return "1 item" if number == 1 else f"{number:,} items"


def _size(number: int) -> str:
    """Bytes in the unit that a person would use."""
    value = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def _share(part: int, whole: int) -> str:
    """A percentage that never rounds something to nothing, or nearly all to all."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %" if percent % 1 else f"{percent:.0f} %"


def _moment(when: datetime | None) -> str:
    """A time to the minute, with its offset where it has one; a camera's clock has none."""
    if when is None:
        return "–"  # noqa: RUF001  # the sign for "nothing stated"
    offset = when.strftime("%z")
    zone = f" UTC{offset[:3]}:{offset[3:]}" if offset else ""
    return f"{when:%Y-%m-%d %H:%M}{zone}".replace("UTC+00:00", "UTC")
