"""Columns of the tables and of the record that only the actor reads: journeys, visits, steps, triggers, actions.

Behaviour.
"""

from __future__ import annotations

# Journeys
(
    J_ID,
    J_NAME,  # as a winner
    J_FIRST,  # address of the first step
    J_SLOTS,  # address in the record of its slots
    J_N_SLOTS,
    J_VISITS,  # word that counts entries
    J_INSIDE,  # word that counts visits under way
    J_REENTRY,
    J_MOST,  # entries in all, or 0: no bound
    J_KEYED,
    J_WHEN,  # condition of entry, or -1
    J_GROUP,  # address of the exclusive group, or 0
    J_PRIORITY,  # address of an expression, or -1
    J_PRIORITY_CONST,
    J_ARM,  # word that holds the code of the contact's arms here
    J_GOAL,  # address of the goal, or 0
    J_QUEUE,  # words of an entry that waits: 1 or 0, key, anchor, cause, step
    J_COUNTS,  # address of its counters, by arm
    J_PAUSE,  # words of a pause by a rule, or 0
    J_OVERRIDE,  # words of a priority given by a rule, or 0
    J_ENTRIES,  # ways into it, rows behind a count
) = range(21)
JOURNEY = 21
NEVER_AGAIN, AFTER_EXIT, PARALLEL, REPLACE = range(4)

# Exclusive groups: policy, how many, their addresses
(G_POLICY, G_COUNT, G_FIRST) = range(3)
PREEMPT, PAUSE, QUEUE = range(3)

# A visit's slot in the record
(
    SLOT_STEP,  # address of the step it stands at, or -1: free
    SLOT_JOURNEY,
    SLOT_TIMER,  # which timer is its own
    SLOT_ANCHOR,  # instant of the trigger
    SLOT_PREVIOUS,  # due instant of the previous step
    SLOT_SENT,  # instant the last message became final: left, or was dropped
    SLOT_KEY,
    SLOT_VISIT,
    SLOT_STATE,
    SLOT_MESSAGES,  # messages due or held
    SLOT_PAUSED,  # name of the journey that pauses it, or 0
    SLOT_SINCE,  # instant it reached its step
) = range(12)
SLOT = 12
FREE = -1
RUNNING, AWAITING_EVENT, AWAITING_SEND, ENDING, AWAITING_OFFER = range(5)

# Steps
(
    ST_ID,
    ST_KIND,
    ST_JOURNEY,
    ST_ANCHOR,
    ST_ATTRIBUTE,  # word of the attribute it is counted from
    ST_WAITS,  # rows of waits, one per arm
    ST_WAIT_ARM,  # word of the experiment that chooses, or -1
    ST_SENDS,  # send rows, one per arm
    ST_SEND_ARM,
    ST_ARG,  # by kind: list of actions, branches, arms, or the journey of a transfer
    ST_ELSE,  # wait_for: where to go after the timeout
    ST_NEXT,  # address of the next step, or 0: the end
    ST_LATE,
    ST_PURPOSE,
    ST_INTERVAL,  # what may happen by itself before this step: a group of alternatives, or 0
    ST_COUNTS,
    ST_ONWARD,  # ways that lead on from it, rows behind a count
    ST_ANSWERS,  # what may be answered on the spot: a group of alternatives, or 0
    ST_WAYS,  # number of its first way, where it has several
) = range(19)
STEP = 19
(S_SEND, S_WAIT, S_WAIT_FOR, S_BRANCH, S_EXPERIMENT, S_ACT, S_TRANSFER, S_EXIT, S_OFFER) = range(9)
MOST_OFFERS = 16
"""An offer step chooses from so many."""
FROM_TRIGGER, FROM_PREVIOUS, FROM_SENT, FROM_DATE, FROM_MOMENT = range(5)
LATE_SEND, LATE_SKIP = range(2)

(W_DAYS, W_SECONDS, W_AT, W_WEEKDAYS) = range(4)
WAIT = 4

# Counters of steps: reached, gone on, left the journey there, quarantined there, inside at the end
(N_REACHED, N_PASSED, N_LEFT, N_STOPPED, N_INSIDE) = range(5)
STEP_COUNTS = 5

# Counters by journey and arm, then held and dropped by reason
(
    A_ENTERED,
    A_LEFT,
    A_QUARANTINED,
    A_INSIDE,
    A_CONVERTED,
    A_REVENUE,
    A_SENT,
    A_OPENED,
    A_CLICKED,
    A_UNSUBSCRIBED,
    A_COST,
    A_REFUSED,
) = range(12)
ARM_COUNTS = 12

