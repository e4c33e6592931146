"""journey-bench on numpy: every contact's next wake at once, round after round; draws are numpy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from native import Tables
from person import (
    ARM_ROW,
    CART_SILENCE,
    CART_UPDATED,
    CLICKED,
    DATE,
    DAY,
    FALL,
    FIRST_SEND,
    FIRST_STEP,
    JOINED,
    JOURNEY,
    LAST_STEP,
    MESSAGES,
    NEVER,
    OPENED,
    PURCHASE,
    REASONS,
    SEND_ROW,
    SILENCE,
    SLOTS,
    STAGE_ROW,
    THRESHOLDS,
    UNSUBSCRIBED,
    VALID_DAYS,
    VISIT,
    WAIT_DAYS,
    WAIT_SECONDS,
    WEEK,
    Board,
)

Array = np.ndarray[Any, Any]
MAILS = 16
ORDER = 2**20


class Crowd:
    """All contacts as columns; `who` is always an array of their numbers, `t` their instants."""

    def __init__(self, people: Array, tables: Tables, seed: int) -> None:
        n = self.n = len(people)
        self.tables, self.board, self.random = tables, Board(tables), np.random.default_rng(seed)
        self.k = np.zeros(self.board.size, np.int64)
        self.start, self.end, _, _, self.year, self.first_year = tables.header
        self.rate, self.stage_rate, self.basket = (np.array(x) for x in (tables.rate, tables.stage_rate, tables.basket))
        self.chance, self.cents = np.array(tables.chance), np.array(tables.cents)
        self.open, self.click, self.unsubscribe = (np.array(x) for x in (tables.open, tables.click, tables.leave))
        size = max(len(z) // 2 for z in tables.zones) + 1
        rows = [np.concatenate([z, np.tile([NEVER, 0], size - len(z) // 2)]).reshape(size, 2) for z in tables.zones]
        self.starts, self.offsets = np.array(rows)[:, :, 0], np.array(rows)[:, :, 1]
        _, self.zone, self.persona, joined, _, self.birthday, last_seen, consent = people.T.copy()
        self.consent, self.cart_open = consent != 0, np.zeros(n, bool)
        self.life = np.maximum(self.start, joined)
        self.timers = np.full((n, 11), NEVER)
        self.mail = np.full((n, MAILS), NEVER)
        self.mail_what = np.zeros((n, MAILS, 3), np.int64)
        self.posted = 0
        self.stage, self.watched = np.zeros(n, np.int64), np.full(n, 3)
        self.score, self.scored = np.zeros(n), self.life.copy()
        self.cart_since = np.full(n, NEVER)
        self.step, self.anchor = np.zeros((n, 4), np.int64), np.zeros((n, 4), np.int64)
        self.inside = np.zeros((n, 4), bool)
        self.release, self.until = np.full((n, 9), NEVER), np.zeros((n, 9), np.int64)
        self.sent = np.full((n, 3), -NEVER)  # the last three instants, newest first
        self.week, self.week_sends, self.weeks_hit = (np.zeros(n, np.int64) for _ in range(3))
        self.recent_sends, self.recent_opens = np.zeros(n, np.int64), np.zeros(n, np.int64)
        everybody = np.arange(n)
        self.total(0, everybody)
        new = everybody[joined >= self.start]
        self.post(new, self.life[new], JOINED)
        self.timers[:, 1] = self.life + self.gap(everybody)
        since = np.minimum(self.life, self.instant(everybody, last_seen * DAY))
        self.seen = np.where((self.life == self.start) & (last_seen > 0), since, self.life)
        self.timers[:, SILENCE] = np.maximum(self.life, self.days_after(everybody, self.seen, 60))
        self.timers[:, DATE] = self.next_birthday(everybody, self.life)

    # counters

    def add(self, at: Array | int, who: Array, by: Array | int = 1) -> None:
        """Add to counters, one per contact."""
        if isinstance(at, int):
            self.k[at] += np.sum(np.broadcast_to(by, who.shape))
        else:
            np.add.at(self.k, at, by)

    def total(self, which: int, who: Array, by: Array | int = 1) -> None:
        """A total."""
        self.add(self.board.totals + which, who, by)

    def by_stage(self, which: int, who: Array, by: Array | int = 1) -> None:
        """A counter of each contact's stage."""
        self.add(self.board.stages + self.stage[who] * STAGE_ROW + which, who, by)

    def by_arm(self, which: int, journey: Array | int, who: Array, by: Array | int = 1) -> None:
        """A counter of a journey."""
        self.add(self.board.arms + journey * 2 * ARM_ROW + which, who, by)

    def by_send(self, which: int, send: Array | int, who: Array, by: Array | int = 1) -> None:
        """A counter of a send row."""
        self.add(send * SEND_ROW + which, who, by)

    # wall clocks

    def offset(self, who: Array, t: Array) -> Array:
        """Seconds to add to t for the wall clock."""
        starts = self.starts[self.zone[who]]
        at = (starts <= t[:, None]).sum(axis=1) - 1
        found: Array = self.offsets[self.zone[who], at]
        return found

    def instant(self, who: Array, local: Array) -> Array:
        """The instant of a wall-clock reading."""
        starts = self.starts[self.zone[who]]
        ends = np.concatenate([starts[:, 1:], np.full((len(who), 1), NEVER)], axis=1)
        times = local[:, None] - self.offsets[self.zone[who]]
        at = (times < ends).argmax(axis=1)
        rows = np.arange(len(who))
        found: Array = np.maximum(times[rows, at], starts[rows, at])
        return found

    def local_day(self, who: Array, t: Array) -> Array:
        """The local day of an instant."""
        return (t + self.offset(who, t)) // DAY

    def days_after(self, who: Array, t: Array, days: int) -> Array:
        """Calendar days later at the same wall time."""
        return self.instant(who, t + self.offset(who, t) + days * DAY)

    def awake(self, who: Array, t: Array) -> Array:
        """The first instant from t on outside quiet hours."""
        local = t + self.offset(who, t)
        day, time = local // DAY, local % DAY
        until = self.instant(who, (day + (time >= 75600)) * DAY + 28800)
        return np.where((time >= 28800) & (time < 75600), t, np.maximum(until, t + 1))

    def next_birthday(self, who: Array, t: Array) -> Array:
        """The first birthday from t on, at 10:00."""
        day = self.birthday[who] - 4018
        best = np.full(len(who), NEVER)
        for new_year in (20819, 20454, 20089, 19723):
            leap = (day >= 59) & (new_year == 19723)
            due = self.instant(who, (new_year + day + leap) * DAY + 36000)
            best = np.where(due >= t, due, best)
        return best

    # behaviour

    def gap(self, who: Array) -> Array:
        """Seconds to the next visit."""
        rate = self.rate[self.persona[who]] * self.stage_rate[self.stage[who]]
        found: Array = 1 + (self.random.exponential(size=len(who)) / rate).astype(np.int64)
        return found

    def post(self, who: Array, t: Array, kind: int, send: Array | int = -1, value: Array | int = 0) -> None:
        """An event will happen to each."""
        if len(who) == 0:
            return
        self.posted += 1
        free = (self.mail[who] == NEVER).argmax(axis=1)
        assert (self.mail[who, free] == NEVER).all()
        self.mail[who, free] = t * ORDER + self.posted % ORDER
        self.mail_what[who, free, 0] = kind
        self.mail_what[who, free, 1] = send
        self.mail_what[who, free, 2] = value
        self.timers[who, 0] = np.minimum(self.timers[who, 0], t)

    def react(self, group: Array, who: Array, send: Array, t: Array) -> None:
        """At most one thing follows from an event."""
        on = self.random.random(len(who)) < self.chance[group, self.persona[who]]
        group, who, send, t = group[on], who[on], send[on], t[on]
        fill = (group == 1) | (group == 3)
        self.post(who[fill], t[fill], CART_UPDATED, send[fill])
        buy = ~fill
        worth = (self.basket[self.persona[who[buy]]] * (0.5 + self.random.random(buy.sum()))).astype(np.int64)
        self.post(who[buy], t[buy], PURCHASE, send[buy], worth)

    def receive(self, kind: Array, who: Array, send: Array, value: Array, t: Array) -> None:
        """One event for each."""
        self.total(1, who)
        self.add(self.board.events + kind, who)
        for which in np.unique(kind):
            on = kind == which
            self._receive(int(which), who[on], send[on], value[on], t[on])

    def _receive(self, kind: int, who: Array, send: Array, value: Array, t: Array) -> None:
        if kind == OPENED or kind == VISIT:
            if kind == OPENED:
                self._opened(who, send, value, t)
            self.gain(who, 1.0, t)
            self.leave(3, who)
            self.seen[who] = t
            unset = self.timers[who, SILENCE] == NEVER
            self.timers[who[unset], SILENCE] = self.days_after(who[unset], t[unset], 60)
            if kind == VISIT:
                self.react(np.where(self.cart_open[who], 0, 1), who, send, t)
        elif kind == CLICKED:
            self._tell(who, send, 7, 4, 2, 8)
            self.gain(who, 3.0, t)
            self.react(np.where(self.cart_open[who], 2, 3), who, send, t)
        elif kind == CART_UPDATED:
            self.cart_open[who], self.cart_since[who] = True, t
            unset = self.timers[who, CART_SILENCE] == NEVER
            self.timers[who[unset], CART_SILENCE] = t[unset] + 3600
            self.react(np.where(send < 0, 4, 5), who, send, t)
        elif kind == PURCHASE:
            self._bought(who, send, value, t)
        elif kind == UNSUBSCRIBED:
            self.cart_open[who] = False
            on = self.consent[who]
            self._tell(who[on], send[on], 8, 7, 3, 9)
            self.consent[who] = False
            for journey in range(4):
                self.leave(journey, who)
        else:
            self.enter(1, who, t)

    def _tell(self, who: Array, send: Array, total: int, stage: int, row: int, arm: int) -> None:
        """Count an open, a click or an unsubscribe everywhere."""
        self.total(total, who)
        self.by_stage(stage, who)
        self.by_send(row, send, who)
        self.by_arm(arm, np.array(JOURNEY)[send], who)

    def _opened(self, who: Array, send: Array, level: Array, t: Array) -> None:
        self._tell(who, send, 6, 3, 1, 7)
        self.recent_opens[who] += t >= self.year
        at = self.persona[who] * 3 + level
        click = self.random.random(len(who)) < self.click[send, at]
        self.post(who[click], t[click] + 30, CLICKED, send[click])
        out = self.random.random(len(who)) < self.unsubscribe[send, at]
        self.post(who[out], t[out] + 30, UNSUBSCRIBED, send[out])

    def _bought(self, who: Array, send: Array, value: Array, t: Array) -> None:
        self.cart_open[who] = False
        self.gain(who, 10.0, t)
        self.total(2, who)
        self.total(3, who, value)
        self.total(11, who, np.where(t < self.first_year, value, 0))
        self.by_stage(5, who)
        self.by_stage(6, who, value)
        through = send >= 0
        self.by_send(4, send[through], who[through])
        self.by_send(5, send[through], who[through], value[through])
        self.leave(0, who)
        self.cart_since[who] = NEVER

    # score and stages

    def score_at(self, who: Array, t: Array) -> Array:
        """The score, halved every 30 days."""
        found: Array = self.score[who] * 0.5 ** ((t - self.scored[who]) / 2592000)
        return found

    def set_stage(self, who: Array, stage: int) -> None:
        """Enter a stage."""
        self.stage[who] = stage
        self.by_stage(0, who)

    def gain(self, who: Array, points: float, t: Array) -> None:
        """Points, and what their crossings call for."""
        was = self.score_at(who, t)
        now = was + points
        self.score[who], self.scored[who] = now, t
        for i, threshold in enumerate(THRESHOLDS):
            self.set_stage(who[(was < threshold) & (threshold <= now) & (self.stage[who] < i + 1)], i + 1)
        changed = self.watched[who] != 3 - np.searchsorted(THRESHOLDS, now, "right")
        self.watch(who[changed], now[changed])

    def watch(self, who: Array, now: Array) -> None:
        """Wake at the first second below the highest threshold that is still reached."""
        reached = np.searchsorted(THRESHOLDS, now, "right")
        self.watched[who] = 3 - reached
        self.timers[who[reached == 0], FALL] = NEVER
        who, threshold = who[reached > 0], np.array(THRESHOLDS)[reached[reached > 0] - 1]
        due = self.scored[who] + (2592000 * np.log2(self.score[who] / threshold)).astype(np.int64)
        while (late := self.score_at(who, due) >= threshold).any():
            due += late
        self.timers[who, FALL] = due

    def fall(self, who: Array, t: Array) -> None:
        """Scores that may have fallen below a threshold in this second."""
        was, now = self.score_at(who, t - 1), self.score_at(who, t)
        for i in (2, 1, 0):
            self.set_stage(who[(now < THRESHOLDS[i]) & (THRESHOLDS[i] <= was) & (self.stage[who] == i + 1)], i)
        self.watch(who, now)

    # journeys

    def enter(self, journey: int, who: Array, t: Array) -> None:
        """Enter a journey, unless inside."""
        out = ~self.inside[who, journey]
        who, t = who[out], t[out]
        self.inside[who, journey], self.anchor[who, journey] = True, t
        self.by_arm(0, journey, who)
        self.go(journey, who, np.full(len(who), FIRST_STEP[journey]), t, reached=False)

    def go(self, journey: int, who: Array, steps: Array, t: Array, *, reached: bool) -> None:
        """On through all that is due; `reached`: the first step of each is."""
        steps, fresh = steps.copy(), np.full(len(who), not reached)
        for step in range(FIRST_STEP[journey], LAST_STEP[journey] + 1):
            here = steps == step
            there, now = who[here], t[here]
            if len(there) == 0:
                continue
            self.step[there, journey] = step
            at = self.board.steps + step * 5
            self.add(at, there[fresh[here]])
            due = self.anchor[there, journey]
            if step in WAIT_DAYS:
                due = self.days_after(there, due, WAIT_DAYS[step])
            due = np.where(fresh[here], due + WAIT_SECONDS.get(step, 0), now)
            due = np.minimum(due, now) if step == 3 else due
            waits = due > now
            self.timers[there[waits], SLOTS + journey] = due[waits]
            there, now, due = there[~waits], now[~waits], due[~waits]
            if step == 3:
                self.cart_open[there] = False
            else:
                self._offer(FIRST_SEND[journey] + step - FIRST_STEP[journey], there, due, now)
            self.add(at + 1, there)
            steps[np.nonzero(here)[0][~waits]], fresh[here] = step + 1, True
        done = who[steps > LAST_STEP[journey]]
        self.step[done, journey], self.timers[done, SLOTS + journey] = -1, NEVER
        self._close(journey, done[~self._busy(journey, done)])

    def _offer(self, send: int, who: Array, due: Array, t: Array) -> None:
        self.release[who, send] = t
        self.until[who, send] = self.days_after(who, due, VALID_DAYS[send])
        self.by_send(8, send, who)
        self.timers[who, MESSAGES] = t

    def _busy(self, journey: int, who: Array) -> Array:
        sends = [s for s in range(9) if JOURNEY[s] == journey]
        found: Array = (self.release[who][:, sends] != NEVER).any(axis=1)
        return found

    def leave(self, journey: int, who: Array) -> None:
        """An event ends the visits of a journey."""
        who = who[self.inside[who, journey]]
        for send in range(9):
            if JOURNEY[send] == journey:
                self._drop(send, who[self.release[who, send] != NEVER], 7)
        self._close(journey, who)

    def _close(self, journey: int, who: Array) -> None:
        steps = self.step[who, journey]
        self.add(self.board.steps + steps[steps >= 0] * 5 + 2, who)
        self.by_arm(1, journey, who)
        self.inside[who, journey], self.timers[who, SLOTS + journey] = False, NEVER

    # decisions

    def _drop(self, send: int, who: Array, reason: int) -> None:
        self.by_send(10 + REASONS + reason, send, who)
        self.by_arm(12 + REASONS + reason, JOURNEY[send], who)
        self.by_stage(9 + REASONS + reason, who)
        self.release[who, send] = NEVER

    def day_free(self, who: Array, t: Array) -> Array:
        """At most one a day."""
        day = self.local_day(who, t)
        last = self.sent[who, 0]
        free = (last == -NEVER) | (self.local_day(who, np.maximum(last, self.start)) < day)
        return np.where(free, t, self.instant(who, (day + 1) * DAY))

    def week_free(self, who: Array, t: Array) -> Array:
        """At most three in seven times 24 hours."""
        found: Array = np.maximum(t, self.sent[who, 2] + WEEK)
        return found

    def messages(self, who: Array, t: Array) -> None:
        """All messages due or released, strongest first: that is their order in the plan."""
        everybody = who
        for send in range(9):
            on = self.release[who, send] <= t
            if on.any():
                self._decide(send, who[on], t[on])
        self.timers[everybody, MESSAGES] = self.release[everybody].min(axis=1)

    def _decide(self, send: int, who: Array, t: Array) -> None:
        until = self.until[who, send]
        late = t >= until
        self._drop(send, who[late], 6)
        refused = ~late & ~self.consent[who]
        self._drop(send, who[refused], 4)
        quiet = self.awake(who, t) > t
        today, lately = self.day_free(who, t), self.week_free(who, t)
        law = np.where(quiet, 2, np.where(today > t, 14, np.where(lately > t, 15, 0)))
        law[(law > 2) & (self.sent[who, 0] == t)] = 3
        open_ = ~late & ~refused
        leaves = open_ & (law == 0)
        self._send(send, who[leaves], t[leaves])
        waits = open_ & (law != 0)
        self._hold(send, who[waits], t[waits], law[waits], until[waits])
        final = who[self.release[who, send] == NEVER]
        journey = JOURNEY[send]
        over = final[(self.step[final, journey] < 0) & self.inside[final, journey]]
        self._close(journey, over[~self._busy(journey, over)])

    def _hold(self, send: int, who: Array, t: Array, law: Array, until: Array) -> None:
        free, was = t, t - 1
        while (was != free).any():
            was = free
            free = self.week_free(who, self.day_free(who, self.awake(who, free)))
            free = np.where(was >= until, was, free)
        gone = free >= until
        self._drop(send, who[gone], 6)
        who, law = who[~gone], law[~gone]
        self.release[who, send] = free[~gone]
        self.add(send * SEND_ROW + 10 + law, who)
        self.add(self.board.arms + JOURNEY[send] * 2 * ARM_ROW + 12 + law, who)
        self.add(self.board.stages + self.stage[who] * STAGE_ROW + 9 + law, who)

    def _send(self, send: int, who: Array, t: Array) -> None:
        if len(who) == 0:
            return
        self.release[who, send] = NEVER
        self.by_send(0, send, who)
        self.by_send(6, send, who, int(self.cents[send]))
        self.by_arm(6, JOURNEY[send], who)
        self.by_arm(10, JOURNEY[send], who, 1000)
        self.by_stage(2, who)
        self.by_stage(8, who, 1000)
        self.total(4, who)
        self.total(5, who, 1000)
        self.total(12, who, np.where(t < self.first_year, 1000, 0))
        level = (self.sent[who, :2] > (t - WEEK)[:, None]).sum(axis=1)
        self.sent[who, 2], self.sent[who, 1] = self.sent[who, 1], self.sent[who, 0]
        self.sent[who, 0] = t
        week = (self.local_day(who, t) + 3) // 7
        new = week != self.week[who]
        self.settle_week(who[new])
        self.week[who] = week
        self.week_sends[who] += 1
        self.recent_sends[who] += t >= self.year
        opens = self.random.random(len(who)) < self.open[send, self.persona[who] * 3 + level]
        self.post(who[opens], t[opens] + 3600, OPENED, send, level[opens])

    def settle_week(self, who: Array) -> None:
        """A week with messages is over."""
        hit = who[self.week_sends[who] > 0]
        self.add(self.board.pressure + self.week_sends[hit], hit)
        self.weeks_hit[hit] += 1
        self.week_sends[who] = 0

    # the clock

    def run(self) -> Array:
        """To the horizon; the counters."""
        alive = np.arange(self.n)
        while len(alive):
            timers = self.timers[alive]
            which = timers.argmin(axis=1)
            t = timers[np.arange(len(alive)), which]
            on = t < self.end
            alive, which, t = alive[on], which[on], t[on]
            for timer in np.unique(which):
                self._wake(int(timer), alive[which == timer], t[which == timer])
        self._finish()
        return self.k

    def _wake(self, timer: int, who: Array, t: Array) -> None:
        if timer == 0:
            at = self.mail[who].argmin(axis=1)
            kind, send, value = self.mail_what[who, at].T
            self.mail[who, at] = NEVER
            left = self.mail[who].min(axis=1)
            self.timers[who, 0] = np.where(left == NEVER, NEVER, left // ORDER)
            self.receive(kind, who, send, value, t)
        elif timer == 1:
            nothing = np.full(len(who), -1)
            self.receive(np.full(len(who), VISIT), who, nothing, nothing, t)
            self.timers[who, 1] = t + self.gap(who)
        elif timer == CART_SILENCE:
            since = self.cart_since[who]
            self.timers[who, timer] = np.where((since != NEVER) & (since + 3600 > t), since + 3600, NEVER)
            over = (since != NEVER) & (since + 3600 <= t)
            self.cart_since[who[over]] = NEVER
            self.enter(0, who[over], t[over])
        elif timer == SILENCE:
            due = self.days_after(who, self.seen[who], 60)
            self.timers[who, timer] = np.where(due > t, due, NEVER)
            self.enter(3, who[due <= t], t[due <= t])
        elif timer == DATE:
            self.timers[who, timer] = self.next_birthday(who, t + 1)
            self.enter(2, who, t)
        elif timer == FALL:
            self.fall(who, t)
        elif timer == MESSAGES:
            self.messages(who, t)
        else:
            self.timers[who, timer] = NEVER
            self.go(timer - SLOTS, who, self.step[who, timer - SLOTS], t, reached=True)

    def _finish(self) -> None:
        everybody = np.arange(self.n)
        for send in range(9):
            self.by_send(9, send, everybody[self.release[:, send] != NEVER])
        for journey in range(4):
            inside = everybody[self.inside[:, journey]]
            self.by_arm(3, journey, inside)
            steps = self.step[inside, journey]
            self.add(self.board.steps + steps[steps >= 0] * 5 + 4, inside)
        self.by_stage(1, everybody)
        self.total(14, everybody[self.consent])
        self.settle_week(everybody)
        last = np.full(self.n, self.end - 1)
        first_week = (self.local_day(everybody, self.life) + 3) // 7
        weeks = (self.local_day(everybody, last) + 3) // 7 - first_week + 1
        self.k[self.board.pressure] += int((weeks - self.weeks_hit).sum())
        self.total(10, everybody[(self.recent_sends >= 12) & (self.recent_opens == 0)])
