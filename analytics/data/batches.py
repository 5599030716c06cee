"""Batches that the workbook itself makes, predictions and forecasts: each one dated file, never changed.

A batch lies at ``models/<organisation>/predictions/<predicted_at>_<batch_id>.parquet``, typed as the contract
says. It is written under another name and renamed, so that a run that is killed leaves no half batch; a
digest of the content, and whose it is, stand in the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.data.contract import CONTRACT
from analytics.data.contract_terms import Column, TableContract
from analytics.errors import ContractError
from analytics.params.kept import kept_of

KeptTable = Literal["predictions", "forecasts"]
KEPT: tuple[KeptTable, ...] = ("predictions", "forecasts")

_TYPES = {
    "id": pa.string(),
    "text": pa.string(),
    "money": pa.decimal128(18, 4),
    "number": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
_NAME = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})_(?P<id>[A-Za-z0-9][A-Za-z0-9._-]{0,99})\.parquet")
_IS_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WHOSE = b"workbook"
_MISSING, _NEXT = "\x00", "\x1f"


def batch_id(organisation: str, predicted_at: date, *made_from: Any) -> str:
    """Name a batch of predictions by its day and by what it is made from.

    Parameters
    ----------
    organisation : str
    predicted_at : datetime.date
        The reference date, never the clock.
    *made_from
        All that its content depends on: the model's version, the data's fingerprint, parameters, rules;
        anything whose ``str`` says it all.

    Returns
    -------
    str
        ``20261101-001-3f2a…``: the number counts the batches of the day. The same day and the same things
        give the same id; other things give a greater one, so that of several batches of a day the one made
        last has the greatest id, which is the one that reports take.
    """
    said = _NEXT.join([organisation, predicted_at.isoformat(), *map(str, made_from)])
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    numbers = [0]
    for path in kept_batches(organisation, "predictions"):
        if found := re.fullmatch(rf"{predicted_at:%Y%m%d}-(\d{{3,}})-([0-9a-f]+)", _said(path)["id"]):
            if found[2] == digest:
                return _said(path)["id"]
            numbers.append(int(found[1]))
    return f"{predicted_at:%Y%m%d}-{max(numbers) + 1:03d}-{digest}"


def write_batch(organisation: str, table: KeptTable, frame: pd.DataFrame) -> Path | None:
    """Keep one batch.

    Parameters
    ----------
    organisation : str
        Id of the organisation.
    table : {"predictions", "forecasts"}
    frame : DataFrame
        The contract's columns; an optional one may be absent, any other column is left out. Predictions have
        one ``predicted_at`` and one ``batch_id``, forecasts one ``made_at``: a day (date, or timestamp at
        midnight). Texts are str (lists joined by the caller), money is rounded to 4 places, missing values
        are NaN, None or NaT.

    Returns
    -------
    pathlib.Path or None
        The file. A batch that is there with the same content is left alone. Of forecasts, what was said
        before of the same day, month and model stands: only what is new is written, None where nothing is.

    Raises
    ------
    ContractError
        If the frame breaks the contract (a probability above 1, a key twice, a missing required value), or
        a batch of this name is there with another content.
    """
    contract = CONTRACT[table]
    rows = _typed(frame, contract)
    _refuse_broken(rows, contract)
    day = _one_day(rows, contract)
    if table == "forecasts":
        rows = _unsaid(rows, organisation, day)
        if not rows.num_rows:
            return None
        name = content_digest(rows)[:12]
    else:
        name = _one_batch(rows)
    path = kept_of(organisation) / table / f"{day.isoformat()}_{name}.parquet"
    if path.exists():
        if content_digest(read_batch(path, organisation, table)) != content_digest(rows):
            raise ContractError(
                f"the batch {name} of {table} of {organisation} is kept already, with another content; a "
                "batch is never changed: give what it is made from another batch_id, or remove the file "
                f"{path.name}"
            )
        return path
    _write_whole(path, rows, _whose(organisation, table, content_digest(rows)))
    return path


def kept_batches(organisation: str, table: KeptTable, reference_date: date | None = None) -> list[Path]:
    """List the batches of an organisation, the earliest first.

    Parameters
    ----------
    organisation : str
    table : {"predictions", "forecasts"}
    reference_date : datetime.date, optional
        Only what a report of that day may know: predictions dated on it or before, forecasts made before
        it. The forecast of the day itself is what the report is about to make; were it read, a second run
        would find other data than the first.

    Returns
    -------
    list of pathlib.Path
        In the order of their names; whatever is not named like a batch is not one.
    """
    folder = kept_of(organisation) / table
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    if reference_date is None:
        return found
    edge = reference_date.isoformat()
    return [
        path
        for path in found
        if (day := _said(path)["day"]) < edge or (day == edge and table == "predictions")
    ]


def read_batch(path: Path, organisation: str, table: KeptTable) -> pa.Table:
    """Read one kept batch, and see that it is what was written, for whom.

    Parameters
    ----------
    path : pathlib.Path
        From `kept_batches`.
    organisation, table : str

    Returns
    -------
    pyarrow.Table
        The contract's columns and types.

    Raises
    ------
    ContractError
        If the file cannot be read, was changed, or is another organisation's.
    """

    def refuse(what: str) -> NoReturn:
        raise ContractError(
            f"the batch {path.name} of {table} of {organisation} {what}; remove the file, and the next run "
            "of the notebook that makes it writes it anew"
        )

    wanted = pa.schema([(column.name, _TYPES[column.type]) for column in CONTRACT[table].columns])
    try:
        rows = pq.read_table(path, partitioning=None, memory_map=False)
        said = json.loads((rows.schema.metadata or {})[_WHOSE])
        whose, digest = (said["organisation"], said["table"]), said["content"]
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        refuse("cannot be read: it is not a batch that the workbook wrote")
    if whose != (organisation, table):
        refuse("was written for another organisation or table")
    if not rows.schema.equals(wanted, check_metadata=False) or content_digest(rows) != digest:
        refuse("was changed after it was written")
    return rows.replace_schema_metadata(None)


def content_digest(rows: pa.Table) -> str:
    """Sum up the content of a batch: the same on every machine, whatever wrote the file.

    Parameters
    ----------
    rows : pyarrow.Table

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        digest.update(f"{name}{_NEXT}{column.type}{_NEXT}".encode())
        if pa.types.is_floating(column.type):
            digest.update(np.asarray(column.to_numpy(), dtype="<f8").tobytes())
        else:
            texts = column.cast(pa.string()).fill_null(_MISSING).to_pylist()
            digest.update(_NEXT.join(texts).encode())
    return digest.hexdigest()


