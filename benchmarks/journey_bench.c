/* journey-bench in C: this one plan, hard-coded, under the same laws as the engine (DESIGN, section 5).

   gcc -O3 -march=native -ffp-contract=off. What the plan's compiler hashes or tabulates (purposes, chances, zones, where
   counters stand) comes in as parameters; everything else (journeys, caps, quiet hours, order at one instant) is code.
   Every counter, and the sum of the hashes of all decision rows, must come out as the engine's. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INL static inline __attribute__((always_inline))
#define DAY 86400LL
#define WEEK (7 * DAY)
#define NEVER (1LL << 62)
#define MISSING INT64_MIN
#define SAFE (26 * 3600LL)
#define REASONS 16
#define SEND_COUNTS (10 + 2 * REASONS)
#define ARM_ROW (12 + 2 * REASONS)
#define STAGE_ROW (9 + 2 * REASONS)

enum { JOINED, OPENED, CLICKED, UNSUBSCRIBED, ANSWERED, OPT_IN, OPT_OUT, CART_UPDATED, PURCHASE, VISIT };
enum { CART, WELCOME, BIRTHDAY, REENGAGE };
enum { SENT = 1, QUIET, LOST, CONSENT, PREEMPTED, EXPIRED, EXITED, CAP_DAY = 14, CAP_WEEK };
enum { C_DUE = 1, C_RELEASE, C_END = 5, C_STAGE = 8, C_REASON = 12, C_EXIT = 28, C_ENTRY = 38 };
enum { N_SENT, N_OPENED, N_CLICKED, N_UNSUB, N_CONVERTED, N_REVENUE, N_VALUE, N_REPLACED, N_DUE, N_PENDING, N_FIXED };
enum { A_ENTERED, A_LEFT, A_QUARANTINED, A_INSIDE, A_CONVERTED, A_REVENUE, A_SENT, A_OPENED, A_CLICKED, A_UNSUB, A_COST };
enum { G_ENTERED, G_NOW, G_SENT, G_OPENED, G_CLICKED, G_CONVERTED, G_REVENUE, G_UNSUB, G_COST };
enum { X_CONTACTS, X_EVENTS, X_PURCHASES, X_REVENUE, X_SENT, X_COST, X_OPENED, X_CLICKED, X_UNSUB, X_QUARANTINED,
       X_INDIFFERENT, X_FIRST_YEAR, X_FIRST_YEAR_COST, X_FORGOTTEN, X_REACHABLE };
enum { BUY_VISIT, FILL_VISIT, BUY_CLICK, FILL_CLICK, BUY_NEW, BUY_NEW_CLICK, GROUPS };
/* purposes of draws within one cause */
enum { P_HAPPENS = 0x51ED2700, P_VALUE = 3 * 0x51ED2700LL, P_OPEN = 4 * 0x51ED2700LL, P_CLICK = 5 * 0x51ED2700LL,
       P_LEAVE = 6 * 0x51ED2700LL, P_GAP = 7 * 0x51ED2700LL };

typedef struct {
    int64_t start, end, seed, weeks, year, first_year;
    int64_t sends, steps, arms, stages, pressure, totals, events; /* where blocks of counters stand */
    int64_t visit_purpose, purpose[GROUPS], send_purpose[9], cents[9];
    double rate[4], stage_rate[4], chance[GROUPS][4], basket[4];
    double open[9][4][3], click[9][4][3], leave[9][4][3];
    const int64_t *zones[5]; /* stretches: first instant, offset; the last is (NEVER, 0) */
} Plan;
static Plan P;
void jb_plan(const Plan *p) { P = *p; }
int64_t jb_plan_size(void) { return sizeof(Plan); }

