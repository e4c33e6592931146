"""Columns of data files as words: every value of the type asked for, or an error that names file, row and remedy."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.values import shown
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, nearest
from bifurque.rules.layout import MISSING

MOST_ROWS, MOST_COLUMNS = 2_000_000_000, 2_000
Scalar = str | int | float | bool | None


def read_table(file: str | File, kinds: tuple[str, ...]) -> Any:
    """A data file as an Arrow table; in CSV and JSON lines every column is a text until its type is known.

    Raises:
        DataError: the file cannot be read, or is of no kind that is known.
    """
    path = File(file)
    suffix = path.suffix.lower().lstrip(".")
    kind = {"pq": "parquet", "ndjson": "jsonl"}.get(suffix, suffix)
    if not path.is_file():
        raise DataError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    if kind not in kinds:
        packed = "unpack it first: " if suffix in ("gz", "zip", "bz2", "xz", "zst") else ""
        raise DataError(f"{path}: {packed}a file whose name ends in {', '.join('.' + k for k in kinds)} is needed")
    try:
        if kind != "parquet":
            _is_text(path)
        return _READERS[kind](path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: {_plainly(error, path)}") from None


def _is_text(path: File) -> None:
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise pa.ArrowInvalid("is UTF-16 text: save it as UTF-8")
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise pa.ArrowInvalid("is empty")
    if b"\0" in head:
        raise pa.ArrowInvalid("is not a text file")


def _header(names: list[str]) -> None:
    """Every column has a name of its own, and they are not too many."""
    if len(names) > MOST_COLUMNS:
        raise pa.ArrowInvalid(f"has {len(names):,} columns: {MOST_COLUMNS:,} at most")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            twice = f"two columns are called `{shown(name)}`" if name else "two columns have no name"
            raise pa.ArrowInvalid(f"{twice}: rename or remove one")
        seen.add(name)


def _csv(path: File) -> Any:
    import pyarrow.csv as csv

    with path.open("rb") as stream:
        head = stream.readline(1 << 20)
    delimiter = max(",;\t|", key=lambda d: head.count(d.encode()))
    if head.count(delimiter.encode()) >= MOST_COLUMNS:
        raise pa.ArrowInvalid(f"has {head.count(delimiter.encode()) + 1:,} columns: {MOST_COLUMNS:,} at most")
    options = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)

    def read(threads: bool) -> Any:
        how = csv.ReadOptions(use_threads=threads)
        names = csv.open_csv(path, read_options=how, parse_options=options).schema.names
        _header(names)
        kinds = dict.fromkeys(names, pa.string())
        convert = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""])
        return csv.read_csv(path, read_options=how, parse_options=options, convert_options=convert)

    try:
        table = read(True)
    except pa.ArrowInvalid:  # once more, in order: then the error says which row
        table = read(False)
    if any(pc.any(pc.match_substring(column, "\n")).as_py() for column in table.columns):
        _closed_quotes(path, delimiter)
    return table


def _closed_quotes(path: File, delimiter: str) -> None:
    """A quote that is not closed swallows the rows below it, and Arrow says nothing."""
    from csv import Error, reader

    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = reader(stream, delimiter=delimiter, strict=True)
        try:
            for _ in rows:
                pass
        except Error:
            text = f"above line {rows.line_num + 1} a quote is not closed, or one inside a value is not doubled"
            raise pa.ArrowInvalid(text) from None


def _jsonl(path: File) -> Any:
    """Every value as its text: a column may hold numbers and texts, and what looks like a date stays what it says."""
    parts, line = [], 1
    with path.open("rb") as stream:
        if stream.read(3) != codecs.BOM_UTF8:
            stream.seek(0)
        while lines := stream.readlines(1 << 24):
            rows = _objects(lines, line)
            line += len(lines)
            names = dict.fromkeys(name for row in rows for name in row)
            _header(list(names))
            parts.append(pa.table({n: pa.array([_as_text(r.get(n)) for r in rows], pa.string()) for n in names}))
    if not any(part.num_rows for part in parts):
        raise pa.ArrowInvalid("holds no value")
    return pa.concat_tables([part for part in parts if part.num_rows], promote_options="default")


def _objects(lines: list[bytes], first: int) -> list[dict[str, Scalar]]:
    """The objects of some lines; an error names the line."""
    import msgspec

    decoder = msgspec.json.Decoder(dict[str, Scalar])
    try:
        return decoder.decode_lines(b"".join(lines))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    for number, text in enumerate(lines, first):
        try:
            decoder.decode_lines(text)
        except msgspec.ValidationError as error:
            far = "a number is beyond the largest" if "out of range" in str(error) else ""
            raise pa.ArrowInvalid(f"line {number}: {far or _not_plain(text)}") from None
        except msgspec.DecodeError as error:
            said = str(error).removeprefix("JSON is malformed: ")
            raise pa.ArrowInvalid(f"line {number}: is not JSON: {said}") from None
        except UnicodeDecodeError:
            raise pa.ArrowInvalid(f"line {number}: is not UTF-8 text: save it as UTF-8") from None
    raise pa.ArrowInvalid("each line needs an object of plain values")


def _not_plain(text: bytes) -> str:
    """What stands in a line of JSON instead of an object of plain values."""
    import msgspec

    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if text.lstrip().startswith(b"["):
        return "is a list: write an object of plain values on each line, without [ ] and commas"
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, dict | list):
            return f"`{shown(name)}` is {'an object' if isinstance(value, dict) else 'a list'}: write plain values"
    return 'an object of plain values is needed, such as {"contact": 17, "type": "purchase"}'


def _as_text(value: Scalar) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parquet(path: File) -> Any:
    import pyarrow.parquet as parquet

    try:
        head = parquet.ParquetFile(path)
        names, rows = head.schema_arrow.names, head.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise pa.ArrowInvalid("is not a Parquet file, or is cut short") from None
    _header(names)
    if rows > MOST_ROWS:
        raise pa.ArrowInvalid(f"holds {rows:,} rows: {MOST_ROWS:,} at most")
    try:
        return head.read()
    except (pa.ArrowException, OSError) as error:
        raise pa.ArrowInvalid(f"is damaged: {str(error).splitlines()[0]}") from None


_READERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


_ODD_ROW = re.compile(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+): ?(.*)", re.DOTALL)


def _plainly(error: Exception, path: File) -> str:
    """What Arrow says, in our words, for the mistakes people make."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = (str(error) or type(error).__name__).removeprefix("CSV parse error: ")
    odd = _ODD_ROW.search(text)
    if odd:
        where = f"row {int(odd[1]) - 1}" if odd[1] else "a row"
        remedy = "is a quote not closed?" if '"' in odd[4] else "quote a value that holds a separator"
        return f"{where} has {odd[3]} values, the header has {odd[2]}: `{shown(odd[4])}`: {remedy}"
    if "invalid utf8" in text.lower():
        return f"line {_first_not_utf8(path)} is not UTF-8 text: save it as UTF-8"
    if "straddl" in text or "block boundar" in text:
        return "a row is longer than 1 MB: is a quote not closed?"
    return text.splitlines()[0]


