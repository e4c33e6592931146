"""Columns of data files as words: every value of the type asked for, or an error that names file, row and remedy."""

from __future__ import annotations

import codecs
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.values import shown
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean
from bifurque.rules.layout import MISSING

MOST_ROWS = 2_000_000_000
Scalar = str | int | float | bool | None


def read_table(file: str | File, kinds: tuple[str, ...]) -> Any:
    """A data file as an Arrow table; in CSV and JSON lines every column is a text until its type is known.

    Raises:
        DataError: the file cannot be read, or is of no kind that is known.
    """
    path = File(file)
    suffix = path.suffix.lower().lstrip(".")
    kind = {"pq": "parquet", "ndjson": "jsonl"}.get(suffix, suffix)
    if kind not in kinds:
        raise DataError(f"{path}: a file of type {', '.join(kinds)} is needed, by its ending")
    if not path.is_file():
        raise DataError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    try:
        table = _READERS[kind](path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {_plainly(error)}") from None
    names = table.column_names
    twice = [n for n in names if names.count(n) > 1]
    if twice:
        raise DataError(f"{path}: two columns are called `{shown(twice[0])}`")
    return table


def _csv(path: File) -> Any:
    import pyarrow.csv as csv

    with path.open("rb") as stream:
        head = stream.readline(1 << 20)
    if not head.strip():
        raise pa.ArrowInvalid("the file is empty")
    delimiter = max(",;\t", key=lambda d: head.count(d.encode()))
    options = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    names = csv.open_csv(path, parse_options=options).schema.names
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return csv.read_csv(path, parse_options=options, convert_options=convert)


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
            parts.append(pa.table({n: pa.array([_as_text(r.get(n)) for r in rows], pa.string()) for n in names}))
    if not any(part.num_rows for part in parts):
        raise pa.ArrowInvalid("the file is empty")
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
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            nested = isinstance(error, msgspec.ValidationError)
            what = "an object of plain values is needed" if nested else _plainly(error)
            raise pa.ArrowInvalid(f"line {number}: {what}") from None
    raise pa.ArrowInvalid("each line needs an object of plain values")


def _as_text(value: Scalar) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parquet(path: File) -> Any:
    import pyarrow.parquet as parquet

    head = parquet.ParquetFile(path)
    if head.metadata.num_rows > MOST_ROWS or head.metadata.num_columns > 10_000:
        raise pa.ArrowInvalid(
            f"holds {head.metadata.num_rows:,} rows of {head.metadata.num_columns:,} columns: too many"
        )
    return head.read()


_READERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def _plainly(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    text = text.removeprefix("CSV parse error: ").removeprefix("JSON parse error: ").removeprefix("Could not open ")
    if "magic bytes" in text:
        return "is not a Parquet file, or is cut short"
    if "Expected" in text and "columns, got" in text:
        return f"a line has another number of values than the header ({text})"
    if "invalid UTF8" in text.lower() or "utf-8" in text.lower():
        return "is not UTF-8 text: save it as UTF-8"
    return text


def column(table: Any, name: str, file: str | File, *, needed: bool = True) -> Any:
    """A column by name, or None; a needed one that is missing is an error that names those there are."""
    if name in table.column_names:
        return table[name]
    if not needed:
        return None
    raise DataError(f"{file}: column `{name}` is missing" + did_you_mean(name, table.column_names))


def _first_bad(values: Any, converted: Any) -> int:
    """The first row that a conversion lost."""
    lost = np.asarray(pc.and_(pc.is_valid(values), pc.is_null(converted)))
    return int(np.argmax(lost))


def _cast(values: Any, kind: Any, file: str | File, name: str, wanted: str) -> Any:
    """A column cast to a type; an error names the first row that does not fit."""
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
    raise bad(file, low, name, values[low].as_py(), wanted)


def bad(file: str | File, row: int, name: str, value: object, wanted: str) -> DataError:
    """The error for one value; rows are counted from 1, the header left out."""
    return DataError(f"{file}: row {row + 1}, column `{name}`: expected {wanted}, got `{shown(value)}`")


def is_text(values: Any) -> bool:
    """Whether a column holds texts, plain or dictionary-encoded."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def texts(values: Any, file: str | File, name: str) -> Any:
    """A column of texts; numbers become texts."""
    if is_text(values):
        return values.cast(pa.string())
    if pa.types.is_floating(values.type):
        values = _whole(values, file, name, "a text")
    if pa.types.is_integer(values.type):
        return pc.cast(values, pa.string())
    if pa.types.is_null(values.type):
        return pa.chunked_array([pa.nulls(len(values), pa.string())])
    raise DataError(f"{file}: column `{name}`: expected texts, got {values.type}")


def _whole(values: Any, file: str | File, name: str, wanted: str) -> Any:
    """A column of real numbers that are whole, NaN being none: what other programs make of whole numbers with gaps."""
    values = pc.if_else(pc.is_nan(values), None, values)
    odd = pc.and_(pc.is_valid(values), pc.or_(pc.not_equal(values, pc.round(values)), pc.invert(pc.is_finite(values))))
    if pc.any(odd).as_py():
        row = int(np.argmax(np.asarray(odd.fill_null(False))))
        raise bad(file, row, name, values[row].as_py(), wanted)
    return _cast(values, pa.int64(), file, name, wanted)


def whole_numbers(values: Any, file: str | File, name: str) -> Words:
    """A column of whole numbers; MISSING where there is none."""
    wanted = "a whole number"
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type) or pa.types.is_nested(values.type):
        raise DataError(f"{file}: column `{name}`: expected whole numbers, got {values.type}")
    if is_text(values):
        values = pc.replace_substring_regex(pc.utf8_trim_whitespace(values.cast(pa.string())), r"\.0+$", "")
    elif pa.types.is_floating(values.type):
        values = _whole(values, file, name, wanted)
    found = _cast(values, pa.int64(), file, name, wanted)
    return np.asarray(found.fill_null(MISSING), np.int64)


def real_numbers(values: Any, file: str | File, name: str) -> Words:
    """A column of real numbers as their bits; NaN where there is none."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type) or pa.types.is_nested(values.type):
        raise DataError(f"{file}: column `{name}`: expected numbers, got {values.type}")
    if is_text(values):
        values = pc.utf8_trim_whitespace(values.cast(pa.string()))
    found = _cast(values, pa.float64(), file, name, "a number")
    return np.asarray(found.fill_null(float("nan")), np.float64).view(np.int64)


def truths(values: Any, file: str | File, name: str) -> Words:
    """A column of true and false (or yes and no); MISSING where there is neither."""
    if pa.types.is_boolean(values.type):
        return np.asarray(pc.cast(values, pa.int64()).fill_null(MISSING), np.int64)
    words = pc.utf8_lower(pc.utf8_trim_whitespace(texts(values, file, name)))
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
        values = pc.cast(values, pa.date32(), safe=False)
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
    if is_text(values):
        values = _plain_instants(values)
    elif pa.types.is_timestamp(values.type):
        values = pc.cast(values, pa.timestamp("us", "UTC"), safe=False)
    found = pc.cast(_cast(values, pa.timestamp("us", "UTC"), file, name, wanted), pa.int64())
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
