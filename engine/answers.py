"""What each contact was answered when it asked for something shared: with that, one life can be lived again alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.ledger import Part
from bifurque.engine.referrals import Newcomers
from bifurque.rules.settlement import Books, Request, Supply
from bifurque.rules.sharing import REFERRED

FILE = "answers.parquet"
AT_ONCE = 1 << 17


class Journal(Books):
    """Books that write every answer down in a run's folder, and bring to life whom others bring."""

    def __init__(self, supplies: Sequence[Supply], seed: int, newcomers: Newcomers, folder: File | None = None) -> None:
        super().__init__(supplies, seed)
        self.newcomers, self.folder = newcomers, folder
        self.part = Part(folder / FILE, ()) if folder is not None and supplies else None
        self.noted: list[tuple[int, int, int]] = []

    def settle(self, t: int, requests: Sequence[Request]) -> list[int]:
        """Answer the requests of one instant; instants must not go back."""
        answers = super().settle(t, requests)
        if self.part is None:
            return answers
        self.noted += [(r.contact, t, answer) for r, answer in zip(requests, answers, strict=True)]
        if len(self.noted) >= AT_ONCE:
            self._write()
        return answers

    def hear(self, t: int, kind: int, number: int, amount: int, until: int) -> None:
        """A letter: of something granted, or of a friend who joins."""
        if kind == REFERRED:
            self.newcomers.hear(t, number, amount, until)
        else:
            super().hear(t, kind, number, amount, until)

    def _write(self) -> None:
        import pyarrow as pa

        rows = np.array(self.noted, np.int64).reshape(-1, 3)
        self.noted.clear()
        columns = {
            "contact": pa.array(rows[:, 0].copy()),
            "time": pa.array(rows[:, 1].copy()).view(pa.timestamp("s", "UTC")),
            "answer": pa.array(rows[:, 2].astype(np.int16)),
        }
        assert self.part is not None
        self.part.write(pa.table(columns))

    def close(self) -> None:
        """Finish the files: of answers, and of who brought whom."""
        if self.part is not None:
            self._write()
            self.part.close()
        if self.folder is not None and self.newcomers.setting.plan.referral is not None:
            self.newcomers.write(self.folder)


def answers_to(folder: File, contact: int) -> list[int]:
    """What one contact of a run was answered, in order; nothing if nobody asked for anything."""
    import pyarrow.parquet as parquet

    file = folder / FILE
    if not file.is_file():
        return []
    table: Any = parquet.read_table(file, columns=["answer"], filters=[("contact", "==", contact)])
    return [int(a) for a in table["answer"].to_pylist()]
