"""Text that comes with evidence is text: it runs nothing, acts on nothing, turns nothing round, splits no header."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Served
from tests.browser.material import MARKS

Enter = Callable[..., Page]
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def places(review: Served) -> list[str]:
    """Every page on which hostile text stands."""
    store = review.house.application.store
    with store.reading() as unit:
        (hostile,) = unit.pages.submissions_of([review.n.hostile])[review.n.hostile]
        (reported,) = unit.pages.submissions_of([review.n.reported])[review.n.reported]
        items = [*unit.pages.open_items([hostile], limit=50), review.n.not_viewed, review.n.known]
    things = [f"/items/{one}?referral={review.n.hostile}" for one in items]
    return [
        f"/referrals/{review.n.hostile}", f"/referrals/{review.n.reported}", f"/submissions/{hostile}",
        f"/submissions/{reported}", "/submissions", "/queue", *things,
    ]  # fmt: skip


def test_nothing_of_it_runs_acts_or_turns_round(review: Served, enter: Enter) -> None:
    """No script, no element, no htmx attribute, no control character but as a visible escape."""
    page = enter("anna")
    seen = dict.fromkeys(MARKS, 0)
    for address in places(review):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.evaluate("window.struck") == 0, address
        acting = page.locator("b[hx-get], svg[onload], [onload], [onerror], [hx-trigger=load]:not([hx-nonce])")
        assert acting.count() == 0, address
        text = page.locator("body").inner_text()
        assert not [sign for sign in text if sign in TURNING or (ord(sign) < 32 and sign not in "\n\t")], address
        for mark in MARKS:
            seen[mark] += mark in text
        expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
        expect(page.locator("footer")).to_be_visible()
    assert all(count > 3 for count in seen.values()), "the text stood there"
    assert not [one for one in review.tap.sent if one.path == "/struck"]


def test_a_name_that_turns_text_round_shows_its_signs(review: Served, enter: Enter) -> None:
    r"""As a person reads it: `\u202egpj.eno`, in camera facts and references as in places."""
    page = enter("anna", at=f"/referrals/{review.n.hostile}")
    expect(page.locator("main")).to_contain_text("\\u202egpj.eno")
    page.goto("/submissions")
    expect(page.locator("main")).to_contain_text("\\u202egpj.eno")


def widest(page: Page) -> str:
    """What stands out of the window."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll("body *")]
            .filter(one => one.getBoundingClientRect().right > innerWidth && !one.closest(".wide"))
            .map(one => one.tagName + " " + one.className + " " + one.textContent.slice(0, 40)).slice(-3)"""
        )
    )


def test_long_text_leaves_the_page_its_shape(review: Served, enter: Enter) -> None:
    """A reference of 100 kB moves nothing off the page; what overflows scrolls within itself."""
    page = enter("anna")
    for address in places(review)[:6]:
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address}: {widest(page)}"


def test_what_people_type_is_text_too(review: Served, enter: Enter) -> None:
    """Names of filters, reasons, notes: into attributes, addresses and headers."""
    page = enter("anna")
    hostile = "\"'><script>window.struck=1</script><b hx-get='/struck' hx-trigger='load'>"
    page.goto(
        "/queue?state=done&case=" + "%22%3E%3Cscript%3Ewindow.struck%3D1%3C%2Fscript%3E%0D%0AX-Injected%3A%20yes"
    )
    expect(page.get_by_label("Case")).to_have_value('"><script>window.struck=1</script>\\u000dX-Injected: yes')
    page.get_by_label("Keep this filter as").fill(hostile)
    page.get_by_role("button", name="Keep the filter").click()
    expect(page.get_by_role("list", name="Saved filters")).to_contain_text("hx-get")
    page.goto("/queue?told=%0d%0aX-Injected:%20yes")
    for path in ("/sign-in?next=/%0d%0aX-Injected:%20yes", "/step-up?next=//x%0d%0aSet-Cookie:%20a=b", "/language"):
        page.request.fetch(review.address + path)
    for words in (hostile, "line\nX-Injected: yes", "x" * 60_000, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"):
        for path, field in (
            ("/language", "next"),
            (f"/referrals/{review.n.seizure}/hand-over", "to"),
            (f"/referrals/{review.n.seizure}/set-aside", "because"),
            (f"/referrals/{review.n.seizure}/outcome", "words"),
            ("/views", "name"),
            ("/second/1", "answer"),
        ):
            page.request.post(
                path,
                form={field: words, "language": "en", "code": "accepted"},
                headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
                max_redirects=0,
            )
    assert page.evaluate("window.struck") == 0
    assert [one.path for one in review.tap.sent if one.status >= 500 or one.path == "/struck"] == []


def with_extra(route: Route) -> None:
    """The page as it came, with an element in it that would act if anything let it."""
    answer = route.fetch()
    extra = '<main id="main"><b id="slipped" hx-get="/struck" hx-trigger="load"></b>'
    body = answer.text().replace('<main id="main"', f"{extra}<i", 1)
    route.fulfill(response=answer, body=body)


def test_markup_that_slipped_in_does_not_act(review: Served, enter: Enter) -> None:
    """hx-csp takes its attributes: it carries no nonce of this page. Also when the guard comes late."""
    page = enter("anna", expected=("[hx-csp] blocked",))
    for late in (False, True):
        page.route("**/submissions", with_extra)
        if late:
            page.route("**/hx-csp.min.js", lambda route: (page.wait_for_timeout(400), route.continue_())[1])
        page.goto("/submissions")
        expect(page.locator("#slipped")).not_to_have_attribute("hx-get", "/struck")
        page.wait_for_timeout(200)
        page.context.clear_cookies(name="none")
    assert [one.path for one in review.tap.sent if one.path == "/struck"] == []


def test_no_script_of_a_page_may_write_markup(review: Served, enter: Enter) -> None:
    """Trusted Types and the policy: inline script, inline handler, eval and foreign addresses are refused."""
    page = enter("anna", expected=("Content Security Policy", "Trusted", "violates", "Refused"))
    outcomes = page.evaluate(
        """async () => {
            const tried = {};
            const attempt = async (name, act) => {
                try { await act(); tried[name] = "done"; } catch (error) { tried[name] = error.name; }
            };
            await attempt("markup", () => { document.body.innerHTML += "<b>x</b>"; });
            await attempt("policy", () => { trustedTypes.createPolicy("mine", { createHTML: text => text }); });
            await attempt("elsewhere", () => fetch("https://elsewhere.example/"));
            const script = document.createElement("script");
            await attempt("script", () => { script.textContent = "window.struck = 1"; });
            const picture = new Image();
            const failed = new Promise(resolve => { picture.onerror = resolve; });
            picture.src = "/favicon.ico";
            await failed;
            return tried;
        }"""
    )
    assert outcomes == {"markup": "TypeError", "policy": "TypeError", "elsewhere": "TypeError", "script": "TypeError"}
    assert page.evaluate("window.struck") == 0
    review.complaints[:] = [one for one in review.complaints if "elsewhere.example" not in one]
