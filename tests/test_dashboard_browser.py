"""The dashboard in a browser: nothing comes from elsewhere, nothing goes wrong; click, keyboard, address, launch."""

import re

import pytest

pytest.importorskip("streamlit")
pytest.importorskip("duckdb")
pytest.importorskip("playwright")

from dashboard_served import BROWSER, Watched, barriers, browser, served

from bifurque.dashboard.map_flows import weekly
from bifurque.dashboard.map_layout import layout_of
from bifurque.dashboard.map_legend import scale
from bifurque.dashboard.map_text import compact, say
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no browser is installed: apt install chromium"),
]
PAGES = (
    "",
    "results",
    "compare",
    "pressure",
    "arbitration",
    "turning",
    "lifecycle",
    "contact",
    "launch",
    "board",
    "sql",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for name, changes in (("plain", []), ("fewer", ["caps.three a week.max=1"])):
        text = template("demo", "fr").replace("{fr: Soldes, en: Seasonal sale}", "'<img src=x onerror=alert(1)>'")
        simulate(text, out=home / name, contacts=1000, days=80, workers=1, overrides=changes)
    return home


@pytest.fixture(scope="module")
def address(home):
    with served([home / "plain"], home) as found:
        yield found


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@pytest.fixture
def light():
    """Which theme the reader's system has."""
    return "light"


@pytest.fixture
def look(chromium, address, light):
    """A page of the browser; in the end nothing strange was asked for and nothing went wrong."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, locale="fr-FR", color_scheme=light)
    watched = Watched(context.new_page(), address)
    watched.page.on("dialog", lambda dialog: watched.errors.append(f"dialog: {dialog.message}"))
    yield watched
    context.close()
    assert watched.strangers == []
    assert watched.errors == []


@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_to_everybody(look, path, lang):
    pytest.importorskip("axe_playwright_python")
    look.open(f"/{path}?lang={lang}&with=fewer" + ("&pick=station:cart/cart_delivery" if path == "" else ""))
    assert look.page.locator("h1").inner_text()
    look.page.wait_for_timeout(600)
    look.settle()
    assert look.page.locator('[data-testid="stException"]').count() == 0
    assert barriers(look) == []


def test_a_narrow_screen(look):
    look.page.set_viewport_size({"width": 400, "height": 800})
    for path in ("", "compare", "contact"):
        look.open(f"/{path}?lang=fr")
        wide = look.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400, path


def test_a_station_answers_to_the_mouse_and_the_keyboard(look):
    look.open("/?lang=fr")
    station = look.page.locator('[data-station="cart/cart_delivery"]')
    station.click()
    look.page.get_by_role("heading", name="Livraison offerte").wait_for()
    assert "pick=station" in look.page.url
    other = look.page.locator('[data-station="cart/cart_reminder"]')
    other.focus()
    look.page.keyboard.press("Enter")
    look.page.get_by_role("heading", name="Votre panier").wait_for()


def test_zoom_is_kept_when_a_station_is_clicked(look):
    look.open("/?lang=fr")
    box = "document.querySelector('.host svg')"
    svg = look.page.locator(".host svg")
    whole = svg.get_attribute("viewBox")
    look.page.get_by_role("button", name="Agrandir").click()
    zoomed = svg.get_attribute("viewBox")
    assert zoomed != whole, box
    look.page.locator("[data-station]").nth(8).focus()
    look.page.keyboard.press("Enter")
    look.settle()
    assert svg.get_attribute("viewBox") == zoomed


def test_the_weeks_move_in_the_browser(look):
    look.open("/?lang=fr")
    slider = look.page.locator(".time input")
    track = look.page.locator("path.track[data-track]").first
    widths = set()
    for week in range(1, 8):
        slider.evaluate("(e, n) => { e.value = n; e.dispatchEvent(new Event('input')); }", week)
        widths.add(track.get_attribute("stroke-width"))
    assert len(widths) > 1
    assert float(look.page.locator(".wrap").get_attribute("data-cost")) < 16, "one frame"
    look.page.get_by_role("button", name="Dérouler").click()
    before = slider.input_value()
    look.page.wait_for_function("n => document.querySelector('h1') && true", arg=before)
    look.page.wait_for_timeout(6000)
    assert slider.input_value() != before


def slide(look, week, released=False):
    """Move the slider in the browser; let it go, or not."""
    slider = look.page.locator(".time input")
    slider.evaluate("(e, n) => { e.value = n; e.dispatchEvent(new Event('input')); }", week)
    if released:
        slider.evaluate("e => e.dispatchEvent(new Event('change'))")


def shown_figures(look):
    """All a map says: its texts, names for who hears it, widths."""
    look.page.wait_for_timeout(300)
    return look.page.locator(".host svg").evaluate(
        """svg => [...svg.querySelectorAll('text, [aria-label], path, [data-scale]')].map(e => [
            e.textContent, e.getAttribute('aria-label'), e.getAttribute('stroke-width'), e.getAttribute('textLength'),
            e.parentNode.style.display])"""
    )


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_figures_follow_the_week(look, home, lang):
    look.open(f"/?lang={lang}")
    before = shown_figures(look)
    slide(look, 3)
    run = open_run(home / "plain")
    layout = layout_of(run)
    week = weekly(run, layout)[2]
    shown_figures(look)
    for n, station in enumerate(layout.stations):
        note = compact(week.stations[n], lang)
        if week.lost[n] >= 0.05:
            note += f" · ✕{100 * week.lost[n]:.0f}" + ("\N{NO-BREAK SPACE}%" if lang == "fr" else "%")
        group = look.page.locator(f'[data-station="{station.id}"]')
        assert group.locator("[data-figure]").text_content() == note
        assert say(lang, "passed").format(compact(week.stations[n], lang)) in group.get_attribute("aria-label")
    for kind, figures in (("line", week.lines), ("band", week.bands)):
        for n, figure in enumerate(figures):
            drawn = look.page.locator(f'[data-figure="{kind}:{n}"]')
            if drawn.count():
                assert drawn.evaluate("t => t.firstChild.data") == compact(figure, lang)
    key = look.page.locator('path.key[data-track="0"]').get_attribute("aria-label")
    assert key.endswith(say(lang, "passed").format(compact(week.tracks[0], lang)))
    most = max(count for f in weekly(run, layout) for count in f.tracks)
    drawn = look.page.locator("[data-scale]").evaluate_all("all => all.map(e => e.textContent)")
    assert drawn[: len(scale(most))] == [compact(count, lang) for count in scale(most)]
    assert shown_figures(look) != before
    slide(look, 0)
    assert shown_figures(look) == before


def test_the_week_stands_in_the_address(look):
    look.open("/?lang=fr")
    slide(look, 3, released=True)
    look.page.wait_for_url(re.compile(r"[?&]week=2\b"))
    look.settle()
    week = look.page.locator(".time output").inner_text()
    figures = shown_figures(look)
    look.open("/?lang=fr&week=2")
    assert look.page.locator(".time input").input_value() == "3"
    assert look.page.locator(".time output").inner_text() == week
    assert shown_figures(look) == figures
    slide(look, 0, released=True)
    look.page.wait_for_url(re.compile(r"^(?!.*[?&]week=)"))
    look.open("/?lang=fr&week=99")
    assert look.page.locator(".time input").input_value() == "0"


def test_a_thin_track_answers_to_the_mouse_and_the_keyboard(look):
    look.open("/?lang=fr&week=2")
    free = look.page.locator(".host svg").evaluate(
        """svg => {
            const root = svg.getRootNode(), m = svg.getScreenCTM(), found = [];
            svg.querySelectorAll('path.reach').forEach(p => {
                const at = p.getPointAtLength(p.getTotalLength() / 2), x = at.x * m.a, y = at.y * m.d;
                const g = p.getScreenCTM(), spot = [at.x * g.a + g.e, at.y * g.d + g.f + 5];
                const top = root.elementFromPoint(...spot);
                if (top === p) found.push([p.dataset.track, ...spot]);
            });
            return found;
        }"""
    )
    assert len(free) > 10, "five pixels off a track there is its broad twin"
    look.page.mouse.click(*free[0][1:])
    look.page.wait_for_url(re.compile(f"pick=track%3A{free[0][0]}|pick=track:{free[0][0]}"))
    look.settle()
    station = look.page.locator("[data-station]").last
    station.focus()
    look.page.keyboard.press("Tab")
    focused = (
        "e => [e.getRootNode().activeElement.dataset.track, getComputedStyle(e.getRootNode().activeElement).stroke]"
    )
    track, stroke = look.page.locator(".host svg").evaluate(focused)
    assert track is not None
    assert stroke != "none"
    look.page.keyboard.press("Enter")
    look.page.wait_for_url(re.compile(f"pick=track(%3A|:){track}"))


def fingers(hand, kind, *spots):
    """Touches the page, as a hand does."""
    touched = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(spots)]
    hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})


@pytest.fixture
def telephone(chromium, address):
    """A page on a narrow screen that is touched."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR", has_touch=True)
    watched = Watched(context.new_page(), address)
    yield watched
    context.close()
    assert watched.strangers + watched.errors == []


