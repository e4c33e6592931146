"""A contact of journey-bench as a plain Python object: what SimPy and Mesa schedule.

The plan is hard-coded, the laws are the engine's, the draws are `random.random`: its counters agree with the engine's
statistically.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right

from native import Tables

DAY, WEEK, NEVER = 86400, 7 * 86400, 2**62
JOINED, OPENED, CLICKED, UNSUBSCRIBED, _, _, _, CART_UPDATED, PURCHASE, VISIT = range(10)
CART, WELCOME, BIRTHDAY, REENGAGE = range(4)
QUIET, LOST, CONSENT, EXPIRED, EXITED, CAP_DAY, CAP_WEEK = 2, 3, 4, 6, 7, 14, 15
MAIL, SOURCE, CART_SILENCE, DATE, SILENCE, FALL, SLOTS, MESSAGES = 0, 1, 2, 3, 4, 5, 6, 10
FIRST_STEP, LAST_STEP, FIRST_SEND = (0, 4, 7, 8), (3, 6, 7, 9), (0, 3, 6, 7)
WAIT_DAYS = {5: 3, 6: 7, 9: 60}
WAIT_SECONDS = {1: 23 * 3600, 2: 71 * 3600}
VALID_DAYS = (2, 2, 2, 4, 4, 4, 3, 8, 8)
JOURNEY = (0, 0, 0, 1, 1, 1, 2, 3, 3)
THRESHOLDS = (4.0, 12.0, 30.0)
REASONS, SENDS = 16, 9
SEND_ROW, STEP_ROW, ARM_ROW, STAGE_ROW = 10 + 2 * REASONS, 5, 12 + 2 * REASONS, 9 + 2 * REASONS


class Board:
    """Counters in the engine's order, weeks added up."""

    def __init__(self, tables: Tables) -> None:
        weeks = tables.header[3]
        shift = (weeks - 1) * SENDS * SEND_ROW
        self.steps, self.arms, self.stages, self.pressure, self.totals, self.events = (
            at - shift for at in tables.blocks[1:]
        )
        self.size = tables.counters - shift
        self.k = [0] * self.size

    def send(self, send: int, which: int, by: int = 1) -> None:
        """A counter of a send row."""
        self.k[send * SEND_ROW + which] += by

    def step(self, step: int, which: int) -> None:
        """A counter of a step."""
        self.k[self.steps + step * STEP_ROW + which] += 1

    def arm(self, journey: int, which: int, by: int = 1) -> None:
        """A counter of a journey."""
        self.k[self.arms + journey * 2 * ARM_ROW + which] += by

    def stage(self, stage: int, which: int, by: int = 1) -> None:
        """A counter of a stage."""
        self.k[self.stages + stage * STAGE_ROW + which] += by

    def total(self, which: int, by: int = 1) -> None:
        """A total."""
        self.k[self.totals + which] += by


