"""Ask in SQL: any question about the run's tables; nothing else can be read, nothing can be written."""

from __future__ import annotations

from pathlib import Path as File

import pyarrow as pa
import streamlit as st

from bifurque.dashboard import address
from bifurque.dashboard.asked import LARGE, MOST_ROWS, MOST_SECONDS, SELECT, SLOW, NotAnswered, ask_freely
from bifurque.dashboard.parts import View, downloads, heading
from bifurque.dashboard.wording import number, plain, visible

EXAMPLE = """SELECT journey, reason, sum(count) AS decisions
FROM decision_week
WHERE outcome = 'dropped'
GROUP BY ALL ORDER BY decisions DESC LIMIT 20"""


@st.cache_data(show_spinner=False, max_entries=20)
def answered(folder: str, sql: str) -> tuple[pa.Table, bool]:
    """An answer, kept for as long as somebody looks at it; a run does not change."""
    return ask_freely(File(folder), sql)


def show(view: View) -> None:
    """A question, its answer, and what can be asked about."""
    address.text("sql", EXAMPLE)
    sql = st.text_area(view.t("question"), key="sql", height=160)
    address.note("sql", str(sql or ""), EXAMPLE)
    st.button(view.t("ask"), key="ask", type="primary")
    try:
        answer, more = answered(str(view.store.folder), str(sql or ""))
    except NotAnswered as error:
        known = {SELECT: view.t("only_select"), SLOW: view.t("too_slow", int(MOST_SECONDS)), LARGE: view.t("too_large")}
        st.error(known.get(str(error), view.t("not_answered")))
        if str(error) not in known:
            st.code(visible(str(error), 1200), language=None, wrap_lines=True)
    else:
        st.caption(view.t("rows_found", number(view.lang, answer.num_rows)))
        st.dataframe(answer, hide_index=True)
        downloads(view, answer, "sql")
        if more:
            st.warning(view.t("more_rows", number(view.lang, MOST_ROWS)))
    heading(view.t("tables"))
    for name in view.store.tables:
        columns = view.store.ask(f'SELECT * FROM "{name}" LIMIT 0').column_names
        st.markdown(f"`{name}` — {plain(', '.join(columns), 400)}")
