"""Where the figures of groups stand: see `bifurque.actors.books`."""

from __future__ import annotations

# Figures of groups: personas first, then segments
(
    BK_SEGMENTS,  # list of conditions
    BK_N_PERSONAS,
    BK_N_STAGES,
    BK_N_WAYS,
    BK_WEEK,  # number of the first local week
    BK_WEEKS,
    BK_DAYS,
    # in the record
    BK_PRESS,  # local day of the last send, its sends, the most on one day of this week
    BK_BEFORE,  # the totals before this contact
    BK_HITS,  # a cell for each week with messages
    BK_MARKS,  # by way: taken or not; purchases, unsubscriptions and cents before
    BK_OPENED,  # by journey: opens
    # counters
    BK_TOTALS,  # by group
    BK_ALIVE,  # by group and week: contacts whose first it is, less those whose last it was
    BK_PRESSURE,  # by group, week, number of messages and most in a day
    BK_MOVES,  # by day, stage left (plus one; 0: from outside) and stage entered
    BK_WAYS,  # by group and way: contacts; of them who bought or unsubscribed later; cents
    BK_LOOPS,  # by journey and number of entries: contacts; of them who opened any
) = range(18)
BOOKS = 18
MARK = 4
WAY_COUNTS = 4
LOOP_MOST = 24
WEEK_MOST = 8
CELLS = WEEK_MOST * WEEK_MOST
