"""Numpy arrays into Arrow columns: identifiers, money, moments, labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics.data.demo.season import FIRST_DAY, SECONDS_A_DAY, Array

MONEY = pa.decimal128(18, 2)
MOMENT = pa.timestamp("us")

_EPOCH_DAYS = (FIRST_DAY - date(1970, 1, 1)).days


def texts(prefix: str, numbers: Array, width: int, suffix: str = "") -> Any:
    """Texts such as ``S0000042``: a prefix, the number padded with zeros, a suffix."""
    digits = pc.utf8_lpad(pc.cast(pa.array(np.asarray(numbers, dtype="int64")), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, suffix, "")


def labels(codes: Array, names: Sequence[str | None]) -> Any:
    """Texts chosen from `names` by position."""
    return pa.array(list(names), pa.string()).take(pa.array(np.asarray(codes, dtype="int64")))


def without(column: Any, missing: Array) -> Any:
    """The same column with nulls where `missing` is true."""
    return pc.if_else(pa.array(missing), pa.scalar(None, column.type), column)


def either(condition: Array, chosen: Any, other: Any) -> Any:
    """Row by row, `chosen` where the condition is true, else `other`."""
    return pc.if_else(pa.array(condition), chosen, other)


def money(minor_units: Array) -> Any:
    """Exact decimals with two places from whole hundredths."""
    low = np.asarray(minor_units, dtype="<i8")
    words = np.empty((len(low), 2), dtype="<i8")
    words[:, 0] = low
    words[:, 1] = low >> 63  # the sign, carried into the upper half of the 128 bits
    return pa.Array.from_buffers(MONEY, len(low), [None, pa.py_buffer(words.tobytes())])


def moments(day: Array, second: Array | int = 0) -> Any:
    """Local timestamps from day numbers of the demonstration calendar and seconds of the day."""
    seconds = (np.asarray(day, dtype="int64") + _EPOCH_DAYS) * SECONDS_A_DAY + second
    return pa.array(seconds * 1_000_000, pa.int64()).cast(MOMENT)


def instants(days: Array) -> Any:
    """Local timestamps, whole seconds, from fractional day numbers."""
    return moments(np.floor(days), np.floor((days - np.floor(days)) * SECONDS_A_DAY).astype("int64"))


def nulls(size: int, kind: Any = None) -> Any:
    """A column without any value."""
    return pa.nulls(size, kind or pa.string())