# Counters by stage, then held and dropped by reason
(
    G_ENTERED,
    G_NOW,
    G_SENT,
    G_OPENED,
    G_CLICKED,
    G_CONVERTED,
    G_REVENUE,
    G_UNSUBSCRIBED,
    G_COST,
) = range(9)
STAGE_COUNTS = 9

# Totals
(
    X_CONTACTS,
    X_EVENTS,
    X_PURCHASES,
    X_REVENUE,
    X_SENT,
    X_COST,
    X_OPENED,
    X_CLICKED,
    X_UNSUBSCRIBED,
    X_QUARANTINED,
    X_INDIFFERENT,
    X_FIRST_YEAR,
    X_FIRST_YEAR_COST,
    X_FORGOTTEN,  # something no longer fitted: a key, an open goal
    X_REACHABLE,
) = range(15)
TOTALS = 15
PRESSURE_MOST = 63

# Goals: words of the record: how many open, then their ends; and the last instant revenue counts
(GO_JOURNEY, GO_DAYS, GO_SECONDS, GO_CELLS, GO_SIZE) = range(5)
GOAL = 5
(GC_UNTIL, GC_COUNT, GC_FIRST) = range(3)

# Triggers
(
    TR_KIND,
    TR_JOURNEY,
    TR_WHERE,
    TR_TIMER,
    TR_CELLS,
    TR_SIZE,  # how many keys may be pending
    TR_WAITS,  # row of the wait, one per arm
    TR_WAIT_ARM,
    TR_KEYED,
    TR_ATTRIBUTE,
    TR_EVERY,
    TR_DAYS,  # days after a date of the contact
    TR_AT,
    TR_DATES,  # the wall-clock readings of a schedule, in order
    TR_LOCAL,
    TR_CAUSE,
    TR_LEAP,
    TR_AFTER,
) = range(18)
TRIGGER = 18
(T_EVENT, T_FIRST, T_ABSENCE, T_TOGETHER, T_CHANGE, T_CROSSING, T_DATE, T_SCHEDULE, T_STAGE) = range(9)
EVERY_YEAR, ONCE = range(2)

# What a timer wakes
(WAKES_MAIL, WAKES_SOURCE, WAKES_FALL, WAKES_SILENCE, WAKES_TRIGGER, WAKES_SLOT, WAKES_MESSAGES) = range(7)
"""Rows of two words behind the timers: what, and the address of its row."""

# Reactions to an event type: rows behind a count
(RX_OP, RX_ARG, RX_WHERE, RX_KEYED, RX_AUX) = range(5)
REACTION = 5
(
    RX_ACT,
    RX_REVENUE,
    RX_GOAL,
    RX_EXIT,
    RX_RESUME,
    RX_START,
    RX_FIRST,
    RX_ARM,
    RX_DISARM,
    RX_SEEN,
    RX_OPENED,
    RX_CLICKED,
    RX_BEHAVE,
    RX_FELT,  # a good or a bad experience
    RX_PAID,  # a purchase closes the cart
    RX_REMEMBER,  # windowed features
    RX_TAKEN,  # an offer is taken
    RX_LIVELY,  # a visit or a purchase: a person who is active
    RX_REFERRED,  # a friend joins
    RX_MERGED,  # two contacts turn out to be one
) = range(20)

# Actions of steps and events: rows behind a count
(AC_OP, AC_CELL, AC_CODE, AC_WORD, AC_WATCH) = range(5)
ACTION = 5
(AC_SET, AC_BIT, AC_GRANT, AC_WITHDRAW, AC_STAGE, AC_SCORE, AC_HEARD) = range(7)
AC_ANSWERED = 13
"""The answer to a survey with a scale: AC_WORD is the survey's row, AC_CELL the attribute that keeps it, or -1."""
# … of rules only
(AC_ENTER, AC_LEAVE, AC_TRANSFER, AC_PAUSE, AC_RESUME, AC_PRIORITY) = range(7, 13)
(TF_TO, TF_STEP, TF_INSIDE, TF_PAUSES, TF_DAYS, TF_SECONDS, TF_CAUSE, TF_FROM) = range(8)
"""A transfer: where to, at which step or 0, 1: only from inside, 1: the old journey pauses, for how long, the cause of
an entry from nowhere, list of journeys."""

# Thresholds of scores: rows behind a count
(TH_AT, TH_KIND, TH_TARGET) = range(3)
THRESHOLD = 3
TH_TRIGGER, TH_STAGE = 0, 1

# Penalties for silence
(SI_SCORE, SI_POINTS, SI_DAYS, SI_SECONDS, SI_TIMER, SI_LAST) = range(6)
SILENCE = 6

