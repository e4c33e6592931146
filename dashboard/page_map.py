"""The metro map: where do contacts really go?"""

from __future__ import annotations

from bifurque.dashboard.parts import View, nothing


def show(view: View) -> None:
    """Built upon the map's own modules."""
    nothing(view)
