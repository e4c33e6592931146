"""What pages are made of: what is looked at, tables that download, charts, and words when there is nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import streamlit as st

from bifurque.dashboard.runs import NotShown, Rows, Store
from bifurque.dashboard.texts import T
from bifurque.dashboard.wording import LOCALE, plain, safe_cell, visible
from bifurque.engine.french import in_language
from bifurque.engine.words import reason
from bifurque.rules.errors import RunError

ACCENT, SECOND, QUIET = "#2F45C4", "#F5500E", "#8A93A6"
SCALE = ["#2F45C4", "#F5500E", "#199A16", "#AD6585", "#279ADB", "#763FA1", "#126740", "#A33206", "#EC50CA", "#9065F9"]
_FOLDERS = re.compile(r"(?<![\w./:])(?:/[^\s/:'\"`]+)*/(?=[^\s/:'\"`])")
"""All of an absolute path but its last name."""


@dataclass(frozen=True)
class View:
    """What a page shows.

    Attributes:
        store: the run.
        name: what the run is called here.
        lang: `fr` or `en`.
        kind: `all`, `persona` or `segment`.
        segment: which one.
        weeks: the first and the last week.
    """

    store: Store
    name: str
    lang: str
    kind: str
    segment: str
    weeks: tuple[int, int]

    def t(self, key: str, *values: object) -> str:
        """A text in the reader's language, its blanks filled."""
        return T[self.lang][key].format(*values)

    def called(self, name: str, kind: str = "") -> str:
        """The title of anything the plan names, for tables and charts.

        Args:
            name: what the plan calls it; of a step `journey/step`.
            kind: `journey`, `message`, `event`, `stage`, `step`, … where it is known, for names of two kinds may be
                the same; a kind without titles has names only.
        """
        if kind == "step":
            return self.store.steps(self.lang).get(name) or visible(name.rpartition("/")[2])
        known = self.store.titles(self.lang).get(kind, {}) if kind else self.store.names(self.lang)
        return known.get(name) or visible(name)

    def reason(self, code: str) -> str:
        """A reason in words."""
        try:
            return visible(reason(self.lang, code))
        except KeyError:
            return visible(code)

    def rows(self, sql: str, *values: Any) -> Rows:
        """The answer to a question; asked once."""
        return answered(*self.store.key, sql, values, self.store)

    @property
    def group(self) -> tuple[str, str]:
        """The group that is looked at, as the tables name it."""
        return self.kind, self.segment


@st.cache_data(show_spinner=False, max_entries=400)
def answered(folder: str, digest: str, sql: str, values: tuple[Any, ...], _store: Store) -> Rows:
    """The rows of a question, remembered."""
    return _store.rows(sql, *values)


def chart(view: View, drawing: alt.TopLevelMixin, told: str, **more: Any) -> Any:
    """A chart with numbers as the reader's language writes them, and its finding in words for who cannot see it."""
    return st.altair_chart(drawing.configure(locale=LOCALE[view.lang]), alt=told, width="stretch", **more)


def data(rows: Rows) -> Any:
    """Rows as charts take them."""
    return alt.InlineData(values=rows)


def nothing(view: View, key: str = "nothing") -> None:
    """Nothing to show, and why."""
    st.info(view.t(key))


def heading(text: str, why: str = "") -> None:
    """A heading, and one line on what it answers."""
    st.header(text, anchor=False)
    if why:
        st.caption(why)


def everybody(view: View) -> None:
    """Say that a table knows no segments, when one is chosen."""
    if view.kind != "all":
        st.caption(view.t("everybody"))


def by_week(view: View, *bounds: int) -> alt.X:
    """Weeks from left to right, whole ones, from the first to the last; of those there are, unless bounds are given."""
    wide = [bounds[0] - 0.5, bounds[-1] + 0.5] if bounds else []
    scale = alt.Scale(domain=wide, nice=False) if wide else alt.Scale(nice=False, zero=False)
    return alt.X("week:Q", title=view.t("week"), axis=alt.Axis(grid=False, tickMinStep=1, format="d"), scale=scale)


