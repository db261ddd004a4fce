"""Writes what the pages need from others into the static folder: scripts, a font, a map of the world as SVG paths."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "triage/interfaces/web/static/vendor"
TAKEN = {
    "htmx.min.js": ("htmx.org", "dist/htmx.min.js", "0BSD"),
    "hx-csp.min.js": ("htmx.org", "dist/ext/hx-csp.min.js", "0BSD"),
    "hx-sse.min.js": ("htmx.org", "dist/ext/hx-sse.min.js", "0BSD"),
    "noto-sans-thai.woff2": (
        "fontsource-variable-noto-sans-thai",
        "files/noto-sans-thai-thai-wght-normal.woff2",
        "OFL-1.1",
    ),
}
MAP = "world.svg.html"
_DECIMALS = 1
_HALF_TURN = 180

Point = tuple[float, float]


def main() -> None:
    """Copy and draw."""
    unpacked = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, (package, path, licence) in TAKEN.items():
        folder, version = _package(unpacked, package)
        data = (folder / path).read_bytes()
        (TARGET / name).write_bytes(data)
        manifest[name] = _entry(package, version, licence, data)
    folder, version = _package(unpacked, "world-atlas")
    drawn = world(json.loads((folder / "countries-110m.json").read_text())).encode()
    (TARGET / MAP).write_bytes(drawn)
    manifest[MAP] = _entry("world-atlas", version, "ISC; Natural Earth, public domain", drawn)
    (TARGET / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def world(topology: dict[str, Any]) -> str:
    """Countries as SVG paths, for including in a page: x is the longitude, y the latitude upside down, in degrees.

    `topology` is TopoJSON 3.0 with a transform (`countries-110m.json` of world-atlas). Each path's id is `c` and the
    ISO 3166-1 numeric code.
    """
    arcs = [list(_decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    paths = []
    for country in topology["objects"]["countries"]["geometries"]:
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings = [_stitched(ring, arcs) for polygon in polygons for ring in polygon]
        drawn = "".join(_drawn(part) for ring in rings for part in _split(ring))
        code = f' id="c{country["id"]}"' if "id" in country else ""
        paths.append(f'<path{code} d="{drawn}"/>')
    return '<g class="land">' + "".join(paths) + "</g>\n"


def _decoded(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Iterator[Point]:
    (scale_x, scale_y), (move_x, move_y) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield x * scale_x + move_x, -(y * scale_y + move_y)


def _stitched(ring: Sequence[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    points: list[Point] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def _split(ring: Sequence[Point]) -> Iterator[list[Point]]:
    """A ring over the date line, cut there: drawn whole it would be a bar across the map."""
    part: list[Point] = []
    for point in ring:
        if part and abs(point[0] - part[-1][0]) > _HALF_TURN:
            yield part
            part = []
        part.append(point)
    yield part


def _drawn(points: Sequence[Point]) -> str:
    words, last = [], None
    for x, y in points:
        word = f"{round(x, _DECIMALS):g} {round(y, _DECIMALS):g}"
        if word != last:
            words.append(word)
        last = word
    return "M" + "L".join(words) + "Z" if len(words) > 2 else ""


def _package(unpacked: Path, name: str) -> tuple[Path, str]:
    (folder,) = unpacked.glob(f"{name}-[0-9]*/package")
    return folder, json.loads((folder / "package.json").read_text())["version"]


def _entry(package: str, version: str, licence: str, data: bytes) -> dict[str, str]:
    return {"package": package, "version": version, "licence": licence, "sha256": hashlib.sha256(data).hexdigest()}


if __name__ == "__main__":
    main()
