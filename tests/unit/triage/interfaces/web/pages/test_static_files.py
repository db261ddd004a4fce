"""Files of ours under addresses that change with their content."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.testclient import TestClient

from triage.domain.errors import NotFound
from triage.interfaces.web.pages.static_files import address, static_files, static_routes


def client() -> TestClient:
    app = FastAPI()
    app.include_router(static_routes())
    app.add_exception_handler(
        NotFound, lambda _request, _error: __import__("starlette").responses.Response(status_code=404)
    )
    return TestClient(app)


def test_a_file_may_be_kept_for_good_because_its_address_names_its_content() -> None:
    answer = client().get(address("style.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_an_address_of_another_content_is_not_there() -> None:
    assert client().get("/static/0000000000000000/style.css").status_code == 404
    assert client().get(f"{address('style.css')}/../../app.py").status_code == 404


def test_the_style_names_its_font_by_its_own_address_and_nothing_elsewhere() -> None:
    style = static_files()["style.css"].data.decode()
    assert re.findall(r'url\("([^"]*)"\)', style) == [address("vendor/noto-sans-thai.woff2")]
    assert "http" not in style


def test_no_file_is_a_picture() -> None:
    assert {one.media_type.split("/")[0] for one in static_files().values()} == {"text", "font"}


def test_what_a_first_page_loads_stays_small() -> None:
    first = ["style.css", "keys.js", "vendor/htmx.min.js", "vendor/hx-csp.min.js", "vendor/hx-sse.min.js"]
    font = "vendor/noto-sans-thai.woff2"
    assert sum(len(static_files()[name].data) for name in [*first, font]) < 150_000
