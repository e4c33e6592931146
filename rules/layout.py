"""Where things stand in a lane's memory: fixed words, and the columns of the tables of conditions and laws.

A lane's memory is one vector of int64 words: fixed words, the plan's tables, the record of the contact at hand, work
space, counters. Table rows are named by their absolute address, so `m[send + SEND_RANK]` is one load. Money is in
cents, time in seconds since 1970-01-01 UTC, real numbers are the bits of a float64.
"""

from __future__ import annotations

MISSING = -(2**63)
"""A whole number, text, date or truth value that is not known."""
NEVER = 2**62
"""An instant after every horizon."""
ALWAYS = -(2**62)
"""An instant before every horizon."""

# Fixed words. -- the plan
(
    H_START,  # first instant of the run
    H_END,  # first instant after it
    H_SEED,
    H_WEEKS,  # weeks of the run, the last one perhaps short
    H_ZONES,  # rows of two words: address of the segments, how many
    H_FALLBACK,  # list of zones in which an unknown zone must be awake
    H_QUIET,  # rows of quiet hours
    H_SENDS,  # rows: every message as a step sends it on a channel
    H_N_SENDS,
    H_POLICY,  # arbitration: FIRST_COME, PRIORITY or LOOK_AHEAD
    H_LONGEST,  # the longest window of a cap, seconds: how far look-ahead sees
    H_REASONS,  # how many reasons
    H_OUTBOX,  # messages due or held
    H_OUTBOX_SIZE,
    H_ROWS,  # decision rows waiting to be taken away
    H_ROWS_SIZE,
    H_SEND_COUNTS,  # counters by week and send row
    H_FORESEEN,  # work space of look-ahead
    H_TIMERS,
    H_N_TIMERS,
    H_JOURNEYS,
    H_N_JOURNEYS,
    H_EVENTS,  # by event type: address of its reactions
    H_BEGINS,  # list of what a life starts with
    H_IMAGE,  # the record of a contact who has lived nothing
    H_RECORD,
    H_RECORD_SIZE,
    H_MAIL,
    H_MAIL_SIZE,
    H_AGENDA,
    H_STEP_COUNTS,
    H_ARM_COUNTS,
    H_STAGE_COUNTS,
    H_PRESSURE,  # contact-weeks by number of messages
    H_TOTALS,
    H_FATIGUE,  # ring of the last sends, for the fatigue table
    H_FATIGUE_SIZE,
    H_FATIGUE_WINDOW,
    H_BEHAVIOUR,  # OFF, CONSTANT or REALISTIC
    H_PEOPLE,  # list of (column of the population, word of the record)
    H_ARMS,  # list of experiments and holdouts to draw at the start of a life
    H_STAGE_ENTRY,  # by stage: address of the list of triggers
    H_SCORES,
    H_OPENED,  # event types the model itself writes
    H_CLICKED,
    H_UNSUBSCRIBED,
    H_JOINED,
    H_YEAR,  # 365 days before the end
    H_FIRST_YEAR,  # 365 days after the start
    H_EVENT_COUNTS,
    H_EVENT_ROWS,  # events waiting to be taken away
    H_WAKES,  # what each timer wakes
    H_N_STEPS,  # names of steps, 0 for none; those of stages follow
    H_EVENT_CAUSES,  # the cause that is the first event type
    H_CONSENTS,  # list of the words of the record that hold consents
    H_MODEL,  # the figures of realistic behaviour
) = range(56)
(H_RULES, H_RULE_WORDS, H_ARMED, H_READERS, H_EVENT_RULES, H_CLOCK_RULES, H_RULE_COUNTS, H_ROOM) = range(56, 64)
"""Rules: see `bifurque.rules.rulebook`."""
(H_LETTERS, H_LETTERS_SIZE, H_PARKED, H_PARKED_SIZE, H_PARKED_MOST) = range(119, 124)
"""Letters and parked contacts waiting to be taken away, see `bifurque.rules.sharing`. H_PARKED_MOST: words of one."""
H_SHOCKS = 124
"""Where shocks stand, by what they change; 0: the plan has none."""
(NOTES, WARMING) = range(125, 127)
"""Room for notes on each contact, or 0; 1 while a warm-up is run: see `bifurque.actors.noting`."""
OFF, CONSTANT, REALISTIC = range(3)

