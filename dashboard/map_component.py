"""The map in the page: zoom, full screen, keyboard, and the weeks of a run, moved through in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

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
svg .track{cursor:pointer}
svg .track.picked{filter:drop-shadow(0 0 5px var(--st-primary-color))}
svg.dim .track:not(.on){stroke-opacity:.15}
svg.some .track:not(.lived){stroke-opacity:.13}
svg.some .station:not(.lived){opacity:.3}
svg.some .station:not(.lived):focus-visible{opacity:1}
"""

JS = """
const kept = new WeakMap();
export default function (component) {
  const { data, parentElement, setTriggerValue, setStateValue } = component;
  const find = q => parentElement.querySelector(q);
  const wrap = find('.wrap'), host = find('.host');
  let s = kept.get(parentElement);
  if (!s) { s = { at: 0 }; kept.set(parentElement, s); }
  host.style.aspectRatio = data.aspect;
  if (s.hash !== data.hash) {
    s.hash = data.hash;
    host.innerHTML = data.svg;
    s.svg = host.querySelector('svg');
    s.svg.removeAttribute('width'); s.svg.removeAttribute('height');
    const whole = s.svg.getAttribute('viewBox').split(' ').map(Number);
    if (!s.box || s.whole.join() !== whole.join()) s.box = [...whole];
    s.whole = whole;
    s.tracks = [];
    s.svg.querySelectorAll('path.track[data-track]').forEach(p => { s.tracks[+p.dataset.track] = p; });
    s.was = s.tracks.map(p => p && +p.getAttribute('stroke-width'));
  }
  const svg = s.svg;
  const apply = () => svg.setAttribute('viewBox', s.box.map(v => v.toFixed(1)).join(' '));
  apply();
  const zoom = (f, cx, cy) => {
    const [x, y, w, h] = s.box, k = Math.min(Math.max(w * f, s.whole[2] / 12), s.whole[2] * 1.5) / w;
    s.box = [cx - (cx - x) * k, cy - (cy - y) * k, w * k, h * k]; apply();
  };
  const place = e => {
    const m = svg.getScreenCTM().inverse();
    return [e.clientX * m.a + m.e, e.clientY * m.d + m.f];
  };
  const pick = e => {
    const st = e.target.closest('[data-station]'), tr = e.target.closest('[data-track]');
    if (st) setTriggerValue('pick', 'station:' + st.dataset.station);
    else if (tr) setTriggerValue('pick', 'track:' + tr.dataset.track);
  };
  let drag = null;
  svg.onwheel = e => {
    if (!e.ctrlKey && !e.shiftKey && !document.fullscreenElement) return;
    e.preventDefault(); zoom(e.deltaY > 0 ? 1.15 : 1 / 1.15, ...place(e));
  };
  svg.onpointerdown = e => { drag = [e.clientX, e.clientY, s.box[0], s.box[1]]; s.moved = false; };
  svg.onpointermove = e => {
    if (!drag || e.pointerType === 'touch') return;
    const k = s.box[2] / svg.clientWidth, dx = e.clientX - drag[0], dy = e.clientY - drag[1];
    if (Math.abs(dx) + Math.abs(dy) > 4) s.moved = true;
    if (s.moved) { s.box[0] = drag[2] - dx * k; s.box[1] = drag[3] - dy * k; apply(); }
  };
  svg.onpointerup = svg.onpointerleave = () => { drag = null; };
  svg.onpointerover = e => {
    const on = e.target.closest('[data-line]');
    svg.classList.toggle('dim', !!on);
    s.tracks.forEach(p => p && p.classList.toggle('on', !!on && p.dataset.line === on.dataset.line));
  };
  svg.onclick = e => { if (!s.moved) pick(e); };
  svg.onkeydown = e => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); pick(e); } };
  const middle = () => [s.box[0] + s.box[2] / 2, s.box[1] + s.box[3] / 2];
  const name = (q, text) => { const b = find(q); b.setAttribute('aria-label', text); b.title = text; return b; };
  name('.in', data.t.zoom_in).onclick = () => zoom(1 / 1.3, ...middle());
  name('.out', data.t.zoom_out).onclick = () => zoom(1.3, ...middle());
  name('.all', data.t.zoom_all).onclick = () => { s.box = [...s.whole]; apply(); };
  name('.full', data.t.full).onclick = () =>
    document.fullscreenElement ? document.exitFullscreen() : wrap.requestFullscreen();
  svg.querySelectorAll('.picked').forEach(g => g.classList.remove('picked'));
  const [kind, ...rest] = (data.picked || '').split(':');
  const chosen = rest.join(':');
  svg.querySelectorAll('[data-station]').forEach(g => {
    if (kind === 'station' && g.dataset.station === chosen) g.classList.add('picked');
  });
  if (kind === 'track' && s.tracks[+chosen]) s.tracks[+chosen].classList.add('picked');

  svg.classList.toggle('some', !!data.lived);
  const of = new Set(data.lived ? data.lived.stations : []);
  s.tracks.forEach((p, n) => p && p.classList.toggle('lived', !!data.lived && data.lived.tracks.includes(n)));
  svg.querySelectorAll('[data-station]').forEach(g => g.classList.toggle('lived', of.has(g.dataset.station)));

  const time = find('.time');
  time.hidden = !data.weeks;
  if (!data.weeks) return;
  const range = find('.time input'), out = find('.time output'), play = name('.play', data.t.play);
  const widths = data.weeks.widths, labels = data.weeks.labels;
  const show = at => {
    const t0 = performance.now(), k = Math.floor(at), part = at - k;
    s.tracks.forEach((p, n) => {
      if (!p) return;
      const a = at < 1 ? s.was[n] : widths[k - 1][n];
      const b = at < 1 || k >= widths.length ? a : widths[k][n];
      p.setAttribute('stroke-width', (a + (b - a) * part).toFixed(2));
    });
    out.value = labels[k];
    range.setAttribute('aria-valuetext', labels[k]);
    s.at = at;
    wrap.dataset.cost = (performance.now() - t0).toFixed(2);
  };
  range.max = labels.length - 1;
  range.setAttribute('aria-label', data.t.week);
  if (!s.playing) { s.at = Math.min(s.at, labels.length - 1); range.value = Math.round(s.at); show(s.at); }
  const stop = () => { s.playing = false; play.textContent = '▶'; name('.play', data.t.play); };
  range.oninput = () => { stop(); show(+range.value); };
  range.onchange = () => setStateValue('week', +range.value);
  play.onclick = () => {
    if (s.playing) { stop(); return; }
    s.playing = true; play.textContent = '❚❚'; name('.play', data.t.pause);
    const first = s.at >= labels.length - 1 || s.at < 1 ? 1 : s.at, began = performance.now();
    const each = 60000 / Math.max(widths.length, 1);
    const frame = now => {
      if (!s.playing || !wrap.isConnected) return;
      const at = first + (now - began) / each;
      if (at >= labels.length - 1) { show(labels.length - 1); range.value = labels.length - 1; stop(); return; }
      show(at); range.value = Math.floor(at); requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  };
}
"""
_component = st.components.v2.component("bifurque_map", html=HTML, css=CSS, js=JS)


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
) -> Any:
    """Show a map.

    Args:
        svg: the picture: trusted, its texts escaped by who drew it.
        aspect: its width by its height.
        texts: what buttons are called.
        key: of the widget.
        picked: what is marked: `station:…` or `track:…`.
        weeks: the widths of all tracks by week, and what weeks are called; nothing: no slider.
        on_pick: called when a station or a track was clicked, or Enter was pressed on it.
        lived: only these `tracks` and `stations` stand out; nothing: all do.
    """
    data = {"svg": svg, "hash": str(hash(svg)), "aspect": aspect, "t": texts, "picked": picked, "weeks": weeks}
    data["lived"] = lived
    return _component(data=data, key=key, on_pick_change=on_pick, on_week_change=lambda: None)