def _first_not_utf8(path: File) -> int:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def column(table: Any, name: str, file: str | File, *, needed: bool = True) -> Any:
    """A column by name, or None; a needed one that is missing is an error that names those there are."""
    if name in table.column_names:
        return table[name]
    if not needed:
        return None
    near = nearest(name, table.column_names)
    there = ", ".join(f"`{shown(n)}`" for n in table.column_names[:12]) + (", …" if table.num_columns > 12 else "")
    remedy = f"rename `{shown(near)}`" if near else f"the file has {there}"
    raise DataError(f"{file}: column `{name}` is missing: {remedy}")


def unused_columns(table: Any, used: Collection[str], file: str | File) -> tuple[str, ...]:
    """Columns that nothing reads; one that looks like a known one that is not there is an error."""
    missing = [name for name in used if name not in table.column_names]
    unused = tuple(name for name in table.column_names if name not in used)
    for name in unused:
        near = nearest(name, missing, 0.8)
        if near:
            raise DataError(f"{file}: column `{shown(name)}` is not known; did you mean `{near}`? rename or remove it")
    return unused


def _cast(values: Any, kind: Any, file: str | File, name: str, wanted: str, given: Any = None) -> Any:
    """A column cast to a type; an error names the first row that does not fit, as the file gave it."""
    try:
        return pc.cast(values, kind)
    except pa.ArrowException:
        pass
    low, high = 0, len(values)
    while high - low > 1:  # the first row that fails on its own, by halving
        middle = (low + high) // 2
        try:
            pc.cast(values.slice(low, middle - low), kind)
            low = middle
        except pa.ArrowException:
            high = middle
    raise bad(file, low, name, (values if given is None else given)[low].as_py(), wanted)