typedef struct { int64_t contact, zone, persona, joined, keep, birthday, last_seen, consent; } Person;
typedef struct { int64_t time, value, visit; uint64_t cause; int32_t kind, send; } Mail;
typedef struct { int64_t due, end, release, winner, serial; int32_t send, journey, visit, law; } Message;
typedef struct { int64_t anchor, previous; int32_t step, visit, messages, inside; } Visit; /* step: -1 ending, else its number */
typedef struct {
    uint64_t key;
    int64_t id, persona, stage, life, seg_from, seg_to, seg_offset;
    int64_t timers[11]; /* mail, visit, cart silence, birthday, silence, fall, four visits, messages */
    int64_t cart_since, seen_since;
    double score;
    int64_t scored, watched, visits, unseen;
    int64_t day, day_last, day_winner, week[3], week_head, week_last, week_winner;
    int64_t fatigue[2], fatigue_head;
    int64_t press_week, press_sends, weeks_hit, recent_sends, recent_opens, serial;
    int32_t consent, cart_open, mails, messages;
    const int64_t *zone;
    Visit visit[4];
    Message out[18];
    Mail mail[64];
} Contact;

static const int64_t VALID[9] = {2, 2, 2, 4, 4, 4, 3, 8, 8};
static const int RANK[9] = {0, 0, 0, 1, 1, 1, 1, 1, 1};
static const int PRIORITY[9] = {70, 70, 70, 60, 60, 60, 50, 30, 30};
static const int JOURNEY_OF[9] = {0, 0, 0, 1, 1, 1, 2, 3, 3};
static const int STEP_OF[9] = {0, 1, 2, 4, 5, 6, 7, 8, 9};
static const int FIRST_STEP[4] = {0, 4, 7, 8}, LAST_STEP[4] = {3, 6, 7, 9}, FIRST_SEND[4] = {0, 3, 6, 7};
static const int64_t DAYS[10] = {0, 0, 0, 0, 0, 3, 7, 0, 0, 60}, SECONDS[10] = {0, 23 * 3600, 71 * 3600};
static const double THRESHOLD[3] = {4, 12, 30};