class Person:
    """One contact: timers, score, journeys, messages due or held."""

    def __init__(self, row: list[int], tables: Tables, board: Board) -> None:
        self.tables, self.board = tables, board
        self.start, self.end, _, _, self.year, self.first_year = tables.header
        _, zone, self.persona, joined, _, self.birthday, last_seen, consent = row
        self.segments = tables.zones[zone].tolist()
        self.consent, self.cart_open = consent != 0, False
        life = self.life = max(self.start, joined)
        self.timers = [NEVER] * 11
        self.mail: list[tuple[int, int, int, int, int]] = []  # time, order, type, send, value
        self.posted = 0
        self.stage, self.score, self.scored, self.watched = 0, 0.0, life, 3
        self.cart_since = NEVER
        self.step, self.anchor, self.inside = [0] * 4, [0] * 4, [False] * 4
        self.held: dict[int, list[int]] = {}  # by send row: due, end, release, law
        self.sent: list[int] = []  # the last three instants
        self.week, self.week_sends, self.weeks_hit, self.recent_sends, self.recent_opens = -1, 0, 0, 0, 0
        board.total(0)
        if joined >= self.start:
            self.post(life, JOINED)
        self.timers[SOURCE] = life + self.gap()
        since = life
        if life == self.start and last_seen > 0:
            since = min(life, self.instant(last_seen * DAY))
        self.seen = since
        self.timers[SILENCE] = max(life, self.days_after(since, 60))
        self.timers[DATE] = self.next_birthday(life)

    # wall clocks

    def offset(self, t: int) -> int:
        """Seconds to add to t for the wall clock."""
        segments = self.segments
        at = 0
        while segments[at + 2] <= t:
            at += 2
        return segments[at + 1]

    def instant(self, local: int) -> int:
        """The instant of a wall-clock reading."""
        segments = self.segments
        at = 0
        while local - segments[at + 1] >= segments[at + 2]:
            at += 2
        return max(local - segments[at + 1], segments[at])

    def local_day(self, t: int) -> int:
        """The local day of an instant."""
        return (t + self.offset(t)) // DAY

    def days_after(self, t: int, days: int) -> int:
        """Calendar days later at the same wall time."""
        return self.instant(t + self.offset(t) + days * DAY)

    def awake(self, t: int) -> int:
        """The first instant from t on outside quiet hours, 21:00 to 08:00."""
        local = t + self.offset(t)
        day, time = divmod(local, DAY)
        if 28800 <= time < 75600:
            return t
        until = self.instant((day + (time >= 75600)) * DAY + 28800)
        return until if until > t else t + 1

    def next_birthday(self, t: int) -> int:
        """The first birthday from t on, at 10:00; all were born in 1981, the runs are in 2025."""
        day_of_year = self.birthday - 4018
        for new_year in (19723, 20089, 20454, 20819):
            leap = new_year == 19723 and day_of_year >= 59
            due = self.instant((new_year + day_of_year + leap) * DAY + 36000)
            if due >= t:
                return due
        return NEVER

    # behaviour

    def gap(self) -> int:
        """Seconds to the next visit."""
        rate = self.tables.rate[self.persona] * self.tables.stage_rate[self.stage]
        return 1 + int(-math.log(1.0 - random.random()) / rate)

    def post(self, t: int, kind: int, send: int = -1, value: int = 0) -> None:
        """An event will happen."""
        self.posted += 1
        self.mail.append((t, self.posted, kind, send, value))
        self.timers[MAIL] = min(self.timers[MAIL], t)

    def react(self, group: int, send: int, t: int) -> None:
        """At most one thing follows from an event."""
        if random.random() >= self.tables.chance[group][self.persona]:
            return
        if group in (1, 3):
            self.post(t, CART_UPDATED, send)
        else:
            self.post(t, PURCHASE, send, int(self.tables.basket[self.persona] * (0.5 + random.random())))

    def receive(self, kind: int, send: int, value: int, t: int) -> None:
        """An event."""
        board = self.board
        board.total(1)
        board.k[board.events + kind] += 1
        if kind == OPENED or kind == VISIT:
            if kind == OPENED:
                self.opened(send, value, t)
            self.gain(1.0, t)
            self.leave(REENGAGE, t)
            self.seen = t
            if self.timers[SILENCE] == NEVER:
                self.timers[SILENCE] = self.days_after(t, 60)
            if kind == VISIT:
                self.react(0 if self.cart_open else 1, -1, t)
        elif kind == CLICKED:
            board.total(7)
            board.stage(self.stage, 4)
            board.send(send, 2)
            board.arm(JOURNEY[send], 8)
            self.gain(3.0, t)
            self.react(2 if self.cart_open else 3, send, t)
        elif kind == CART_UPDATED:
            self.cart_open, self.cart_since = True, t
            if self.timers[CART_SILENCE] == NEVER:
                self.timers[CART_SILENCE] = t + 3600
            self.react(4 if send < 0 else 5, send, t)
        elif kind == PURCHASE:
            self.bought(send, value, t)
        elif kind == UNSUBSCRIBED:
            self.cart_open = False
            if self.consent:
                self.consent = False
                board.total(8)
                board.stage(self.stage, 7)
                board.send(send, 3)
                board.arm(JOURNEY[send], 9)
            for journey in range(4):
                self.leave(journey, t)
        else:
            self.enter(WELCOME, t)

    def opened(self, send: int, level: int, t: int) -> None:
        """A message is opened: it may be clicked, and it may be the last."""
        board, at = self.board, self.persona * 3 + level
        board.total(6)
        board.stage(self.stage, 3)
        board.send(send, 1)
        board.arm(JOURNEY[send], 7)
        self.recent_opens += t >= self.year
        if random.random() < self.tables.click[send][at]:
            self.post(t + 30, CLICKED, send)
        if random.random() < self.tables.leave[send][at]:
            self.post(t + 30, UNSUBSCRIBED, send)

    def bought(self, send: int, value: int, t: int) -> None:
        """A purchase."""
        board = self.board
        self.cart_open = False
        self.gain(10.0, t)
        board.total(2)
        board.total(3, value)
        if t < self.first_year:
            board.total(11, value)
        board.stage(self.stage, 5)
        board.stage(self.stage, 6, value)
        if send >= 0:
            board.send(send, 4)
            board.send(send, 5, value)
        self.leave(CART, t)
        self.cart_since = NEVER

    # score and stages

    def score_at(self, t: int) -> float:
        """The score, halved every 30 days."""
        return float(self.score * 0.5 ** ((t - self.scored) / 2592000))

    def set_stage(self, stage: int) -> None:
        """Enter a stage."""
        self.stage = stage
        self.board.stage(stage, 0)

    def gain(self, points: float, t: int) -> None:
        """Points, and what their crossings call for."""
        was = self.score_at(t)
        now = self.score = was + points
        self.scored = t
        for i, threshold in enumerate(THRESHOLDS):
            if was < threshold <= now and self.stage < i + 1:
                self.set_stage(i + 1)
        if self.watched != 3 - bisect_right(THRESHOLDS, now):
            self.watch(now)

    def watch(self, now: float) -> None:
        """Wake at the first second below the highest threshold that is still reached."""
        reached = bisect_right(THRESHOLDS, now)
        self.watched = 3 - reached
        due = NEVER
        if reached:
            threshold = THRESHOLDS[reached - 1]
            due = self.scored + int(2592000 * math.log2(self.score / threshold))
            while self.score_at(due) >= threshold:
                due += 1
        self.timers[FALL] = due

    def fall(self, t: int) -> None:
        """The score may have fallen below a threshold in this second."""
        was, now = self.score_at(t - 1), self.score_at(t)
        for i in (2, 1, 0):
            if now < THRESHOLDS[i] <= was and self.stage == i + 1:
                self.set_stage(i)
        self.watch(now)

    # journeys

    def enter(self, journey: int, t: int) -> None:
        """Enter a journey, unless inside."""
        if self.inside[journey]:
            return
        self.inside[journey], self.anchor[journey] = True, t
        self.board.arm(journey, 0)
        self.go(journey, FIRST_STEP[journey], t, reached=False)

    def go(self, journey: int, step: int, t: int, *, reached: bool) -> None:
        """On through all that is due."""
        board = self.board
        while step <= LAST_STEP[journey]:
            self.step[journey] = step
            due = t
            if not reached:
                board.step(step, 0)
                anchor = self.anchor[journey]
                due = self.days_after(anchor, WAIT_DAYS[step]) if step in WAIT_DAYS else anchor
                due += WAIT_SECONDS.get(step, 0)
                if due > t and step != 3:
                    self.timers[SLOTS + journey] = due
                    return
            if step == 3:
                self.cart_open = False
            else:
                send = FIRST_SEND[journey] + step - FIRST_STEP[journey]
                self.held[send] = [due, self.days_after(due, VALID_DAYS[send]), t, 0]
                board.send(send, 8)
                self.timers[MESSAGES] = t
            board.step(step, 1)
            step, reached = step + 1, False
        self.step[journey], self.timers[SLOTS + journey] = -1, NEVER
        if not any(JOURNEY[send] == journey for send in self.held):
            self.close(journey)

    def leave(self, journey: int, t: int) -> None:
        """An event ends a visit."""
        if self.inside[journey]:
            for send in [s for s in self.held if JOURNEY[s] == journey]:
                self.drop(send, EXITED)
            self.close(journey)

    def close(self, journey: int) -> None:
        """The visit is over."""
        if self.step[journey] >= 0:
            self.board.step(self.step[journey], 2)
        self.board.arm(journey, 1)
        self.inside[journey], self.timers[SLOTS + journey] = False, NEVER

    # decisions

    def drop(self, send: int, reason: int) -> None:
        """The message will never be sent."""
        self.board.send(send, 10 + REASONS + reason)
        self.board.arm(JOURNEY[send], 12 + REASONS + reason)
        self.board.stage(self.stage, 9 + REASONS + reason)
        del self.held[send]

    def day_free(self, t: int) -> int:
        """At most one a day."""
        day = self.local_day(t)
        return t if not self.sent or self.local_day(self.sent[-1]) < day else self.instant((day + 1) * DAY)

    def week_free(self, t: int) -> int:
        """At most three in seven times 24 hours."""
        return t if len(self.sent) < 3 else max(t, self.sent[-3] + WEEK)

    def decide(self, send: int, t: int) -> bool:
        """Send, hold or drop; True if that is final."""
        message = self.held[send]
        end = message[1]
        if t >= end or not self.consent:
            self.drop(send, EXPIRED if t >= end else CONSENT)
            return True
        law, free = 0, t
        for reason, rule in ((QUIET, self.awake), (CAP_DAY, self.day_free), (CAP_WEEK, self.week_free)):
            free = rule(t)
            if free > t:
                law = LOST if reason != QUIET and self.sent[-1] == t else reason
                break
        if free == t:
            self.send(send, t)
            return True
        was = -1
        while was != free and free < end:
            was = free
            free = self.week_free(self.day_free(self.awake(free)))
        if free >= end:
            self.drop(send, EXPIRED)
            return True
        message[2], message[3] = free, law
        self.board.send(send, 10 + law)
        self.board.arm(JOURNEY[send], 12 + law)
        self.board.stage(self.stage, 9 + law)
        return False

    def send(self, send: int, t: int) -> None:
        """The message leaves; it may be opened an hour later."""
        board = self.board
        del self.held[send]
        board.send(send, 0)
        board.send(send, 6, self.tables.cents[send])
        board.arm(JOURNEY[send], 6)
        board.arm(JOURNEY[send], 10, 1000)
        board.stage(self.stage, 2)
        board.stage(self.stage, 8, 1000)
        board.total(4)
        board.total(5, 1000)
        if t < self.first_year:
            board.total(12, 1000)
        level = sum(at > t - WEEK for at in self.sent[-2:])
        self.sent = [*self.sent[-2:], t]
        week = (self.local_day(t) + 3) // 7
        if week != self.week:
            self.settle_week()
            self.week = week
        self.week_sends += 1
        self.recent_sends += t >= self.year
        if random.random() < self.tables.open[send][self.persona * 3 + level]:
            self.post(t + 3600, OPENED, send, level)

    def settle_week(self) -> None:
        """A week with messages is over."""
        if self.week_sends:
            self.board.k[self.board.pressure + self.week_sends] += 1
            self.weeks_hit += 1
        self.week_sends = 0

    def messages(self, t: int) -> None:
        """All messages due or released at t, strongest first: that is their order in the plan."""
        while due := [send for send, message in self.held.items() if message[2] <= t]:
            send = min(due)
            journey = JOURNEY[send]
            final = self.decide(send, t)
            over = final and self.step[journey] < 0 and self.inside[journey]
            if over and not any(JOURNEY[s] == journey for s in self.held):
                self.close(journey)
        self.timers[MESSAGES] = min((message[2] for message in self.held.values()), default=NEVER)

    # the clock

    def next(self) -> int:
        """When this contact wakes next."""
        return min(self.timers)

    def wake(self) -> None:
        """Do what the first timer was set for."""
        timers = self.timers
        t = min(timers)
        timer = timers.index(t)
        if timer == MAIL:
            mail = min(self.mail)
            self.mail.remove(mail)
            timers[MAIL] = min(self.mail)[0] if self.mail else NEVER
            self.receive(mail[2], mail[3], mail[4], t)
        elif timer == SOURCE:
            self.receive(VISIT, -1, 0, t)
            timers[SOURCE] = t + self.gap()
        elif timer == CART_SILENCE:
            timers[timer] = NEVER
            if self.cart_since != NEVER and self.cart_since + 3600 > t:
                timers[timer] = self.cart_since + 3600
            elif self.cart_since != NEVER:
                self.cart_since = NEVER
                self.enter(CART, t)
        elif timer == SILENCE:
            due = self.days_after(self.seen, 60)
            timers[timer] = due if due > t else NEVER
            if due <= t:
                self.enter(REENGAGE, t)
        elif timer == DATE:
            timers[DATE] = self.next_birthday(t + 1)
            self.enter(BIRTHDAY, t)
        elif timer == FALL:
            self.fall(t)
        elif timer == MESSAGES:
            self.messages(t)
        else:
            timers[timer] = NEVER
            self.go(timer - SLOTS, self.step[timer - SLOTS], t, reached=True)

    def finish(self) -> None:
        """The horizon."""
        board = self.board
        for send in self.held:
            board.send(send, 9)
        for journey in range(4):
            if self.inside[journey]:
                board.arm(journey, 3)
                if self.step[journey] >= 0:
                    board.step(self.step[journey], 4)
        board.stage(self.stage, 1)
        board.total(14, int(self.consent))
        self.settle_week()
        weeks = (self.local_day(self.end - 1) + 3) // 7 - (self.local_day(self.life) + 3) // 7 + 1
        board.k[board.pressure] += weeks - self.weeks_hit
        board.total(10, int(self.recent_sends >= 12 and self.recent_opens == 0))