# Fixed words. -- the contact at hand
(
    CONTACT,
    KEY,  # root of the contact's draws
    ZONE,
    ZONE_KNOWN,
    PERSONA,
    STAGE,
    LIFE,  # first instant the contact exists in the run
    SEG_FROM,  # the stretch of constant offset that holds the present instant
    SEG_TO,
    SEG_OFFSET,
    QUARANTINED,
    OUT_COUNT,
    OUT_WAITING,  # held messages whose release no clock knows: a condition holds them
    MAIL_COUNT,
    INSTANT,  # transitions are counted within one instant
    TRANSITIONS,
    WEEK,  # local week of the last send, its number of sends, weeks with any
    WEEK_SENDS,
    WEEKS_HIT,
    RECENT_SENDS,  # in the last 365 days of the run
    RECENT_OPENS,
    HELD_OUT,  # in the global holdout
    KEYS_MADE,
    FATIGUE_HEAD,
    SEND_SERIAL,
    CHANGED,  # something a held message may wait for has changed
    AGENDA_COUNT,
    FIRINGS,  # of rules, for the input at hand
    LOOPING,  # the rule that made them too many, as a winner
    ENTRY_STEP,  # where the entry at hand begins, or 0
    UNTIL,  # the instant at which something shared must be settled before this contact goes on, or 0
) = range(64, 95)

# Fixed words. -- the input being stepped
# (IN_TEXT and IN_MESSAGE: key and message as conditions read them)
(IN_TYPE, IN_KEY, IN_VALUE, IN_SEND, IN_VISIT, IN_CAUSE, IN_SOURCE, IN_MESSAGE, IN_TEXT) = range(95, 104)

# Fixed words. -- why the last law said no; the lane's own
(LAW, LAW_WINNER, LAW_POLICY, ROWS_COUNT, KEEP, HASH, NEXT_CONTACT, NEXT_EVENT, EVENTS_COUNT, WAKES) = range(107, 117)
(LETTERS_COUNT, PARKED_WORDS) = range(117, 119)

# Fixed words. -- masks of the rules that may be true, given the event at hand; 0: all
POSSIBLE = 127

# Fixed words. -- names an expression may read besides the record
(DEADLINE, VALUE, VISIT) = range(104, 107)
(H_LOST, H_BOOKS, FIRST_WEEK, LAST_WEEK) = range(128, 132)  # not sent; groups; local weeks of a life
LANE_WORDS, LANE_WORDS_END = LAW, H_BOOKS + 1
"""The fixed words that outlive a contact."""

STACK, STACK_SIZE = 132, 64
KNOWN = STACK + STACK_SIZE
TABLES = KNOWN + STACK_SIZE
"""The first word of the plan's tables."""

# Truth in Kleene's sense
FALSE, TRUE, UNKNOWN = 0, 1, 2

# Instructions of a condition: three words each (operation, a, b)
(
    OP_END,
    OP_CONST,  # a: the word
    OP_LOAD,  # a: address; MISSING is unknown
    OP_LOAD_REAL,  # a: address; NaN is unknown
    OP_LOAD_BIT,  # a: address, b: bit
    OP_TEST_BIT,  # the whole condition is one bit: a: address, b: twice the bit, plus 1 if it must be set
    OP_NOW,
    OP_LOCAL,  # a: which part of the contact's local time
    OP_SCORE,  # a: row of the score, b: key, or ANY_KEY for the best
    OP_COUNT,  # a: row of a memory of events, b: window in seconds
    OP_SUM,
    OP_WITHIN,  # a: word of an instant, b: window in seconds
    # the top of the stack alone, whatever it is
    OP_HAS,  # known or not
    OP_NOT,
    OP_AND,
    OP_OR,
    OP_JUMP_FALSE,  # a: words to skip; keeps the top
    OP_JUMP_TRUE,
    OP_BRANCH,  # pops a condition; false: skip a words; unknown: skip b words, and be unknown
    OP_JUMP,
    # two values become one
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_EQ_REAL,
    OP_NE_REAL,
    OP_LT_REAL,
    OP_LE_REAL,
    OP_GT_REAL,
    OP_GE_REAL,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD,
    OP_ADD_REAL,
    OP_SUB_REAL,
    OP_MUL_REAL,
    OP_DIV_REAL,
    # one known value becomes another
    OP_NEG,
    OP_NEG_REAL,
    OP_REAL,  # int to double
    OP_WHOLE,  # double to int, truncated
    OP_IN,  # a: address of a list of words
    OP_TEXT,  # a: address of two words: a table of answers by code of text, and its length
) = range(47)