/* ---- numbers */
INL uint64_t mix64(uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}
#define GOLD 0x9E3779B97F4A7C15ull
INL uint64_t nth(uint64_t purpose, int64_t occurrence) { return purpose + GOLD * (uint64_t)occurrence; }
INL uint64_t caused(uint64_t cause, uint64_t purpose) { return mix64(cause + purpose); }
INL double draw(uint64_t key, uint64_t cause, uint64_t purpose) {
    return ((double)(int64_t)(mix64(key + cause + purpose) >> 11) + 0.5) * 1.1102230246251565e-16;
}
INL double bits_real(int64_t b) { double x; memcpy(&x, &b, 8); return x; }
INL int64_t real_bits(double x) { int64_t b; memcpy(&b, &x, 8); return b; }
INL double power_of_half(double x) {
    if (x >= 1000.0) return 0.0;
    int64_t whole = (int64_t)(x + 0.5);
    double y = ((double)whole - x) * 0.6931471805599453, y2 = y * y, y4 = y2 * y2;
    double low = (1.0 + y) + (0.5 + 0.16666666666666666 * y) * y2;
    double mid = (0.041666666666666664 + 0.008333333333333333 * y) + (0.001388888888888889 + 0.0001984126984126984 * y) * y2;
    double high = (2.48015873015873e-05 + 2.7557319223985893e-06 * y) + (2.755731922398589e-07 + 2.505210838544172e-08 * y) * y2;
    double top = 2.08767569878681e-09 + 1.6059043836821613e-10 * y;
    return ((low + mid * y4) + (high + top * y4) * (y4 * y4)) * bits_real((1023 - whole) << 52);
}
INL double natural_log(double x) {
    int64_t bits = real_bits(x), exponent = (bits >> 52) - 1022;
    double m = bits_real((bits & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000);
    if (m < 0.7071067811865476) { m = m * 2.0; exponent -= 1; }
    double s = (m - 1.0) / (m + 1.0), z = s * s, z2 = z * z, z4 = z2 * z2;
    double low = (1.0 + 0.3333333333333333 * z) + (0.2 + 0.14285714285714285 * z) * z2;
    double mid = (0.1111111111111111 + 0.09090909090909091 * z) + (0.07692307692307693 + 0.06666666666666667 * z) * z2;
    double high = (0.058823529411764705 + 0.05263157894736842 * z) + 0.047619047619047616 * z2;
    return 2.0 * s * ((low + mid * z4) + high * (z4 * z4)) + (double)exponent * 0.6931471805599453;
}

/* ---- wall clocks */
INL int64_t offset(Contact *c, int64_t t) {
    if (t < c->seg_from || t >= c->seg_to) {
        const int64_t *at = c->zone;
        while (at[2] <= t) at += 2;
        c->seg_from = at[0]; c->seg_offset = at[1]; c->seg_to = at[2];
    }
    return c->seg_offset;
}
INL int64_t instant(Contact *c, int64_t local) {
    int64_t t = local - c->seg_offset;
    if (t >= c->seg_from + SAFE && t < c->seg_to) return t;
    const int64_t *at = c->zone;
    while (at[2] <= local - SAFE) at += 2;
    while (local - at[1] >= at[2]) at += 2;
    return local - at[1] > at[0] ? local - at[1] : at[0];
}
INL int64_t days_after(Contact *c, int64_t t, int64_t days) { return instant(c, t + offset(c, t) + days * DAY); }
INL int64_t local_day(Contact *c, int64_t t) { return (t + offset(c, t)) / DAY; }
INL int64_t awake(Contact *c, int64_t t) { /* quiet from 21:00 to 08:00 */
    int64_t local = t + offset(c, t), day = local / DAY, time = local % DAY;
    if (time >= 8 * 3600 && time < 21 * 3600) return t;
    if (time >= 21 * 3600) day++;
    int64_t until = instant(c, day * DAY + 8 * 3600);
    return until > t ? until : t + day * DAY + 8 * 3600 - local;
}

/* ---- counters and rows */
#define TOTAL(which) k[P.totals + (which)]
#define STAGE(which) k[P.stages + c->stage * STAGE_ROW + (which)]
INL int64_t *arm_row(int64_t *k, int journey) { return k + P.arms + journey * 2 * ARM_ROW; }
INL int64_t *week_row(int64_t *k, int send, int64_t t) {
    int64_t week = (t - P.start) / WEEK;
    if (week > P.weeks - 1) week = P.weeks - 1;
    return k + P.sends + (week * 9 + send) * SEND_COUNTS;
}
INL void emit(const Contact *c, uint64_t *hash, int64_t t, uint64_t journey, uint64_t step, uint64_t visit, uint64_t send,
              uint64_t outcome, uint64_t reason, uint64_t winner, int64_t until, uint64_t cause, int64_t value) {
    uint64_t h = (uint64_t)c->id * GOLD + (uint64_t)t * 0xC2B2AE3D27D4EB4Full + (uint64_t)until * 0x165667B19E3779F9ull
                 + (uint64_t)value * 0xD6E8FEB86659FD93ull;
    h += (journey | step << 12 | send << 28 | outcome << 44 | reason << 47) * 0xA0761D6478BD642Full;
    h = mix64(h) + (visit | winner << 32 | cause << 48) * GOLD;
    *hash += mix64(h);
}
#define ROW(...) emit(c, hash, t, __VA_ARGS__)

/* ---- mailbox */
INL void post(Contact *c, int64_t t, int kind, int64_t value, int send, int64_t visit, uint64_t cause) {
    c->mail[c->mails++] = (Mail){t, value, visit, cause, kind, send};
    if (t < c->timers[0]) c->timers[0] = t;
}
INL Mail take(Contact *c) {
    int found = 0;
    for (int i = 1; i < c->mails; i++) if (c->mail[i].time < c->mail[found].time) found = i;
    Mail mail = c->mail[found];
    c->mails--;
    for (int i = found; i < c->mails; i++) c->mail[i] = c->mail[i + 1];
    int64_t earliest = NEVER;
    for (int i = 0; i < c->mails; i++) if (c->mail[i].time < earliest) earliest = c->mail[i].time;
    c->timers[0] = earliest;
    return mail;
}

/* ---- score and stages */
INL double score_at(const Contact *c, int64_t t) {
    if (c->score == 0.0 || t == c->scored) return c->score;
    return c->score * power_of_half((double)(t - c->scored) / 2592000.0);
}
static int64_t falls_below(const Contact *c, double threshold) {
    int64_t at = c->scored + (int64_t)(2592000.0 * natural_log(c->score / threshold) * 1.4426950408889634);
    while (at > c->scored && score_at(c, at) < threshold) at--;
    while (score_at(c, at) >= threshold) at++;
    return at;
}
INL void set_stage(Contact *c, int64_t *k, uint64_t *hash, int64_t stage, int64_t t) {
    c->stage = stage;
    STAGE(G_ENTERED)++;
    ROW(0, 11 + stage, 0, 0, 0, 0, 0, 0, C_STAGE, 0);
}
INL void watch_fall(Contact *c, double now, int lazily) {
    int at = now >= 30 ? 0 : now >= 12 ? 1 : now >= 4 ? 2 : 3;
    if (lazily && c->watched == at) return;
    c->watched = at;
    c->timers[5] = at < 3 ? falls_below(c, THRESHOLD[2 - at]) : NEVER;
}
INL void gain(Contact *c, int64_t *k, uint64_t *hash, double points, int64_t t) {
    double was = score_at(c, t), now = was + points;
    c->score = now; c->scored = t;
    for (int i = 0; i < 3; i++) if (was < THRESHOLD[i] && THRESHOLD[i] <= now && c->stage < i + 1) set_stage(c, k, hash, i + 1, t);
    watch_fall(c, now, 1);
}
static void fall(Contact *c, int64_t *k, uint64_t *hash, int64_t t) {
    double was = score_at(c, t - 1), now = score_at(c, t);
    for (int i = 2; i >= 0; i--) if (now < THRESHOLD[i] && THRESHOLD[i] <= was && c->stage == i + 1) set_stage(c, k, hash, i, t);
    watch_fall(c, now, 0);
}

/* ---- decisions */
INL void decision(Contact *c, uint64_t *hash, const Message *m, int64_t t, int outcome, int reason, int64_t winner,
                  int64_t until, int cause, int64_t cents) {
    ROW(m->journey + 1, STEP_OF[m->send] + 1, m->visit, m->send + 1, outcome, reason, winner, until, cause, cents);
}
INL void settle_week(Contact *c, int64_t *k) {
    if (c->press_sends > 0) { k[P.pressure + (c->press_sends < 63 ? c->press_sends : 63)]++; c->weeks_hit++; }
    c->press_sends = 0;
}
INL void drop(Contact *c, int64_t *k, uint64_t *hash, Message *m, int64_t t, int reason, int64_t winner, int64_t until, int cause) {
    week_row(k, m->send, t)[N_FIXED + REASONS + reason]++;
    decision(c, hash, m, t, 3, reason, winner, until, cause, P.cents[m->send]);
    arm_row(k, m->journey)[12 + REASONS + reason]++;
    STAGE(9 + REASONS + reason)++;
}
static void close_visit(Contact *c, int64_t *k, uint64_t *hash, int j, int64_t t, int reason, int cause) {
    Visit *v = &c->visit[j];
    for (int i = 0; v->messages > 0 && i < c->messages;) {
        if (c->out[i].journey != j) { i++; continue; }
        drop(c, k, hash, &c->out[i], t, EXITED, 0, 0, cause);
        v->messages--; c->messages--;
        for (int n = i; n < c->messages; n++) c->out[n] = c->out[n + 1];
    }
    int station = v->step < 0 ? 0 : v->step + 1;
    if (station) k[P.steps + v->step * 5 + 2]++;
    arm_row(k, j)[A_LEFT]++;
    ROW(j + 1, station, v->visit, 0, 0, reason, 0, 0, cause, 0);
    v->inside = 0;
    c->timers[6 + j] = NEVER;
}
INL void set_release(Contact *c) {
    int64_t earliest = NEVER;
    for (int i = 0; i < c->messages; i++) if (c->out[i].release < earliest) earliest = c->out[i].release;
    c->timers[10] = earliest;
}
INL int before(const Message *a, const Message *b) {
    if (RANK[a->send] != RANK[b->send]) return RANK[a->send] < RANK[b->send];
    if (PRIORITY[a->send] != PRIORITY[b->send]) return PRIORITY[a->send] > PRIORITY[b->send];
    if (a->end != b->end) return a->end < b->end;
    if (a->send != b->send) return a->send < b->send;
    return a->serial < b->serial;
}
INL int64_t day_free(Contact *c, int64_t t) {
    int64_t day = local_day(c, t);
    return c->day < day ? t : instant(c, (day + 1) * DAY);
}
INL int64_t week_free(const Contact *c, int64_t t) {
    int64_t free = c->week[c->week_head] + WEEK;
    return free > t ? free : t;
}
INL void send(Contact *c, int64_t *k, uint64_t *hash, Message *m, int64_t t) {
    int64_t *row = week_row(k, m->send, t), *arm = arm_row(k, m->journey);
    row[N_SENT]++; row[N_VALUE] += P.cents[m->send];
    decision(c, hash, m, t, 1, SENT, 0, 0, m->release == m->due ? C_DUE : C_RELEASE, P.cents[m->send]);
    c->day = local_day(c, t); c->day_last = t; c->day_winner = m->send + 1;
    c->week[c->week_head] = t; c->week_head = c->week_head < 2 ? c->week_head + 1 : 0; c->week_last = t; c->week_winner = m->send + 1;
    arm[A_SENT]++; arm[A_COST] += 1000; STAGE(G_SENT)++; STAGE(G_COST) += 1000; TOTAL(X_SENT)++; TOTAL(X_COST) += 1000;
    if (t < P.first_year) TOTAL(X_FIRST_YEAR_COST) += 1000;
    int64_t week = (local_day(c, t) + 3) / 7;
    if (week != c->press_week) { settle_week(c, k); c->press_week = week; }
    c->press_sends++;
    if (t >= P.year) c->recent_sends++;
    int level = (c->fatigue[0] > t - WEEK) + (c->fatigue[1] > t - WEEK);
    c->fatigue[c->fatigue_head] = t; c->fatigue_head ^= 1;
    uint64_t cause = nth(P.send_purpose[m->send], m->visit);
    if (draw(c->key, cause, P_OPEN) < P.open[m->send][c->persona][level]) post(c, t + 3600, OPENED, level, m->send, m->visit, cause);
}
/* 1: the message is final */
INL int decide(Contact *c, int64_t *k, uint64_t *hash, Message *m, int64_t t) {
    int cause = m->release == m->due ? C_DUE : C_RELEASE, law;
    int64_t winner = 0, free;
    if (t >= m->end) { drop(c, k, hash, m, t, EXPIRED, m->winner, m->end, C_REASON + m->law); return 1; }
    if (!c->consent) { drop(c, k, hash, m, t, CONSENT, 0, 0, cause); return 1; }
    if ((free = awake(c, t)) > t) law = QUIET;
    else if ((free = day_free(c, t)) > t) { law = c->day_last == t ? LOST : CAP_DAY; winner = c->day_winner; }
    else if ((free = week_free(c, t)) > t) { law = c->week_last == t ? LOST : CAP_WEEK; winner = c->week_winner; }
    else { send(c, k, hash, m, t); return 1; }
    for (int64_t was = -1; was != free;) {
        was = free;
        if (free >= m->end) break;
        free = awake(c, free);
        if (free >= m->end) break;
        free = day_free(c, free);
        if (free >= m->end) break;
        free = week_free(c, free);
    }
    if (free >= m->end) { drop(c, k, hash, m, t, EXPIRED, winner, m->end, C_REASON + law); return 1; }
    m->law = law; m->winner = winner;
    week_row(k, m->send, t)[N_FIXED + law]++;
    decision(c, hash, m, t, 2, law, winner, free, cause, 0);
    arm_row(k, m->journey)[12 + law]++;
    STAGE(9 + law)++;
    m->release = free;
    return 0;
}
static void messages(Contact *c, int64_t *k, uint64_t *hash, int64_t t) {
    for (;;) {
        int found = -1;
        for (int i = 0; i < c->messages; i++) if (c->out[i].release <= t && (found < 0 || before(&c->out[i], &c->out[found]))) found = i;
        if (found < 0) break;
        if (!decide(c, k, hash, &c->out[found], t)) continue;
        int j = c->out[found].journey;
        c->messages--;
        for (int n = found; n < c->messages; n++) c->out[n] = c->out[n + 1];
        if (--c->visit[j].messages == 0 && c->visit[j].step < 0) close_visit(c, k, hash, j, t, 0, C_END);
    }
    set_release(c);
}

/* ---- journeys */
INL void offer(Contact *c, int64_t *k, int j, int send, int64_t due, int64_t t) {
    c->out[c->messages++] = (Message){due, days_after(c, due, VALID[send]), t, 0, ++c->serial, send, j, c->visit[j].visit, 0};
    c->visit[j].messages++;
    week_row(k, send, t)[N_DUE]++;
    c->timers[10] = t;
}
static void go(Contact *c, int64_t *k, uint64_t *hash, int j, int step, int64_t t, int reached) {
    Visit *v = &c->visit[j];
    for (; step <= LAST_STEP[j]; step++, reached = 0) {
        v->step = step;
        int64_t due = t;
        if (!reached) {
            k[P.steps + step * 5]++;
            due = step == 3 ? v->previous : DAYS[step] ? days_after(c, v->anchor, DAYS[step]) : v->anchor + SECONDS[step];
            if (due > t) { c->timers[6 + j] = due; return; }
        }
        if (step == 3) c->cart_open = 0;
        else offer(c, k, j, FIRST_SEND[j] + step - FIRST_STEP[j], due, t);
        k[P.steps + step * 5 + 1]++;
        v->previous = due;
    }
    v->step = -1;
    c->timers[6 + j] = NEVER;
    if (v->messages == 0) close_visit(c, k, hash, j, t, 0, C_END);
}
static void enter(Contact *c, int64_t *k, uint64_t *hash, int j, int64_t t) {
    Visit *v = &c->visit[j];
    if (v->inside) return;
    v->visit++; v->inside = 1; v->messages = 0; v->anchor = v->previous = t;
    arm_row(k, j)[A_ENTERED]++;
    ROW(j + 1, 0, v->visit, 0, 0, 0, 0, 0, C_ENTRY + j, 0);
    go(c, k, hash, j, FIRST_STEP[j], t, 0);
}
INL void leave(Contact *c, int64_t *k, uint64_t *hash, int j, int event, int64_t t) {
    if (c->visit[j].inside) close_visit(c, k, hash, j, t, EXITED, C_EXIT + event);
}

/* ---- people */
INL int64_t gap(const Contact *c) {
    double rate = P.rate[c->persona] * P.stage_rate[c->stage];
    return 1 + (int64_t)(-natural_log(draw(c->key, nth(P.visit_purpose, c->visits), P_GAP)) / rate);
}
INL void react(Contact *c, int group, const Mail *in, int64_t t) {
    uint64_t cause = caused(in->cause, P.purpose[group]);
    if (draw(c->key, cause, P_HAPPENS) >= P.chance[group][c->persona]) return;
    if (group == FILL_VISIT || group == FILL_CLICK) { post(c, t, CART_UPDATED, MISSING, in->send, in->visit, cause); return; }
    double base = P.basket[c->persona] * (1.0 - 0.5 + 2.0 * 0.5 * draw(c->key, cause, P_VALUE));
    post(c, t, PURCHASE, (int64_t)base, in->send, in->visit, cause);
}
static void receive(Contact *c, int64_t *k, uint64_t *hash, const Mail *in, int64_t t) {
    int kind = in->kind;
    TOTAL(X_EVENTS)++; k[P.events + kind]++;
    if (kind == VISIT || kind == OPENED) {
        if (kind == OPENED) {
            TOTAL(X_OPENED)++; STAGE(G_OPENED)++;
            if (t >= P.year) c->recent_opens++;
            week_row(k, in->send, t)[N_OPENED]++; arm_row(k, JOURNEY_OF[in->send])[A_OPENED]++;
            if (draw(c->key, in->cause, P_CLICK) < P.click[in->send][c->persona][in->value])
                post(c, t + 30, CLICKED, MISSING, in->send, in->visit, caused(in->cause, P_CLICK));
            if (draw(c->key, in->cause, P_LEAVE) < P.leave[in->send][c->persona][in->value])
                post(c, t + 30, UNSUBSCRIBED, MISSING, in->send, in->visit, caused(in->cause, P_LEAVE));
        }
        gain(c, k, hash, 1.0, t);
        leave(c, k, hash, REENGAGE, kind, t);
        c->seen_since = t;
        if (c->timers[4] == NEVER) c->timers[4] = days_after(c, t, 60);
        if (kind == VISIT) react(c, c->cart_open ? BUY_VISIT : FILL_VISIT, in, t);
    } else if (kind == CLICKED) {
        TOTAL(X_CLICKED)++; STAGE(G_CLICKED)++;
        week_row(k, in->send, t)[N_CLICKED]++; arm_row(k, JOURNEY_OF[in->send])[A_CLICKED]++;
        gain(c, k, hash, 3.0, t);
        react(c, c->cart_open ? BUY_CLICK : FILL_CLICK, in, t);
    } else if (kind == CART_UPDATED) {
        c->cart_open = 1;
        c->cart_since = t;
        if (c->timers[2] == NEVER) c->timers[2] = t + 3600;
        react(c, in->send < 0 ? BUY_NEW : BUY_NEW_CLICK, in, t);
    } else if (kind == PURCHASE) {
        c->cart_open = 0;
        gain(c, k, hash, 10.0, t);
        TOTAL(X_PURCHASES)++; TOTAL(X_REVENUE) += in->value;
        if (t < P.first_year) TOTAL(X_FIRST_YEAR) += in->value;
        STAGE(G_CONVERTED)++; STAGE(G_REVENUE) += in->value;
        if (in->send >= 0) { int64_t *row = week_row(k, in->send, t); row[N_CONVERTED]++; row[N_REVENUE] += in->value; }
        leave(c, k, hash, CART, kind, t);
        c->cart_since = NEVER;
    } else if (kind == UNSUBSCRIBED) {
        c->cart_open = 0;
        if (c->consent) {
            c->consent = 0;
            TOTAL(X_UNSUB)++; STAGE(G_UNSUB)++;
            week_row(k, in->send, t)[N_UNSUB]++; arm_row(k, JOURNEY_OF[in->send])[A_UNSUB]++;
        }
        for (int j = 0; j < 4; j++) leave(c, k, hash, j, kind, t);
    } else enter(c, k, hash, WELCOME, t);
}

/* ---- a life */
static int64_t day_number(int64_t y, int64_t month, int64_t day) {
    y -= month <= 2;
    int64_t era = y / 400, yoe = y - era * 400, doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}
static void civil(int64_t day, int64_t *y, int64_t *month, int64_t *d) {
    int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *month = mp < 10 ? mp + 3 : mp - 9; *y = yoe + era * 400 + (*month <= 2); *d = doy - (153 * mp + 2) / 5 + 1;
}
static int64_t next_birthday(Contact *c, int64_t birthday, int64_t t) { /* at 10:00; nobody is born on 29 February */
    int64_t born, month, day, year, skip, skip2;
    civil(birthday, &born, &month, &day);
    civil(local_day(c, t), &year, &skip, &skip2);
    for (int64_t y = year - 1;; y++) {
        int64_t due = instant(c, day_number(y, month, day) * DAY + 36000);
        if (due >= t) return due;
    }
}
static void begin(Contact *c, int64_t *k, const Person *p) {
    memset(c, 0, offsetof(Contact, visit));
    memset(c->visit, 0, sizeof c->visit);
    c->id = p->contact; c->persona = p->persona; c->zone = P.zones[p->zone]; c->consent = p->consent != 0;
    c->key = mix64(mix64((uint64_t)P.seed) + GOLD * ((uint64_t)p->contact + 1));
    c->life = p->joined > P.start ? p->joined : P.start;
    c->week[0] = c->week[1] = c->week[2] = c->fatigue[0] = c->fatigue[1] = -NEVER;
    c->day = c->day_last = c->week_last = -NEVER;
    c->watched = 3;
    for (int i = 0; i < 11; i++) c->timers[i] = NEVER;
    TOTAL(X_CONTACTS)++;
    offset(c, c->life);
    if (p->joined >= P.start) post(c, c->life, JOINED, MISSING, -1, 0, 0);
    c->timers[1] = c->life + gap(c);
    c->cart_since = NEVER;
    int64_t since = c->life;
    if (c->life == P.start && p->last_seen != MISSING) {
        since = instant(c, p->last_seen * DAY);
        if (since > c->life) since = c->life;
    }
    c->seen_since = since;
    int64_t absent = days_after(c, since, 60);
    c->timers[4] = absent > c->life ? absent : c->life;
    c->timers[3] = next_birthday(c, p->birthday, c->life);
}
static void finish(Contact *c, int64_t *k) {
    for (int i = 0; i < c->messages; i++) week_row(k, c->out[i].send, P.end - 1)[N_PENDING]++;
    for (int j = 0; j < 4; j++) if (c->visit[j].inside) {
        arm_row(k, j)[A_INSIDE]++;
        if (c->visit[j].step >= 0) k[P.steps + c->visit[j].step * 5 + 4]++;
    }
    STAGE(G_NOW)++;
    TOTAL(X_REACHABLE) += c->consent;
    settle_week(c, k);
    k[P.pressure] += (local_day(c, P.end - 1) + 3) / 7 - (local_day(c, c->life) + 3) / 7 + 1 - c->weeks_hit;
    if (c->recent_sends >= 12 && c->recent_opens == 0) TOTAL(X_INDIFFERENT)++;
}
INL void wake(Contact *c, int64_t *k, uint64_t *hash, int timer, int64_t t, const Person *p) {
    switch (timer) {
    case 0: { Mail mail = take(c); receive(c, k, hash, &mail, t); break; }
    case 1: {
        Mail visit = {t, MISSING, 0, nth(P.visit_purpose, c->visits++), VISIT, -1};
        receive(c, k, hash, &visit, t);
        c->timers[1] = t + gap(c);
        break; }
    case 2: case 4: {
        int64_t *since = timer == 2 ? &c->cart_since : &c->seen_since, at;
        c->timers[timer] = NEVER;
        if (*since == NEVER) break;
        at = timer == 2 ? *since + 3600 : days_after(c, *since, 60);
        if (at > t) { c->timers[timer] = at; break; }
        *since = NEVER;
        enter(c, k, hash, timer == 2 ? CART : REENGAGE, t);
        break; }
    case 3: c->timers[3] = next_birthday(c, p->birthday, t + 1); enter(c, k, hash, BIRTHDAY, t); break;
    case 5: fall(c, k, hash, t); break;
    case 10: messages(c, k, hash, t); break;
    default: c->timers[timer] = NEVER; go(c, k, hash, timer - 6, c->visit[timer - 6].step, t, 1);
    }
}
/* Counters into k; the sum of the hashes of all decision rows. */
uint64_t jb_run(const Person *people, int64_t count, int64_t *k) {
    Contact contact, *c = &contact;
    uint64_t hash = 0;
    for (int64_t i = 0; i < count; i++) {
        begin(c, k, &people[i]);
        for (;;) {
            int timer = 0;
            int64_t t = c->timers[0];
            for (int n = 1; n < 11; n++) if (c->timers[n] < t) { t = c->timers[n]; timer = n; }
            if (t >= P.end) break;
            wake(c, k, &hash, timer, t, &people[i]);
        }
        finish(c, k);
    }
    return hash;
}