def table(view: View, rows: Rows, columns: Mapping[str, str], key: str, **config: Any) -> Any:
    """A table under the reader's column names, which downloads as CSV and Parquet.

    Args:
        view: what is looked at.
        rows: its rows.
        columns: their keys, and the columns' titles.
        key: of its widgets, and the name of its files.
        config: how columns are shown: `percent`, `money`, `number`, or any column of Streamlit.
    """
    if not rows:
        nothing(view)
        return None
    kept = pa.Table.from_pylist([{k: row.get(k) for k in columns} for row in rows])
    shown = {k: _column(view, titled, config.get(k), kept.schema.field(k).type) for k, titled in columns.items()}
    more = {"on_select": config["on_select"], "selection_mode": "single-row"} if "on_select" in config else {}
    found = st.dataframe(
        _shown(kept), column_config=shown, hide_index=True, placeholder="–", key=f"table_{key}", **more
    )
    downloads(view, kept.rename_columns(list(columns.values())), key)
    return found


def _column(view: View, titled: str, how: Any, kind: pa.DataType) -> Any:
    if how == "percent":
        return st.column_config.NumberColumn(titled, format="percent")
    if how == "money":
        return st.column_config.NumberColumn(titled, format="localized")
    if how is not None and not isinstance(how, str):
        return how(titled)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or how == "number":
        return st.column_config.NumberColumn(titled, format="localized")
    return st.column_config.TextColumn(titled)


def _shown(kept: pa.Table) -> pa.Table:
    """Texts without signs that turn the direction of writing."""
    for at, field in enumerate(kept.schema):
        if pa.types.is_string(field.type):
            clean = [None if v is None else visible(v, 300) for v in kept.column(at).to_pylist()]
            kept = kept.set_column(at, field, pa.array(clean, pa.string()))
    return kept


def downloads(view: View, kept: pa.Table, key: str) -> None:
    """Two buttons: the table as CSV, which no spreadsheet takes for formulas, and as Parquet."""
    name = f"{view.name}-{key}"
    with st.container(horizontal=True, gap="small"):
        for kind, make, mime in (("csv", _csv, "text/csv"), ("parquet", _parquet, "application/vnd.apache.parquet")):
            st.download_button(
                view.t(kind),
                make(kept),
                f"{name}.{kind}",
                mime,
                key=f"{kind}_{key}",
                on_click="ignore",
                type="tertiary",
            )


def _csv(kept: pa.Table) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([safe_cell(name) for name in kept.column_names])
    for row in kept.to_pylist():
        writer.writerow([safe_cell(v) for v in row.values()])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _parquet(kept: pa.Table) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(kept, stream, compression="zstd")
    return stream.getvalue()


def figures(found: list[tuple[str, str, str]]) -> None:
    """Figures beside one another: name, value, and a word about it."""
    with st.container(horizontal=True, gap="medium"):
        for name, value, about in found:
            st.metric(plain(name), value, help=about or None, width="content")


def trouble(lang: str, error: Exception, why: str = "") -> None:
    """What went wrong and what to do, in the reader's language; below it, small, what the product says of it.

    Args:
        lang: the reader's language.
        error: what was raised.
        why: the key of a sentence about it; else one for its kind.
    """
    st.error(T[lang][why or sentence(error)])
    st.code(technical(str(error), lang), language=None, wrap_lines=True)


def sentence(error: Exception) -> str:
    """The key of what is said of an error: of a run that cannot be shown, of a damaged file, of anything else."""
    if isinstance(error, NotShown):
        return error.why
    if isinstance(error, RunError):
        return "run_unreadable"
    return "table_damaged" if isinstance(error, duckdb.Error | pa.ArrowException | OSError) else "trouble"


def technical(text: str, lang: str) -> str:
    """What the product says of an error in the reader's language, without the folders of this machine."""
    return visible(_FOLDERS.sub("", in_language(text, lang)), 2000)
