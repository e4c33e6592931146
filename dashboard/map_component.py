"""The map in the page: zoom, full screen, keyboard, and the weeks of a run, moved through in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from bifurque.dashboard.map_script import SCRIPT
from bifurque.dashboard.map_text import say

HTML = """
<div class="wrap">
  <div class="bar">
    <button type="button" class="in">+</button><button type="button" class="out">−</button>
    <button type="button" class="all">⤢</button>
    <button type="button" class="full">
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" fill="none" stroke="currentColor" stroke-width="2"/>
      </svg>
    </button>
  </div>
  <div class="host"></div>
  <div class="time" hidden>
    <button type="button" class="play">▶</button><input type="range" min="0" step="1"><output></output>
  </div>
</div>
"""

CSS = """
.wrap{position:relative;border:1px solid var(--st-border-color);border-radius:var(--st-base-radius);overflow:hidden;
  background:var(--st-background-color);display:flex;flex-direction:column}
.wrap:fullscreen{border:0;height:100vh}
.host{flex:1;min-height:min(340px,60vh)}
.host svg{display:block;width:100%;height:100%;cursor:grab;user-select:none;touch-action:pan-y}
.host svg.near{touch-action:none}
@media (max-width:700px){.host{min-height:60vh}}
.bar svg{vertical-align:middle}
.bar{position:absolute;top:8px;right:8px;display:flex;gap:4px;z-index:2}
button{min-width:32px;height:32px;border:1px solid var(--st-border-color);border-radius:8px;cursor:pointer;
  background:var(--st-background-color);color:var(--st-text-color);font:600 15px var(--st-font)}
button:hover,button:focus-visible{border-color:var(--st-primary-color);color:var(--st-primary-color)}
.time{display:flex;gap:10px;align-items:center;padding:6px 12px 10px;font:500 14px var(--st-font);
  color:var(--st-text-color)}
.time[hidden]{display:none}
.time input{flex:1;accent-color:var(--st-primary-color);min-width:60px}
.time output{min-width:9.5em;font-variant-numeric:tabular-nums;text-align:right}
svg .picked>*:first-child{filter:drop-shadow(0 0 4px var(--st-primary-color))}
svg .track,svg .reach{cursor:pointer}
svg .case,svg .ghost{pointer-events:none}
svg .reach,svg .key{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}
svg .reach{stroke:transparent;stroke-width:13px;pointer-events:stroke}
svg .key{stroke:none;pointer-events:none}
svg .key:focus{outline:none}
svg .key:focus-visible{stroke:var(--focus);stroke-width:5px}
svg .track.picked{filter:drop-shadow(0 0 5px var(--st-primary-color))}
svg.dim .track:not(.on){stroke-opacity:.15}
svg.some .track:not(.lived){stroke-opacity:.13}
svg.some .station:not(.lived){opacity:.3}
svg.some .station:not(.lived):focus-visible{opacity:1}
"""

_component = st.components.v2.component("bifurque_map", html=HTML, css=CSS, js=SCRIPT)


def metro(
    svg: str,
    aspect: float,
    texts: dict[str, str],
    *,
    key: str,
    picked: str,
    weeks: dict[str, Any] | None,
    on_pick: Callable[[], None],
    lived: dict[str, Any] | None = None,
    lang: str = "fr",
    at: int = 0,
    on_week: Callable[[], None] = lambda: None,
) -> Any:
    """Show a map.

    Args:
        svg: the picture: trusted, its texts escaped by who drew it.
        aspect: its width by its height.
        texts: what buttons are called.
        key: of the widget.
        picked: what is marked: `station:…` or `track:…`.
        weeks: all figures by week, how wide what is drawn, and what weeks are called; nothing: no slider.
        on_pick: called when a station or a track was clicked, or Enter was pressed on it.
        lived: only these `tracks` and `stations` stand out; nothing: all do.
        lang: how figures of a week are written.
        at: where the slider stands at first: 0 is the whole period, 1 its first week.
        on_week: called when the slider was let go, or the weeks stopped: `week` then says where.
    """
    texts = texts | {"passed": say(lang, "passed"), "unsent": say(lang, "lost")}
    data = {"svg": svg, "hash": str(hash(svg)), "aspect": aspect, "t": texts, "picked": picked, "weeks": weeks}
    data |= {"lived": lived, "lang": lang, "at": at}
    return _component(data=data, key=key, on_pick_change=on_pick, on_week_change=on_week)
