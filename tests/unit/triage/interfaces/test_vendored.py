"""What the pages take from others is what its manifest says, and nothing else lies there."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from tools.vendor import world

VENDOR = Path(__file__).parents[4] / "triage/interfaces/web/static/vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text())


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_each_file_has_the_digest_that_the_manifest_gives(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == MANIFEST[name]["sha256"]


def test_the_manifest_names_every_file() -> None:
    assert {path.name for path in VENDOR.iterdir()} - {"MANIFEST.json"} == set(MANIFEST)


def test_the_map_has_the_countries_of_the_first_users_and_no_pixels() -> None:
    drawn = (VENDOR / "world.svg.html").read_text()
    for code in ("764", "116", "418", "704", "104"):  # Thailand, Cambodia, Lao PDR, Viet Nam, Myanmar
        assert f'id="c{code}"' in drawn
    assert "<image" not in drawn
    assert "href" not in drawn


def test_a_ring_over_the_date_line_is_cut_there() -> None:
    square = [[[179, -10], [2, 0], [0, 20], [-2, 0], [0, -20]]]  # steps from 179° to 181°, written as 179° west
    across = [[[179, -10], [-358, 0], [0, 20], [358, 0], [0, -20]]]
    for arcs, most in ((square, 3), (across, 2)):
        drawn = world(
            {
                "transform": {"scale": [1, 1], "translate": [0, 0]},
                "arcs": arcs,
                "objects": {"countries": {"geometries": [{"type": "Polygon", "arcs": [[0]], "id": "001"}]}},
            }
        )
        steps = [
            abs(float(right) - float(left))
            for path in re.findall(r"M([^Z]*)Z", drawn)
            for left, right in zip(
                [point.split()[0] for point in path.split("L")],
                [point.split()[0] for point in path.split("L")][1:],
                strict=False,
            )
        ]
        assert all(step <= most for step in steps)
