"""Files of ours under addresses that change with their content."""

from __future__ import annotations

import re

from triage.interfaces.web.assets import assets, static

FIRST = ["base.css", "keys.js", "htmx.min.js", "hx-csp.min.js", "hx-sse.min.js", "noto-sans-thai.woff2"]


def test_the_style_names_its_font_by_its_own_address_and_nothing_elsewhere() -> None:
    style = assets()["base.css"].content.decode()
    assert re.findall(r'url\("([^"]*)"\)', style) == [static("noto-sans-thai.woff2")]
    assert "http" not in style


def test_no_file_is_a_picture() -> None:
    assert {name.rsplit(".", 1)[1] for name in assets()} == {"css", "js", "woff2"}


def test_what_a_first_page_loads_stays_under_200_kb() -> None:
    assert sum(len(assets()[name].content) for name in FIRST) < 150_000  # the page itself needs less than the rest