ANY_KEY = -2
NO_KEY = -1
"""The key of an event that has none."""
MODEL_KEYS = 2**40
"""Keys the behaviour model invents start here; below are codes of texts."""

(LOCAL_HOUR, LOCAL_WEEKDAY, LOCAL_DAY, LOCAL_MONTH) = range(4)

# Quiet hours: seconds of the local day, weekdays as bits (Monday = 1)
(Q_FROM, Q_TO, Q_DAYS) = range(3)
QUIET = 3

# Send rows
(
    SEND_ID,
    SEND_STEP,
    SEND_MESSAGE,
    SEND_RANK,  # of the category: 0 is strongest
    SEND_CONSENT,  # address of the word, or -1: no consent needed
    SEND_CONSENT_BIT,
    SEND_QUIETS,  # list of quiet hours that apply
    SEND_CAPS,  # list of caps that may stop it
    SEND_COUNTS,  # list of caps it counts for
    SEND_RULES,  # list of coherence rules that may stop it
    SEND_MARKS,  # list of coherence rules it starts
    SEND_ON_CAP,  # HOLD, DROP or REROUTE
    SEND_ON_QUIET,
    SEND_CAP_ROUTE,  # send row of the other channel
    SEND_QUIET_ROUTE,
    SEND_PRIORITY,  # address of an expression, or -1 for the constant
    SEND_PRIORITY_CONST,
    SEND_VALUE,
    SEND_VALUE_CONST,
    SEND_WEIGHT,
    SEND_VALID_DAYS,
    SEND_VALID_SECONDS,
    SEND_VALID_DAY_END,  # 1: until 24:00 of that day
    SEND_DECLARED,
    SEND_OPEN,  # tables by persona and fatigue level
    SEND_CLICK,
    SEND_UNSUBSCRIBE,
    SEND_OPEN_DELAY,
    SEND_CLICK_DELAY,
    SEND_PURPOSE,
    SEND_RESPONSES,  # list of behaviour alternatives to this message
    SEND_COST,  # millionths of the currency
    SEND_HELD_OUT,  # 1: the global holdout withholds it
    SEND_JOURNEY,
    SEND_READER,  # realistic behaviour: address of the channel's reader, and of what it is told
    SEND_TOLD,
    SEND_PAUSES,  # list of pauses by rules that may stop it, or 0
    SEND_OVERRIDES,  # list of priorities that rules may give it, or 0
    SEND_NEEDS,  # list of what it needs of something shared: resource, amount; or 0
    SEND_QUEUE,  # address of the expression that says who gets it first, or -1
    SEND_QUEUE_CONST,
) = range(41)
SEND = 41

HOLD, DROP, REROUTE = 0, 1, 2
TRANSACTIONAL, SERVICE, RELATIONAL, PROMOTIONAL, REPLY = range(5)
FIRST_COME, BY_PRIORITY, LOOK_AHEAD = 0, 1, 2

# Caps
(CAP_MAX, CAP_PER, CAP_WINDOW, CAP_WHEN, CAP_CELLS, CAP_WEIGHED, CAP_REASON) = range(7)
CAP = 7
ROLLING, PER_DAY, PER_WEEK, PER_MONTH, PER_YEAR = range(5)
# … its words in the record: head of the ring, instant and message of the last send, then CAP_MAX times (and weights)
(CELL_HEAD, CELL_LAST, CELL_MESSAGE, CELL_RING) = range(4)

# Coherence rules
(RULE_KIND, RULE_WHILE, RULE_DAYS, RULE_SECONDS, RULE_CELLS, RULE_POLICY, RULE_REASON) = range(7)
RULE = 7
NEVER_WITHIN, ONLY_AFTER, NEVER_WHILE = range(3)
# … their words in the record: until when, message that started it
(CELL_UNTIL, CELL_STARTED_BY) = range(2)

