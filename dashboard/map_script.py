"""What moves the map in the browser: gestures, keyboard, weeks. A module of JavaScript, whole in `SCRIPT`."""

from __future__ import annotations

COMPACT = """
const compact = (value, lang) => {
  const whole = (x, unit) => Math.floor(x / unit + 0.5);
  if (value < 1000) return String(whole(value, 1));
  const scale = value >= 999500 ? 1e6 : 1e3, sign = scale === 1e6 ? 'M' : 'k';
  const digits = scale === 1e6 && value < 1e7 ? 2 : value / scale < 9.95 || scale === 1e6 ? 1 : 0;
  const shown = (whole(value, scale / 10 ** digits) / 10 ** digits).toFixed(digits);
  return lang === 'fr' ? shown.replace('.', ',') + '\\u00a0' + sign : shown + sign;
};
"""
"""`map_text.compact`, for the browser."""
_DRESS = """
// A track is thin: below it lies a broad one for the mouse and fingers, after the stations one for the keyboard.
const twin = (track, kind) => {
  const path = track.cloneNode(kind === 'reach');
  for (const name of ['stroke', 'stroke-width', 'stroke-dasharray']) path.removeAttribute(name);
  path.setAttribute('class', kind);
  return path;
};
const dress = s => {
  const all = s.svg.querySelectorAll('path.track[data-track]');
  s.tracks = []; s.keys = []; s.reaches = [];
  if (!all.length) return;
  const ground = all[0].parentNode, first = ground.querySelector('path');
  all.forEach(track => {
    const n = +track.dataset.track, key = twin(track, 'key'), reach = twin(track, 'reach');
    key.setAttribute('role', 'button');
    key.setAttribute('aria-label', track.querySelector('title').textContent);
    track.setAttribute('aria-hidden', 'true');
    reach.setAttribute('aria-hidden', 'true');
    ground.insertBefore(reach, first); ground.append(key);
    s.tracks[n] = track; s.keys[n] = key; s.reaches[n] = reach;
  });
};
// What a week changes, as it was drawn.
const note = s => {
  const named = g => ({ g, title: g.querySelector('title'), label: g.getAttribute('aria-label') });
  s.widths = s.tracks.map(p => p.getAttribute('stroke-width'));
  s.inner = s.tracks.map(p => p.nextElementSibling?.matches('.track:not([data-track])') ? p.nextElementSibling : null);
  const edges = new Map([...s.svg.querySelectorAll('path.case')].map(p => [p.getAttribute('d'), p]));
  s.edge = s.tracks.map(p => edges.get(p.getAttribute('d')));
  s.edges = s.edge.map(p => p.getAttribute('stroke-width'));
  s.inners = s.inner.map(p => p && p.getAttribute('stroke-width'));
  s.figures = { station: [], line: [], band: [] };
  s.svg.querySelectorAll('[data-figure]').forEach(t => {
    const [kind, n] = t.dataset.figure.split(':');
    s.figures[kind][+n] = { t, was: t.firstChild.data, length: t.getAttribute('textLength') };
  });
  s.scale = [...s.svg.querySelectorAll('[data-scale]')].map(t => {
    const path = t.parentNode.querySelector('path');
    return { t, path, was: t.firstChild.data, width: path.getAttribute('stroke-width') };
  });
  s.stations = [...s.svg.querySelectorAll('[data-station]')].map(named);
  s.named = s.keys.map((key, n) => ({ ...named(key), titles: [s.tracks[n], s.reaches[n]] }));
  s.week = s.shown = 0;
  s.counted = -Infinity;
};
"""
_GESTURES = """
const NARROW = 700, READABLE = 0.85;
const apply = s => {
  const [x, y, w, h] = s.box, [, , W, H] = s.whole, within = (v, most) => Math.min(Math.max(v, 0), most);
  s.box = [within(x + w / 2, W) - w / 2, within(y + h / 2, H) - h / 2, w, h];
  s.svg.setAttribute('viewBox', s.box.map(v => v.toFixed(1)).join(' '));
  s.svg.classList.toggle('near', w < W * 0.99);
};
// A narrow screen begins at the left, where texts can be read.
const begin = s => {
  s.box = [...s.whole];
  const wide = s.svg.clientWidth, [, , W, H] = s.whole;
  if (!wide || wide >= NARROW || wide / W >= READABLE) return;
  const spots = [...s.svg.querySelectorAll('[data-station] .ring')].map(r => r.getBoundingClientRect());
  const first = spots.reduce((a, b) => (b.left < a.left ? b : a), spots[0] ?? s.svg.getBoundingClientRect());
  const m = s.svg.getScreenCTM(), w = wide / READABLE, h = (w * H) / W;
  s.box = [0, ((first.top + first.bottom) / 2 - m.f) / m.d - h / 2, w, h];
};
const zoom = (s, f, cx, cy) => {
  const [x, y, w, h] = s.box, least = Math.min(s.whole[2] / 12, s.svg.clientWidth / 3);
  const k = Math.min(Math.max(w * f, least), s.whole[2] * 1.5) / w;
  s.box = [cx - (cx - x) * k, cy - (cy - y) * k, w * k, h * k]; apply(s);
};
const place = (s, x, y) => {
  const m = s.svg.getScreenCTM().inverse();
  return [x * m.a + m.e, y * m.d + m.f];
};
const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const gestures = s => {
  const svg = s.svg;
  svg.onwheel = e => {
    if (!e.ctrlKey && !e.shiftKey && !document.fullscreenElement) return;
    e.preventDefault(); zoom(s, e.deltaY > 0 ? 1.15 : 1 / 1.15, ...place(s, e.clientX, e.clientY));
  };
  svg.onpointerdown = e => {
    if (!s.fingers.size) { s.moved = false; s.from = [e.clientX, e.clientY]; }
    s.fingers.set(e.pointerId, [e.clientX, e.clientY]);
  };
  svg.onpointermove = e => {
    const was = s.fingers.get(e.pointerId), now = [e.clientX, e.clientY];
    if (!was) return;
    s.fingers.set(e.pointerId, now);
    const other = [...s.fingers].find(([id]) => id !== e.pointerId);
    if (other) {
      s.moved = true;
      zoom(s, far(was, other[1]) / Math.max(far(now, other[1]), 1), ...place(s, ...other[1]));
    } else if (e.pointerType !== 'touch' || svg.classList.contains('near')) {
      s.moved ||= far(now, s.from) > 4;
      const k = 1 / svg.getScreenCTM().a;
      if (s.moved) { s.box[0] -= (now[0] - was[0]) * k; s.box[1] -= (now[1] - was[1]) * k; apply(s); }
    }
  };
  svg.onpointerup = svg.onpointerleave = svg.onpointercancel = e => { s.fingers.delete(e.pointerId); };
  svg.onpointerover = e => {
    const on = e.target.closest('[data-line]');
    svg.classList.toggle('dim', !!on);
    s.tracks.forEach(p => p.classList.toggle('on', !!on && p.dataset.line === on.dataset.line));
  };
};
"""
_WEEKS = """
// Figures that change faster, nobody reads: while the slider flies they follow every so many milliseconds.
const CALM = 60;
const put = (figure, shown) => { if (figure.t.firstChild.data !== shown) figure.t.firstChild.data = shown; };
const left = (share, lang) => (lang === 'fr' ? share + '\\u00a0%' : share + '%');
// Figures under stations, of lines and stages, in week k; 0: of the whole period, as they were drawn.
const count = (s, data, k) => {
  const { weeks, lang } = data;
  if (!k !== !s.week) {
    for (const f of Object.values(s.figures).flat()) {
      if (f.length && !k) f.t.setAttribute('textLength', f.length); else f.t.removeAttribute('textLength');
    }
    s.scale.forEach((f, n) => {
      const [of, width] = k ? weeks.scale[n] ?? [] : [null, f.width];
      f.t.parentNode.style.display = width === undefined ? 'none' : '';
      if (width === undefined) return;
      f.path.setAttribute('stroke-width', width); put(f, k ? compact(of, lang) : f.was);
    });
  }
  const told = (of, more) => (f, n) => put(f, k ? compact(weeks[of][k - 1][n], lang) + more(n) : f.was);
  s.figures.line.forEach(told('lines', () => ''));
  s.figures.band.forEach(told('bands', () => ''));
  s.figures.station.forEach(told('stations', n => {
    const share = weeks.lost[k - 1][n];
    return share ? ' · ✕' + left(share, lang) : '';
  }));
  s.week = k;
};
// The same to who hears it, once the week stays.
const spell = (s, data, k) => {
  const { weeks, lang, t } = data;
  const base = label => label.slice(0, label.lastIndexOf(' — ' + t.passed.replace('{}', '')));
  const passed = of => ' — ' + t.passed.replace('{}', compact(of, lang));
  s.stations.forEach(({ g, title, label }, n) => {
    const share = k && weeks.lost[k - 1][n];
    const lost = share ? ' — ' + t.unsent.replace('{}', left(share, lang)) : '';
    const told = k ? base(label) + passed(weeks.stations[k - 1][n]) + lost : label;
    g.setAttribute('aria-label', told); title.textContent = told;
  });
  s.named.forEach(({ g, label, titles }, n) => {
    const told = k ? base(label) + passed(weeks.tracks[k - 1][n]) : label;
    g.setAttribute('aria-label', told);
    titles.forEach(path => { path.querySelector('title').textContent = told; });
  });
};
// Width of a track, of its pale edge and of the light inside a hollow one; at 0 as they were drawn.
const wide = (s, n, width) => {
  if (!width) {
    s.tracks[n].setAttribute('stroke-width', s.widths[n]);
    s.edge[n].setAttribute('stroke-width', s.edges[n]);
    if (s.inner[n]) s.inner[n].setAttribute('stroke-width', s.inners[n]);
    return;
  }
  s.tracks[n].setAttribute('stroke-width', width.toFixed(2));
  s.edge[n].setAttribute('stroke-width', (width + 4).toFixed(2));
  if (s.inner[n]) s.inner[n].setAttribute('stroke-width', width > 3 ? Math.min(width * 0.4, s.inners[n]) : 0);
};
const time = (s, data, find, name, setStateValue) => {
  const bar = find('.time');
  bar.hidden = !data.weeks;
  if (!data.weeks) return;
  const wrap = find('.wrap'), range = find('.time input'), out = find('.time output'), { weeks, t } = data;
  const { labels } = weeks, last = labels.length - 1, [thinnest, widest] = weeks.widths;
  const play = name('.play', s.playing ? t.pause : t.play);
  const widths = weeks.tracks.map(of =>
    of.map(n => (n ? Math.max(thinnest, widest * Math.sqrt(n / weeks.most)) : 0.4)));
  const figures = () => { count(s, data, s.shown); s.counted = performance.now(); };
  const show = at => {
    const began = performance.now(), k = Math.floor(at), part = at - k;
    s.tracks.forEach((_, n) => {
      const a = k ? widths[k - 1][n] : 0, b = k && k < widths.length ? widths[k][n] : a;
      wide(s, n, a + (b - a) * part);
    });
    if (k !== s.shown) {
      s.shown = k;
      clearTimeout(s.counting); clearTimeout(s.spelling);
      const wait = s.counted + CALM - began;
      if (wait <= 0) figures(); else s.counting = setTimeout(figures, wait);
      s.spelling = setTimeout(() => spell(s, data, k), 200);
      out.value = labels[k];
      range.setAttribute('aria-valuetext', labels[k]);
    }
    s.at = at;
    wrap.dataset.cost = (performance.now() - began).toFixed(2);
  };
  const keep = () => setStateValue('week', Math.floor(s.at));
  range.max = last;
  range.setAttribute('aria-label', t.week);
  out.value = labels[s.shown];
  if (!s.playing) { s.at = s.at > last ? 0 : Math.floor(s.at); range.value = s.at; show(s.at); }
  const stop = () => { s.playing = false; play.textContent = '▶'; name('.play', t.play); };
  range.oninput = () => { stop(); show(+range.value); };
  range.onchange = keep;
  play.onclick = () => {
    if (s.playing) { stop(); keep(); return; }
    s.playing = true; play.textContent = '❚❚'; name('.play', t.pause);
    const first = s.at >= last || s.at < 1 ? 1 : s.at, began = performance.now(), each = 60000 / last;
    const frame = now => {
      if (!s.playing || !wrap.isConnected) return;
      const at = Math.min(first + Math.max(now - began, 0) / each, last);
      show(at); range.value = Math.floor(at);
      if (at < last) requestAnimationFrame(frame); else { stop(); keep(); }
    };
    requestAnimationFrame(frame);
  };
};
"""
_MAP = """
const kept = new WeakMap();
export default function (component) {
  const { data, parentElement, setTriggerValue, setStateValue } = component;
  const find = q => parentElement.querySelector(q);
  const wrap = find('.wrap'), host = find('.host');
  let s = kept.get(parentElement);
  if (!s) { s = { at: data.at, fingers: new Map() }; kept.set(parentElement, s); }
  host.style.aspectRatio = data.aspect;
  if (s.hash !== data.hash) {
    s.hash = data.hash;
    host.innerHTML = data.svg;
    const svg = s.svg = host.querySelector('svg');
    svg.removeAttribute('width'); svg.removeAttribute('height');
    const whole = svg.getAttribute('viewBox').split(' ').map(Number), same = s.whole?.join() === whole.join();
    s.whole = whole;
    s.fingers.clear();
    clearTimeout(s.counting); clearTimeout(s.spelling);
    dress(s); note(s);
    if (!same) begin(s);
  }
  const svg = s.svg;
  apply(s);
  gestures(s);
  const pick = e => {
    const st = e.target.closest('[data-station]'), tr = e.target.closest('[data-track]');
    if (st) setTriggerValue('pick', 'station:' + st.dataset.station);
    else if (tr) setTriggerValue('pick', 'track:' + tr.dataset.track);
  };
  svg.onclick = e => { if (!s.moved) pick(e); };
  svg.onkeydown = e => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); pick(e); } };
  const middle = () => [s.box[0] + s.box[2] / 2, s.box[1] + s.box[3] / 2];
  const name = (q, text) => { const b = find(q); b.setAttribute('aria-label', text); b.title = text; return b; };
  name('.in', data.t.zoom_in).onclick = () => zoom(s, 1 / 1.3, ...middle());
  name('.out', data.t.zoom_out).onclick = () => zoom(s, 1.3, ...middle());
  name('.all', data.t.zoom_all).onclick = () => { s.box = [...s.whole]; apply(s); };
  name('.full', data.t.full).onclick = () =>
    document.fullscreenElement ? document.exitFullscreen() : wrap.requestFullscreen();

  const [kind, ...rest] = (data.picked || '').split(':'), chosen = rest.join(':');
  const lived = data.lived && { stations: new Set(data.lived.stations), tracks: new Set(data.lived.tracks) };
  svg.classList.toggle('some', !!lived);
  s.stations.forEach(({ g }) => {
    g.classList.toggle('picked', kind === 'station' && g.dataset.station === chosen);
    g.classList.toggle('lived', !!lived && lived.stations.has(g.dataset.station));
  });
  s.tracks.forEach((p, n) => {
    p.classList.toggle('picked', kind === 'track' && String(n) === chosen);
    p.classList.toggle('lived', !!lived && lived.tracks.has(n));
    s.keys[n].setAttribute('tabindex', !lived || lived.tracks.has(n) ? 0 : -1);
  });
  time(s, data, find, name, setStateValue);
}
"""
SCRIPT = COMPACT + _DRESS + _GESTURES + _WEEKS + _MAP
