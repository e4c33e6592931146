"""Choices that stand in the address by their own names, whatever the language they are shown in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def choose(
    label: str,
    options: Sequence[str],
    key: str,
    called: Callable[[str], str],
    *,
    buttons: bool = False,
    default: str | None = None,
    **more: Any,
) -> str:
    """One of some options: that of the address, or the one chosen before on another page, or the first.

    Args:
        label: what is chosen.
        options: their names.
        key: the name in the address.
        called: what an option is called in the reader's language.
        buttons: beside one another instead of a list.
        default: the option that the address does not name; the first, unless it says so.
        more: for the widget.
    """
    chosen = f"chosen_{key}"
    asked = st.session_state.get(key, st.query_params.get(key, st.session_state.get(chosen)))
    st.session_state[key] = asked if asked in options else default or options[0]
    if buttons:
        found = st.segmented_control(label, options, key=key, format_func=called, required=True, **more)
    else:
        found = st.selectbox(label, options, key=key, format_func=called, **more)
    value = str(found or options[0])
    note(key, value, options[0] if default is None else default)
    return value


def span(label: str, last: int, key: str, **more: Any) -> tuple[int, int]:
    """A first and a last number from 0 to `last`; the address holds them as `2-5`."""
    asked = str(st.query_params.get(key) or st.session_state.get(f"chosen_{key}") or "")
    first, _, end = asked.partition("-")
    start = (int(first), int(end)) if first.isdecimal() and end.isdecimal() else (0, last)
    held = st.session_state.get(key, start)
    # set anew each time: another page's slider is another widget, which would begin with all
    st.session_state[key] = next((s for s in (held, start) if within(s, last)), (0, last))
    low, high = st.slider(label, 0, last, key=key, **more)
    note(key, f"{low}-{high}", f"0-{last}")
    return int(low), int(high)


def within(found: tuple[int, int], last: int) -> bool:
    """Whether a span lies in what there is."""
    return 0 <= found[0] <= found[1] <= last


def text(key: str, default: str) -> str:
    """What a field holds before it is drawn: its own, or that of the address, or what it held on this page before."""
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(key, st.session_state.get(f"chosen_{key}", default))
    return str(st.session_state[key])


def note(key: str, value: str, default: str) -> None:
    """Keep a value in the address, unless it goes without saying; and for other pages."""
    st.session_state[f"chosen_{key}"] = value
    if value != default:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