# Messages due or held
(
    OUT_SEND,
    OUT_SLOT,  # address of the visit's slot, or -1 once the visit is over
    OUT_VISIT,
    OUT_DUE,
    OUT_END,  # of its validity
    OUT_RELEASE,  # when it is decided next
    OUT_STATE,
    OUT_ARM,
    OUT_AWAITS,  # 1: held until an event
    OUT_ROUTED,  # the reason it left on another channel, or 0
    OUT_LAW,  # the reason it was last held or dropped, and who decided
    OUT_WINNER,
    OUT_SERIAL,
    OUT_GRANT,  # NOT_ASKED, ASKED, GRANTED, or REFUSED + the place of what there was too little of
    OUT_OFFER,  # address of the offer reserved for it, or 0
) = range(15)
OUT = 15
NOT_ASKED, ASKED, GRANTED, REFUSED = range(4)
WAITING, SENT, DROPPED, REPLACED = 0, 1, 2, 3

# Outcomes and reasons of a decision row; caps and coherence rules follow the fixed reasons
(NO_OUTCOME, OUTCOME_SENT, OUTCOME_HELD, OUTCOME_DROPPED, OUTCOME_REPLACED) = range(5)
OUTCOMES = ("", "sent", "held", "dropped", "replaced")
REASONS = (
    "",
    "sent",
    "quiet_hours",
    "lost_to",
    "consent",
    "preempted",
    "expired",
    "exited",
    "holdout",
    "offer_unavailable",
    "capacity",
    "budget",
    "suppressed",
    "quarantined",
)
(NO_REASON, R_SENT, R_QUIET, R_LOST, R_CONSENT, R_PREEMPTED, R_EXPIRED) = range(7)
(R_EXITED, R_HOLDOUT, R_OFFER, R_CAPACITY, R_BUDGET, R_SUPPRESSED, R_QUARANTINED) = range(7, 14)

# Decision rows
(
    ROW_CONTACT,
    ROW_TIME,
    ROW_JOURNEY,
    ROW_STEP,
    ROW_VISIT,
    ROW_SEND,
    ROW_OUTCOME,
    ROW_REASON,
    ROW_WINNER,
    ROW_UNTIL,
    ROW_CAUSE,
    ROW_ARM,
    ROW_VALUE,
) = range(13)
ROW = 13
EVENT_ROW = 7
"""Words of an event row: contact, time, type, key, value, source, send row + 1."""
NOBODY = 0
"""The winner of a row that none decided; messages, journeys and laws follow."""

# Counters by week and send row, then held and dropped by reason
(
    N_SENT,
    N_OPENED,
    N_CLICKED,
    N_UNSUBSCRIBED,
    N_CONVERTED,
    N_REVENUE,
    N_VALUE,
    N_REPLACED,
    N_DUE,
    N_PENDING,
) = range(10)
N_FIXED = 10

(LO_COUNT, LO_SIZE, LO_KEYS) = range(3)  # of decisions not to send: how many keys, for how many is room, where

# Causes of a row: these, then the reasons, then the event types
CAUSES = (
    "",
    "due",
    "release",
    "entry",
    "exit",
    "end",
    "transfer",
    "replaced",
    "stage",
    "refused",
    "queued",
    "resumed",
)
(
    NO_CAUSE,
    C_DUE,
    C_RELEASE,
    C_ENTRY,
    C_EXIT,
    C_COMPLETED,
    C_TRANSFER,
    C_REPLACED,
    C_STAGE,
    C_REFUSED,
    C_QUEUED,
    C_RESUMED,
) = range(12)

# What look-ahead sees: a count, then rows, then their order
(SEE_SEND, SEE_DUE, SEE_END, SEE_VALUE, SEE_ENTRY, SEE_PLACED, SEE_KEPT, SEE_FIRST) = range(8)
SEE = 8
SEEN_MOST = 16

# Scores: their row, and per key the words of the record
(
    SC_CELLS,
    SC_KEYS,  # how many keys are kept; 1 for a score without keys
    SC_KEYED,
    SC_HALF,  # half-life in seconds, or 0: no decay
    SC_RISES,  # list of thresholds that matter on the way up
    SC_FALLS,  # list of thresholds that matter on the way down, highest first
    SC_TIMER,
    SC_SILENCES,  # list of penalties
    SC_RECENT,  # word of the key seen last
    SC_WATCHED,  # word of the threshold whose fall the timer waits for
    SC_VALUES,  # what rules read of it, or 0
) = range(11)
SCORE = 11
(CELL_VALUE, CELL_TIME, CELL_KEY) = range(3)
SCORE_CELLS = 3
