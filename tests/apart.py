"""The demo plan without what its contacts share: there each life stands alone."""

import re

from bifurque.engine.templates_list import template


def apart():
    """As many gift boxes as anybody wants, and a call centre that is never busy."""
    text, count = re.subn(r"\n    (stock: \d+|restock: \{.*\}|capacity: \{.*\})(?=\n)", "", template("demo", "en"))
    assert count == 3
    return text
