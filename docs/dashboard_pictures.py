"""Makes the pictures of the dashboard: `python docs/dashboard_pictures.py`; needs Chromium."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from dashboard_served import BROWSER, Watched, browser, picture, served  # noqa: E402

from bifurque.engine.simulate import simulate  # noqa: E402
from bifurque.engine.templates_list import template  # noqa: E402

PICTURES = {
    "dashboard-map": "/?lang=en&pick=station:cart/cart_delivery",
    "dashboard-arbitration": "/arbitration?lang=en",
    "dashboard-pressure": "/pressure?lang=fr",
}


def main() -> None:
    """Simulate the example, and look at three pages of it."""
    if BROWSER is None:
        sys.exit("no browser is installed: apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        simulate(template("demo", "en"), out=home / "demo", contacts=20_000)
        with served([home / "demo"], home) as address, browser() as chromium:
            for name, path in PICTURES.items():
                context = chromium.new_context(viewport={"width": 1360, "height": 900}, locale="en-GB")
                watched = Watched(context.new_page(), address)
                watched.open(path)
                picture(watched, HERE / f"{name}.png", 1500)
                context.close()


if __name__ == "__main__":
    main()