# Experiments and holdouts, drawn when a life begins
(AR_OP, AR_CELL, AR_PURPOSE, AR_TABLE, AR_EXTRA) = range(5)
ARM = 5
(AR_EXPERIMENT, AR_HOLDOUT, AR_JOURNEY) = range(3)
HELD_OUT_ARM = 1
"""The arm code of a holdout; 0 is no arm, others follow the plan's experiments."""

# Mail: what will happen to the contact
(MAIL_TIME, MAIL_TYPE, MAIL_KEY, MAIL_VALUE, MAIL_SEND, MAIL_VISIT, MAIL_CAUSE, MAIL_SOURCE) = range(8)
MAIL = 8
FROM_MODEL, FROM_FILE, FROM_LIFE, FROM_MACHINE, FROM_CART, FROM_VISIT = range(6)
"""Where mail comes from. FROM_MACHINE: a mail program that opens by itself; FROM_CART: a cart bought later;
FROM_VISIT + a journey's id: what a visit to it makes the person do."""

# Entries waiting to be made: journey, key, anchor, cause, step or 0
AGENDA, AGENDA_MOST = 5, 64

MOST_TRANSITIONS = 64
"""Transitions of one contact at one instant; beyond, it is quarantined."""

# Behaviour: sources of events
(
    SO_EVENT,
    SO_KIND,
    SO_TIMER,
    SO_RATE,  # events per second, by persona
    SO_STAGE,  # factors by stage, or 0
    SO_COUNT,
    SO_PURPOSE,
    SO_KEY,
    SO_VALUE,
    SO_SPREAD,
    SO_FROM,
    SO_SPAN,
    SO_MORE,  # of a second source that shocks call for: how many times the rate of the first
) = range(13)
SOURCE = 13
SO_POISSON, SO_ONCE, SO_BUYS, SO_VISITS, SO_REFERS = range(5)
KEY_NONE, KEY_SAME, KEY_NEW = 0, 1, 2

# Behaviour: groups of alternatives, of which at most one happens. BE_MOOD: how far satisfaction moves the choice;
# BE_SURVEY: instead of alternatives, the row of a survey with a scale
(BE_WHEN, BE_PURPOSE, BE_COUNT, BE_FIRST, BE_SOURCE, BE_MOOD, BE_SURVEY) = range(7)
(AL_CHANCE, AL_EVENT, AL_DAYS, AL_LEAST, AL_SPAN, AL_KEY, AL_VALUE, AL_SPREAD, AL_TEXT) = range(9)
ALTERNATIVE = 9

# Shocks: lists by target, rows behind a count; factors are reals, one for each period of SK_EACH seconds
(SH_OPEN, SH_CLICK, SH_UNSUBSCRIBE, SH_CHURN, SH_EVENTS) = range(5)
(SK_FROM, SK_UNTIL, SK_EACH, SK_FACTORS, SK_WHOM, SK_SHARE, SK_PURPOSE) = range(7)
SHOCK = 7

# Surveys with a scale; reals unless said otherwise. Only realistic people use what follows SV_TEXTS
(
    SV_COUNTS,  # address of counters: answers by score, then what all who were asked would have answered
    SV_FIRST,  # whole number: the least score
    SV_SCORES,  # whole number: how many scores
    SV_TEXTS,  # address of the codes of their texts
    SV_ODDS,  # address: logits of a score at least so good, from the best, at satisfaction 0.6
    SV_MOOD,  # what these logits gain with satisfaction
    SV_ANSWERS,  # logit of answering, for the middle of the scale
    SV_BIAS,  # how much it gains from the worst answer to the best
    SV_EVENT,  # whole number: the event an answer is
) = range(9)
SURVEY = 9

