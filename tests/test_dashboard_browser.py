"""The dashboard in a browser: nothing comes from elsewhere, nothing goes wrong; click, keyboard, address, launch."""

import re

import pytest

pytest.importorskip("streamlit")
pytest.importorskip("duckdb")
pytest.importorskip("playwright")

from dashboard_served import BROWSER, Watched, barriers, browser, served

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
def address(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for name, changes in (("plain", []), ("fewer", ["caps.three a week.max=1"])):
        text = template("demo", "fr").replace("{fr: Soldes, en: Seasonal sale}", "'<img src=x onerror=alert(1)>'")
        simulate(text, out=home / name, contacts=1000, days=80, workers=1, overrides=changes)
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
    assert "Abandoned cart · branch" in first


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
