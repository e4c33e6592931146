"""Where a contact stands when its life is over: its stage, and each visit under way with its step and its due instant.

Nothing here runs unless the lane has been given room for it.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, seldom
from bifurque.rules.layout import *


@seldom
def stand(m: Memory) -> None:
    """A row for each visit under way; one without a journey for a contact that is in none."""
    first = m[STANDING_COUNT]
    for j in range(m[H_N_JOURNEYS]):
        journey = m[H_JOURNEYS] + j * JOURNEY
        if m[m[journey + J_INSIDE]] > 0:
            stand_in(m, journey)
    if m[STANDING_COUNT] == first:
        row = m[H_STANDING] + first * STANDING
        m[STANDING_COUNT] += 1
        m[row + SD_CONTACT], m[row + SD_STAGE] = m[CONTACT], m[STAGE]
        m[row + SD_JOURNEY] = m[row + SD_STEP] = m[row + SD_DUE] = 0


@seldom
def stand_in(m: Memory, journey: int) -> None:
    """The visits of one journey. A visit whose last step is done, and that waits for its messages, is at none."""
    for i in range(m[journey + J_N_SLOTS]):
        slot = m[journey + J_SLOTS] + i * SLOT
        at = m[slot + SLOT_STEP]
        if at == FREE:
            continue
        row = m[H_STANDING] + m[STANDING_COUNT] * STANDING
        m[STANDING_COUNT] += 1
        due = m[m[H_TIMERS] + m[slot + SLOT_TIMER]]
        m[row + SD_CONTACT], m[row + SD_STAGE], m[row + SD_JOURNEY] = m[CONTACT], m[STAGE], m[journey + J_ID]
        m[row + SD_STEP], m[row + SD_DUE] = m[at + ST_ID] if at > 0 else 0, 0 if due == NEVER else due