# Realistic behaviour: the model's figures, as reals unless said otherwise
(
    MO_R,  # shape of purchase rates
    MO_RATE,  # their scale, per second, by persona: address of a table
    MO_S,  # shape of the rates of leaving; 0: nobody leaves
    MO_BETA,  # their scale, seconds
    MO_A,  # chances to leave after each purchase are Beta(a, b); 0: nobody does
    MO_B,
    MO_AGE,  # seconds lived before the run
    MO_LOG_MEAN,  # of the logarithm of a Gamma(r, 1)
    MO_LOG_SPREAD,
    MO_TASTE,  # correlation of purchase rate and opens
    MO_P,
    MO_Q,
    MO_GAMMA,  # cents, by persona: address of a table
    MO_LIFT_SECONDS,
    MO_LIFT_OPENED,
    MO_LIFT_CLICKED,
    MO_LIFT_MOST,
    MO_VISITS,  # per second at the mean purchase rate
    MO_MEAN_RATE,  # purchases per second
    MO_CART,
    MO_RETURNS,
    MO_COMPLETES,
    MO_COMPLETE_SECONDS,
    MO_CART_EVENT,  # whole number
    MO_BUY_EVENT,  # whole number
    MO_VISIT_EVENT,  # whole number
    MO_TIRED_SECONDS,  # in which fatigue falls to 1/e
    MO_TIRED_OPENS,
    MO_TIRED_CLICKS,
    MO_REPEATS,
    MO_TIRED_LEAVES,
    MO_OPENED_LEAVES,
    MO_MOOD_LEAVES,
    MO_MOOD_START,
    MO_MOOD_STEP,
    MO_COMPLAINED,  # whole number: event type
    MO_BOUNCED,  # whole number: event type
    MO_WEEK,  # address: waking seconds before each hour of the week, 169 reals
    MO_SHIFT,  # standard deviation of how early people live, seconds
    MO_CELLS,  # address of the contact's words
    MO_COUNTS,  # address of counters by send row: machine opens, messages reported opened
    MO_REGULAR,  # whole number: a purchase is so many candidates that happen
    MO_PROMOTERS,  # logit of scoring 9 or 10 at satisfaction 0.6
    MO_SCORES,  # what it gains with satisfaction
    MO_SENDING,  # added to the logit of opens, times how awake people are at the sending, less one
    MO_LIVELY_SECONDS,  # in which recent activity falls to 1/e; 0: it counts for nothing
    MO_LIVELY_OPENS,
    MO_LIVELY_CLICKS,
) = range(48)
MODEL = 48
# … a contact's words: rate per waking second, instant of leaving, cents per unit of spend, lift (see `stock`) and the
# send row that raised it last, satisfaction, when a cart was left, its key, candidates that happened since the last
# purchase, recent activity; then fatigue by channel
(
    ME_RATE,
    ME_LEAVES,
    ME_SPEND,
    ME_LIFT,
    ME_LIFT_SEND,
    ME_MOOD,
    ME_CART,
    ME_CART_KEY,
    ME_PHASE,
    ME_LIVELY,
    ME_TIRED,
) = range(11)
# Readers: what people do with the messages of one channel
(
    RD_PURPOSE,  # of what is drawn once for all messages
    RD_OPEN_SPREAD,
    RD_CLICK_SPREAD,
    RD_COMPLAINT,
    RD_HARD,
    RD_SOFT,
    RD_SECONDS,  # median waking time until the open
    RD_POWER,  # one over the shape of that time
    RD_MACHINE,
    RD_TIRED,  # address of the contact's fatigue here
) = range(10)
READER = 10
# What a send row says to its reader: by persona logits of opens, of clicks, of leaving; factor on the lift; its place
# among the repeats; the row of the survey it asks, or 0; to whom it is relevant (a condition, or -1), by how much
(TO_OPEN, TO_CLICK, TO_LEAVE, TO_LIFT, TO_REPEATS, TO_SHIFT, TO_SURVEY, TO_WHEN, TO_RELEVANCE) = range(9)

# Columns of the population
(P_CONTACT, P_ZONE, P_PERSONA, P_JOINED, P_KEEP, P_FIRST) = range(6)
NO_ZONE = -1

# Merging: in place of the message of the event; lists of what is joined
LEAVES, BRINGS = -2, -3
"""This contact leaves everything to another; or (BRINGS − n) takes over what stands from the n-th event row on."""
PARTED = 3
"""`QUARANTINED`: this life has gone over into another."""
(MG_KNOWN, MG_FACTS, MG_CAPS, MG_COHERENCE, MG_ABSENCES, MG_FIRSTS, MG_SCORES) = range(7)

# Where a contact stands at the end: a row for each visit under way, or one without a journey
(SD_CONTACT, SD_STAGE, SD_JOURNEY, SD_STEP, SD_DUE) = range(5)
STANDING = 5

# Columns of imported events
(E_TIME, E_TYPE, E_KEY, E_VALUE, E_MESSAGE, E_CAUSE) = range(6)
EVENT = 6

# Notes on each contact: see `bifurque.actors.noting`
(NO_ROW, NO_WIDTH, NO_DIGEST, NO_READS, NO_CODES, NO_PAIRS, NO_TOLD, NO_NAMES) = range(8)
"""Address of the next row, its length, the digest so far; lists of words to copy, of conditions, of counters to watch;
address of the next answer, of those that contacts got when all lived together; from NO_NAMES on the tables of hashed
names by code, or 0: no digest."""
(NA_JOURNEYS, NA_STEPS, NA_SENDS, NA_REASONS, NA_WINNERS, NA_CAUSES, NA_ARMS, NA_EVENTS, NA_TEXTS) = range(9)
NOTED = NO_NAMES + 9
(PA_COUNTER, PA_COLUMN, PA_WEIGHT, PA_LAST) = range(4)
PAIR = 4