def test_fingers_move_and_zoom_the_map(telephone):
    look = telephone
    hand = look.page.context.new_cdp_session(look.page)
    look.open("/?lang=fr")
    svg = look.page.locator(".host svg")

    def view():
        return [float(v) for v in svg.get_attribute("viewBox").split()]

    svg.locator(".station text").first.wait_for()
    heights = svg.locator(".station text").evaluate_all("all => all.map(t => t.getBoundingClientRect().height)")
    assert min(heights) >= 8
    assert view()[0] == 0
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    x, y = box["x"] + 300, box["y"] + box["height"] / 2
    before = view()
    fingers(hand, "touchStart", (x, y))
    for k in range(1, 11):
        fingers(hand, "touchMove", (x - 20 * k, y))
    fingers(hand, "touchEnd")
    assert view()[0] > before[0] + 100
    assert view()[2] == before[2]
    assert "pick=" not in look.page.url
    before = view()
    fingers(hand, "touchStart", (x - 150, y), (x - 50, y))
    for k in range(1, 11):
        fingers(hand, "touchMove", (x - 150 - 5 * k, y), (x - 50 + 2 * k, y))
    fingers(hand, "touchEnd")
    assert view()[2] < before[2] * 0.8
    look.page.get_by_role("button", name="Tout voir").click()
    whole = view()
    assert whole[2] > before[2] * 2
    assert svg.evaluate("e => getComputedStyle(e).touchAction") == "pan-y", "the page scrolls under a finger"
    fingers(hand, "touchStart", (x, y))
    fingers(hand, "touchMove", (x - 60, y))
    fingers(hand, "touchEnd")
    assert view() == whole