# What a frame must be -----------------------------------------------------------------------------------


def _said(path: Path) -> Mapping[str, str]:
    """Day and id in the name of a batch's file."""
    found = _NAME.fullmatch(path.name)
    assert found is not None
    return found.groupdict()


def _typed(frame: pd.DataFrame, contract: TableContract) -> pa.Table:
    """The contract's columns, in its types and order, the rows in the order of the key."""
    if lacking := [name for name in contract.required if name not in frame.columns]:
        raise ContractError(f"a batch of {contract.name} has no column {', '.join(lacking)}")
    arrays = {}
    for column in contract.columns:
        values = frame[column.name] if column.name in frame.columns else pd.Series([None] * len(frame))
        try:
            arrays[column.name] = _array(values, column)
        except (pa.ArrowException, ValueError, TypeError, ArithmeticError):
            raise ContractError(
                f"a batch of {contract.name}: {column.name} cannot be written as {column.type}"
            ) from None
    keys = [(name, "ascending") for name in contract.key]
    return pa.table(arrays).sort_by(keys)


def _array(values: pd.Series, column: Column) -> pa.Array:
    missing = values.isna().to_numpy()
    if column.type in ("id", "text"):
        texts = [None if gone else str(value) for value, gone in zip(values, missing, strict=True)]
        return pa.array(texts, pa.string())
    if column.type == "number":
        numbers = pd.to_numeric(values, errors="raise").to_numpy(dtype=float, na_value=np.nan)
        return pa.array(numbers, pa.float64(), mask=missing)
    if column.type == "timestamp":
        return pa.array(pd.to_datetime(values).astype("datetime64[us]"), pa.timestamp("us"))
    exact = [
        None if gone else Decimal(str(value)).quantize(Decimal("0.0001"))
        for value, gone in zip(values, missing, strict=True)
    ]
    return pa.array(exact, pa.decimal128(18, 4))


def _refuse_broken(rows: pa.Table, contract: TableContract) -> None:
    """Refuse what the contract would refuse, or set aside, when the batch is read."""
    said = [text for column in contract.columns if (text := _gone_or_infinite(rows, column))]
    for rule in contract.rules:
        if rule.check == "range":
            values = rows[rule.columns[0]].to_numpy()
            high = np.inf if rule.high is None else rule.high
            count = int(((values < rule.low) | (values > high)).sum())
            if count:
                said.append(f"{rule.text}; {count:,} of {rows.num_rows:,} rows do not")
    if not rows.num_rows:
        said.append("it has no row")
    elif rows.group_by(list(contract.key)).aggregate([]).num_rows != rows.num_rows:
        said.append(f"{' and '.join(contract.key)} together name one row, and do not")
    if said:
        raise ContractError(f"a batch of {contract.name} breaks the contract: {'; '.join(said)}")


def _gone_or_infinite(rows: pa.Table, column: Column) -> str:
    values = rows[column.name]
    if column.required and values.null_count:
        return f"{column.name} has a value; {values.null_count:,} of {rows.num_rows:,} rows have none"
    if column.type == "number" and np.isinf(values.to_numpy()).any():
        return f"{column.name} is finite"
    return ""


def _one_day(rows: pa.Table, contract: TableContract) -> date:
    found = rows[contract.event].unique().to_pylist()
    if len(found) != 1 or found[0].time() != found[0].min.time():
        raise ContractError(f"a batch of {contract.name} has one {contract.event}, a day without a time")
    return cast("date", found[0].date())


def _one_batch(rows: pa.Table) -> str:
    found = rows["batch_id"].unique().to_pylist()
    if len(found) != 1 or not _IS_ID.fullmatch(found[0]):
        raise ContractError(
            "a batch of predictions has one batch_id: letters, digits, dots, hyphens and _, at most 100"
        )
    return str(found[0])


def _unsaid(rows: pa.Table, organisation: str, day: date) -> pa.Table:
    """Forecasts of which nothing was said on that day before."""
    there = [path for path in kept_batches(organisation, "forecasts") if _said(path)["day"] == str(day)]
    said = {key for path in there for key in _keys(read_batch(path, organisation, "forecasts"))}
    return rows.filter(pa.array([key not in said for key in _keys(rows)], pa.bool_()))


def _keys(rows: pa.Table) -> Iterable[tuple[Any, Any]]:
    return zip(rows["month"].to_pylist(), rows["model"].to_pylist(), strict=True)


def _whose(organisation: str, table: KeptTable, digest: str) -> bytes:
    said = {"organisation": organisation, "table": table, "content": digest}
    return json.dumps(said, sort_keys=True).encode()


def _write_whole(path: Path, rows: pa.Table, whose: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            pq.write_table(rows.replace_schema_metadata({_WHOSE: whose}), file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
