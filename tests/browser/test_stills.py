"""A look at what moves: one still picture of it, and nothing that goes on by itself."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_looks import assert_wiped, holding, looks, show
from tests.made_videos import FRAMES, number_of
from triage.domain.renditions import STILLS, frame_of

Enter = Callable[..., Page]


def test_of_a_video_one_still_is_shown_and_no_video(review: Served, enter: Enter) -> None:
    """X2, X11: the one that was asked for, by its grey; no player, no sound, nothing that goes on by itself."""
    page, n = holding(review, enter), review.n
    page.goto(f"/items/{n.moving}?referral={n.seizure}")
    expect(page.get_by_text("A moving picture: its bytes were compared")).to_be_visible()
    expect(page.get_by_text("mp4, 320 \u00d7 240, 90 frames, 3.6 s")).to_be_visible()
    page.get_by_role("link", name="Facts are not enough").click()
    choice = page.get_by_label("Which still")
    expect(choice).to_have_value("5")
    for still in (3, 8):
        page.goto(f"/items/{n.moving}/look?referral={n.seizure}")
        page.locator('form.sheet input[name="reason"][value="legal-threshold"]').check()
        choice.focus()
        page.keyboard.press("Home")
        for _ in range(still - 1):
            page.keyboard.press("ArrowDown")
        with page.expect_navigation():
            page.get_by_role("button", name="Ask for the look").click()
        expect(page.get_by_text(f"still {still} of 9")).to_be_visible()
        sent = len(review.tap.sent)
        show(page)
        page.wait_for_timeout(1500)
        assert page.locator("video, audio, img, picture, source, embed, object, iframe").count() == 0
        asked_after = [one for one in review.tap.sent[sent:] if not one.path.startswith("/static/")]
        assert [one.is_a_look for one in asked_after] == [True], "nothing follows by itself"
        page.get_by_role("button", name="End the look").click()
        assert_wiped(page)
        expect(page.get_by_role("link", name="Ask for another still")).to_be_visible()
    for wrong in ("0", "10", "middle", "5.5"):
        answer = page.request.post(
            f"/items/{n.moving}/look",
            form={"referral": str(n.seizure), "reason": "court", "level": "reduced", "still": wrong},
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )
        assert (answer.status, "look-still" in answer.text()) == (403, True), wrong
    shown = looks(review)
    assert len(shown) == 2
    assert all(one.startswith(b"\xff\xd8\xff") for one in shown)
    numbers = [number_of(np.asarray(Image.open(io.BytesIO(one)).convert("L"))) for one in shown]
    wanted = [frame_of(still, STILLS, FRAMES) for still in (3, 8)]
    assert all(abs(one - other) <= 3 for one, other in zip(numbers, wanted, strict=True)), (numbers, wanted)
    stored = review.house.application.store
    with stored.reading() as unit:
        rows = unit.connection.exec_driver_sql("SELECT still FROM viewing ORDER BY id").all()
    assert [row[0] for row in rows] == [3, 8]