def test_what_is_chosen_goes_along_to_other_pages(look):
    look.open("/?lang=fr&weeks=2-5&segment=persona.regular")
    for page in ("Pression", "Résultats"):
        look.page.get_by_role("link", name=page).click()
        look.page.get_by_role("heading", name=page, exact=True).wait_for()
        look.page.wait_for_url(re.compile("segment=persona.regular.*weeks=2-5"))
        assert look.page.get_by_test_id("stSliderThumbValue").all_inner_texts() == ["2", "5"]


def test_full_screen_still_hears_clicks(look):
    look.open("/?lang=fr")
    look.page.get_by_role("button", name="Plein écran").click()
    look.page.wait_for_function("() => !!document.fullscreenElement")
    look.page.locator('[data-station="cart/cart_delivery"]').click()
    look.page.wait_for_url(re.compile("pick=station"))


def test_the_language_changes_and_stays(look):
    look.open("/results?lang=fr")
    look.page.get_by_role("button", name="en", exact=True).or_(look.page.get_by_role("radio", name="en")).first.click()
    look.page.get_by_role("heading", name="Results", exact=True).wait_for()
    look.page.get_by_role("link", name="Pressure").click()
    look.page.get_by_role("heading", name="Pressure", exact=True).wait_for()


def whole_text(look, link):
    """All a page says once its last table stands."""
    look.open(link)
    look.page.get_by_text("Download as Parquet").nth(2).wait_for()
    look.settle()
    fields = look.page.locator(".block-container input").evaluate_all("all => all.map(e => e.value)")
    return "\n".join([look.page.locator(".block-container").inner_text(), *fields])


def test_a_deep_link_shows_the_same_view(look):
    link = "/turning?lang=en&run=fewer&segment=persona.devoted&step=cart/branch"
    first, again = (whole_text(look, link) for _ in range(2))
    assert again == first
    assert "fewer" in first
    assert "Abandoned cart · big spender?" in first


def test_simulate_and_compare(look):
    look.open("/launch?lang=en&set=caps.three a week.max%3D2")
    assert look.page.get_by_text("Nothing to object").or_(look.page.locator('[data-testid="stAlert"]')).count()
    look.page.get_by_role("button", name="Simulate", exact=True).click()
    look.page.get_by_role("button", name="Compare now").click(timeout=240_000)
    look.page.get_by_role("heading", name="Compare", exact=True).wait_for()
    assert "caps.three a week.max=2" in look.page.locator(".block-container").inner_text()


def test_a_sweep_and_one_of_its_points(look):
    look.open("/compare?lang=en&vary=caps.three a week.max&values=1..3")
    look.page.get_by_role("button", name="Try these 3 values").click()
    look.page.get_by_role("heading", name="The price of pressure").wait_for(timeout=240_000)
    look.settle()
    chart = look.page.locator('[data-testid="stVegaLiteChart"]').first
    points = chart.locator("path[aria-roledescription='point'], .mark-symbol path")
    points.nth(1).click()
    look.page.get_by_role("heading", name="caps.three a week.max =").wait_for()
    look.page.get_by_role("button", name="Simulate this value").click()
    look.page.get_by_role("heading", name="Simulate", exact=True).wait_for()
    look.settle()
    assert "caps.three a week.max=" in look.page.get_by_role("textbox", name="Changes, one a line").input_value()


def test_a_station_of_a_contacts_path_leads_to_the_map(look):
    look.open("/contact?lang=en")
    station = look.page.locator(".station.lived").first
    station.focus()
    look.page.keyboard.press("Enter")
    look.page.get_by_role("heading", name="Metro map", exact=True).wait_for()
    look.page.wait_for_url(re.compile("pick=station"))
