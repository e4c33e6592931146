"""The one evaluator of conditions: a small stack machine over instructions made by `bifurque.rules.lowering`.

Kleene's logic: a comparison with an unknown value is unknown; `&&` is false if one side is false, `||` true if one
side is true. Whole-number overflow (−2^63 included: it marks a missing value) and division by zero are unknown; real
numbers follow IEEE 754.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, as_real, as_word, kernel
from bifurque.rules.layout import *
from bifurque.rules.localtime import civil, offset
from bifurque.rules.remembering import window_count, window_sum
from bifurque.rules.scores import value as score_value


@kernel
def truth(m: Memory, code: int, t: int) -> int:
    """FALSE, TRUE or UNKNOWN."""
    if m[code] == OP_TEST_BIT:
        bit = m[code + 2]
        return 1 if (m[m[code + 1]] >> (bit >> 1)) & 1 == bit & 1 else 0
    run(m, code, t)
    if m[KNOWN] == 0:
        return UNKNOWN
    return m[STACK]


@kernel
def number(m: Memory, code: int, t: int) -> float:
    """The value of an expression of type double; NaN when unknown."""
    run(m, code, t)
    if m[KNOWN] == 0:
        return float("nan")
    return as_real(m[STACK])


@kernel
def word(m: Memory, code: int, unknown: int, t: int) -> int:
    """The word an expression leaves, to be kept in a slot; `unknown` if it is (what that is depends on its type)."""
    run(m, code, t)
    if m[KNOWN] == 0:
        return unknown
    return m[STACK]


@kernel
def run(m: Memory, code: int, t: int) -> None:
    """Run instructions; the result is the bottom of the stack."""
    top = -1
    at = code
    while True:
        op, a, b = m[at], m[at + 1], m[at + 2]
        at += 3
        if op == OP_END:
            return
        if op < OP_HAS:
            top += 1
            push(m, op, a, b, t, STACK + top, KNOWN + top)
        elif op >= OP_EQ:
            if op >= OP_NEG:
                convert(m, op, a, STACK + top, KNOWN + top)
            else:
                top -= 1
                compute(m, op, STACK + top, KNOWN + top)
        elif op == OP_HAS:
            m[STACK + top] = m[KNOWN + top]
            m[KNOWN + top] = 1
        elif op == OP_NOT:
            m[STACK + top] = 1 - m[STACK + top]
        elif op == OP_AND or op == OP_OR:
            top -= 1
            join(m, op == OP_OR, STACK + top, KNOWN + top)
        elif op == OP_JUMP_FALSE:
            if m[KNOWN + top] == 1 and m[STACK + top] == FALSE:
                at += a
        elif op == OP_JUMP_TRUE:
            if m[KNOWN + top] == 1 and m[STACK + top] != FALSE:
                at += a
        elif op == OP_JUMP:
            at += a
        elif op == OP_BRANCH:
            if m[KNOWN + top] == 0:
                at += b
            else:
                at += 0 if m[STACK + top] != FALSE else a
                top -= 1


@kernel
def push(m: Memory, op: int, a: int, b: int, t: int, value: int, known: int) -> None:
    """Load one value and whether it is known."""
    m[known] = 1
    if op == OP_CONST:
        m[value] = a
    elif op == OP_LOAD:
        m[value] = m[a]
        if m[a] == MISSING:
            m[known] = 0
    elif op == OP_LOAD_BIT:
        m[value] = (m[a] >> b) & 1
    elif op == OP_LOAD_REAL:
        x = as_real(m[a])
        m[value] = m[a]
        if x != x:
            m[known] = 0
    elif op == OP_SCORE:
        m[value] = as_word(score_value(m, a, b, t))
    elif op == OP_NOW:
        m[value] = t
    elif op == OP_LOCAL:
        m[value] = local_part(m, a, t)
    elif op == OP_WITHIN:
        m[value] = 1 if m[a] > t - b else 0
    else:
        m[value] = window_count(m, a, b, t) if op == OP_COUNT else window_sum(m, a, b, t)
        if m[value] == MISSING:
            m[known] = 0


@kernel
def local_part(m: Memory, part: int, t: int) -> int:
    """The hour (0–23), weekday (Monday 1 … Sunday 7), day of the month or month of the contact's wall clock."""
    local = t + offset(m, t)
    if part == LOCAL_HOUR:
        return local // 3600 % 24
    if part == LOCAL_WEEKDAY:
        return (local // 86400 + 3) % 7 + 1
    _, month, day = civil(local // 86400)
    if part == LOCAL_DAY:
        return day
    if part == LOCAL_MONTH:
        return month
    return MISSING


@kernel
def join(m: Memory, either: bool, value: int, known: int) -> None:
    """`&&` and `||` of the two values on top."""
    stop = 1 if either else 0
    left = m[known] == 1 and (m[value] != 0) == either
    right = m[known + 1] == 1 and (m[value + 1] != 0) == either
    if left or right:
        m[value], m[known] = stop, 1
    elif m[known] == 1 and m[known + 1] == 1:
        m[value] = 1 - stop
    else:
        m[known] = 0


@kernel
def compute(m: Memory, op: int, value: int, known: int) -> None:
    """Apply an operator to the two values on top."""
    if m[known] == 0 or m[known + 1] == 0:
        m[known] = 0
        return
    x, y = m[value], m[value + 1]
    if op <= OP_GE:
        m[value] = compare(op - OP_EQ, x, y)
    elif op <= OP_GE_REAL:
        m[value] = compare_reals(op - OP_EQ_REAL, as_real(x), as_real(y))
    elif op >= OP_ADD_REAL:
        m[value] = as_word(reckon(op, as_real(x), as_real(y)))
    else:
        m[value] = whole(op, x, y)
        if m[value] == MISSING:
            m[known] = 0


@kernel
def convert(m: Memory, op: int, a: int, value: int, known: int) -> None:
    """Operators of one value."""
    x = m[value]
    if m[known] == 0:
        return
    if op == OP_NEG:
        m[value] = -x
    elif op == OP_NEG_REAL:
        m[value] = as_word(-as_real(x))
    elif op == OP_REAL:
        m[value] = as_word(float(x))
    elif op == OP_WHOLE:
        r = as_real(x)
        if r > -9223372036854775808.0 and r < 9223372036854775808.0:
            m[value] = int(r)
        else:
            m[known] = 0
    elif op == OP_IN:
        m[value] = 0
        for i in range(m[a]):
            if m[a + 1 + i] == x:
                m[value] = 1
    elif op == OP_TEXT:
        if x >= 0 and x < m[a + 1]:
            m[value] = m[m[a] + x]
        else:
            m[known] = 0


@kernel
def compare(kind: int, x: int, y: int) -> int:
    """== != < <= > >= of whole numbers, instants, texts (by code)."""
    if kind == OP_EQ - OP_EQ:
        return 1 if x == y else 0
    if kind == OP_NE - OP_EQ:
        return 1 if x != y else 0
    if kind == OP_LT - OP_EQ:
        return 1 if x < y else 0
    if kind == OP_LE - OP_EQ:
        return 1 if x <= y else 0
    if kind == OP_GT - OP_EQ:
        return 1 if x > y else 0
    return 1 if x >= y else 0


@kernel
def compare_reals(kind: int, x: float, y: float) -> int:
    """== != < <= > >= of real numbers."""
    if kind == OP_EQ_REAL - OP_EQ_REAL:
        return 1 if x == y else 0
    if kind == OP_NE_REAL - OP_EQ_REAL:
        return 1 if x != y else 0
    if kind == OP_LT_REAL - OP_EQ_REAL:
        return 1 if x < y else 0
    if kind == OP_LE_REAL - OP_EQ_REAL:
        return 1 if x <= y else 0
    if kind == OP_GT_REAL - OP_EQ_REAL:
        return 1 if x > y else 0
    return 1 if x >= y else 0


@kernel
def reckon(op: int, x: float, y: float) -> float:
    """+ - * / of real numbers."""
    if op == OP_ADD_REAL:
        return x + y
    if op == OP_SUB_REAL:
        return x - y
    if op == OP_MUL_REAL:
        return x * y
    if y == 0.0:
        if x == 0.0 or x != x:
            return float("nan")
        above = (x > 0.0) == (as_word(y) >= 0)
        return float("inf") if above else float("-inf")
    return x / y


@kernel
def whole(op: int, x: int, y: int) -> int:
    """+ - * / % of whole numbers, truncated towards 0; MISSING on overflow and division by zero."""
    if op == OP_ADD:
        r = x + y
        return MISSING if ((x ^ r) & (y ^ r)) < 0 else r
    if op == OP_SUB:
        r = x - y
        return MISSING if ((x ^ y) & (x ^ r)) < 0 else r
    if op == OP_MUL:
        far = float(x) * float(y)
        if far > 9.3e18 or far < -9.3e18:
            return MISSING
        r = x * y
        return MISSING if x != 0 and r // x != y else r
    if y == 0:
        return MISSING
    r = abs(x) // abs(y)
    if (x < 0) != (y < 0):
        r = -r
    return x - y * r if op == OP_MOD else r