def _truncated(values: Any, kind: Any, file: str | File, name: str, wanted: str) -> Any:
    """Instants in another unit, fractions cut off; an instant that the unit cannot hold is an error."""
    try:
        return pc.cast(values, options=pc.CastOptions(target_type=kind, allow_time_truncate=True))
    except pa.ArrowInvalid:
        raise DataError(f"{file}: column `{name}`: expected {wanted}, got one that is too far away") from None


def bad(file: str | File, row: int, name: str, value: object, wanted: str) -> DataError:
    """The error for one value; rows are counted from 1, the header left out."""
    return DataError(f"{file}: row {row + 1}, column `{name}`: expected {wanted}, got `{shown(value)}`")


def is_text(values: Any) -> bool:
    """Whether a column holds texts, plain or dictionary-encoded."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def texts(values: Any, file: str | File, name: str, wanted: str = "a text") -> Any:
    """A column of texts; whole numbers become texts."""
    if is_text(values):
        return values.cast(pa.string())
    if pa.types.is_floating(values.type):
        values = _whole(values, file, name, wanted)
    if pa.types.is_integer(values.type):
        return pc.cast(values, pa.string())
    if pa.types.is_null(values.type):
        return pa.chunked_array([pa.nulls(len(values), pa.string())])
    raise DataError(f"{file}: column `{name}`: expected {wanted}, got {values.type}")


def _whole(values: Any, file: str | File, name: str, wanted: str) -> Any:
    """A column of real numbers that are whole, NaN being none: what other programs make of whole numbers with gaps."""
    values = pc.if_else(pc.is_nan(values), None, values)
    odd = pc.and_(pc.is_valid(values), pc.or_(pc.not_equal(values, pc.round(values)), pc.invert(pc.is_finite(values))))
    if pc.any(odd).as_py():
        row = int(np.argmax(np.asarray(odd.fill_null(False))))
        raise bad(file, row, name, values[row].as_py(), wanted)
    return _cast(values, pa.int64(), file, name, wanted)


def whole_numbers(values: Any, file: str | File, name: str, wanted: str = "a whole number") -> Words:
    """A column of whole numbers; MISSING where there is none."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type) or pa.types.is_nested(values.type):
        raise DataError(f"{file}: column `{name}`: expected whole numbers, got {values.type}")
    if is_text(values):
        values = pc.replace_substring_regex(pc.utf8_trim_whitespace(values.cast(pa.string())), r"\.0+$", "")
    elif pa.types.is_floating(values.type):
        values = _whole(values, file, name, wanted)
    found = _cast(values, pa.int64(), file, name, wanted)
    words = np.asarray(found.fill_null(MISSING), np.int64)
    if (words == MISSING).sum() > found.null_count:
        raise bad(file, int(np.argmax(words == MISSING)), name, MISSING, f"{wanted} above -2^63")
    return words


