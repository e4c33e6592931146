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
    **more: Any,
) -> str:
    """One of some options: that of the address, or the one chosen before on another page, or the first.

    Args:
        label: what is chosen.
        options: their names.
        key: the name in the address.
        called: what an option is called in the reader's language.
        buttons: beside one another instead of a list.
        more: for the widget.
    """
    chosen = f"chosen_{key}"
    asked = st.session_state.get(key, st.query_params.get(key, st.session_state.get(chosen)))
    st.session_state[key] = asked if asked in options else options[0]
    if buttons:
        found = st.segmented_control(label, options, key=key, format_func=called, required=True, **more)
    else:
        found = st.selectbox(label, options, key=key, format_func=called, **more)
    value = str(found or options[0])
    st.session_state[chosen] = value
    if value != options[0]:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
    return value