def real_numbers(values: Any, file: str | File, name: str) -> Words:
    """A column of real numbers as their bits; NaN where there is none."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type) or pa.types.is_nested(values.type):
        raise DataError(f"{file}: column `{name}`: expected numbers, got {values.type}")
    if is_text(values):
        values = pc.utf8_trim_whitespace(values.cast(pa.string()))
    found = _cast(values, pa.float64(), file, name, "a number")
    numbers = np.asarray(found.fill_null(float("nan")), np.float64)
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise bad(file, row, name, values[row].as_py(), "a number")
    return numbers.view(np.int64)


def truths(values: Any, file: str | File, name: str) -> Words:
    """A column of true and false (or yes and no); MISSING where there is neither."""
    if pa.types.is_boolean(values.type):
        return np.asarray(pc.cast(values, pa.int64()).fill_null(MISSING), np.int64)
    words = pc.utf8_lower(pc.utf8_trim_whitespace(texts(values, file, name, "yes or no")))
    yes = pc.is_in(words, value_set=pa.array(["yes", "true", "1", "oui"]))
    no = pc.is_in(words, value_set=pa.array(["no", "false", "0", "non"]))
    neither = pc.and_(pc.is_valid(words), pc.invert(pc.or_(yes, no)))
    if pc.any(neither).as_py():
        row = int(np.argmax(np.asarray(neither)))
        raise bad(file, row, name, values[row].as_py(), "yes or no")
    known = np.asarray(pc.is_valid(words))
    return np.where(known, np.asarray(yes, np.int64), MISSING)


def dates(values: Any, file: str | File, name: str) -> Words:
    """A column of dates as day numbers; MISSING where there is none."""
    if pa.types.is_timestamp(values.type):
        values = _truncated(values, pa.date32(), file, name, "a date such as 1990-05-31")
    if not (pa.types.is_date(values.type) or is_text(values) or pa.types.is_null(values.type)):
        raise DataError(f"{file}: column `{name}`: expected dates such as 1990-05-31, got {values.type}")
    if is_text(values):
        values = pc.utf8_trim_whitespace(values.cast(pa.string()))
    found = _cast(values, pa.date32(), file, name, "a date such as 1990-05-31")
    days = pc.cast(pc.cast(found, pa.int32()), pa.int64())
    return np.asarray(days.fill_null(MISSING), np.int64)


def instants(values: Any, file: str | File, name: str) -> Words:
    """A column of instants as seconds since 1970-01-01 UTC, fractions truncated; MISSING where there is none."""
    wanted = "an instant with its offset, such as 2025-03-10T14:00:00+01:00 or …Z"
    if pa.types.is_timestamp(values.type) and values.type.tz is None:
        raise DataError(f"{file}: column `{name}`: these instants have no time zone: expected {wanted}")
    if not (pa.types.is_timestamp(values.type) or is_text(values) or pa.types.is_null(values.type)):
        raise DataError(f"{file}: column `{name}`: expected {wanted}, got {values.type}")
    given = values
    if is_text(values):
        values = _plain_instants(values)
    elif pa.types.is_timestamp(values.type):
        values = _truncated(values, pa.timestamp("us", "UTC"), file, name, wanted)
    found = pc.cast(_cast(values, pa.timestamp("us", "UTC"), file, name, wanted, given), pa.int64())
    micro = np.asarray(found.fill_null(MISSING), np.int64)
    return np.where(micro == MISSING, MISSING, micro // 1_000_000)


def _plain_instants(values: Any) -> Any:
    """Instants as Arrow reads them: `z` is `Z`, and of a fraction no more than six digits."""
    values = pc.utf8_trim_whitespace(values.cast(pa.string()))
    try:
        pc.cast(values, pa.timestamp("us", "UTC"))
    except pa.ArrowException:
        values = pc.replace_substring_regex(pc.utf8_upper(values), r"(\.\d{6})\d+", r"\1")
    return values
