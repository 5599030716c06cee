"""The way in from a notebook of one's own: plain pandas frames, no params file, nothing written down.

The frames take the way of every source: they are held against the contract, read in its types and limited to
what was known on a day. So a metric gives for them what it gives for an organisation.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from pydantic import ValidationError

from analytics.data.contract import CONTRACT
from analytics.data.dataset import Dataset, open_dataset
from analytics.errors import ContractError, ParamsError, nearest
from analytics.formats import Format
from analytics.page.display import Alone
from analytics.page.pieces import Chart, Section, Statement
from analytics.params import Organisation, load_rules
from analytics.report import as_of_day
from analytics.timeframe import Comparison, Timeframe, compare, parse_timeframe

_AMEND = (
    "In a frame, columns are renamed and dates are read before: frame.rename(columns={…}), "
    "pd.to_datetime(…, dayfirst=True)."
)


def show(chart: Chart | None, heading: str = "") -> Alone:
    """Show a chart in a notebook of one's own, with what it says in words for those who do not see it.

    Parameters
    ----------
    chart : Chart or None
        As a function of `analytics.charts` returns it; None where there is nothing to draw, which is said.
    heading : str
        What it shows.
    """
    missing = "" if chart else "There is nothing to draw."
    return Alone(Section("chart", Statement(heading), chart, missing=missing))


@dataclass(frozen=True, eq=False)
class Frames:
    """Tables, as metrics want them, and the timeframes to compute them for.

    Attributes
    ----------
    dataset : Dataset
        What was read, with what was set aside and why in ``findings``.
    timeframe : Timeframe
    comparison : Comparison
        The timeframe and those to compare it with, as far as the frames cover them.
    format : Format
        Money, numbers and dates in a currency and a locale, as charts want them.
    """

    dataset: Dataset
    timeframe: Timeframe
    comparison: Comparison
    format: Format

    def __getattr__(self, name: str) -> ibis.Table:
        """One of the tables, as in the contract; one that was not given has no rows."""
        if name in CONTRACT:
            return self.dataset.tables[name]
        raise AttributeError(f"there is no table {name!r}{nearest(name, CONTRACT)}")

    def __repr__(self) -> str:
        """What was read and set aside, in one line."""
        left = self.dataset.left_out
        rows = (f"{name} {n:,} rows, {left[name]:,} set aside" for name, n in self.dataset.rows.items())
        return f"<Frames {self.timeframe.label}: {'; '.join(rows)}>"

    def rules(self, name: str) -> Any:
        """Read one of the project's rule tables, ``rfm_segments`` for instance."""
        return load_rules(name)


def open_frames(
    timeframe: str = "all",
    *,
    as_of: str = "latest",
    currency: str = "EUR",
    locale: str = "en_GB",
    timezone: str = "UTC",
    **tables: pd.DataFrame,
) -> Frames:
    """Take plain pandas frames where metrics expect an organisation's tables.

    Parameters
    ----------
    timeframe : str, default "all"
        As `analytics.timeframe.parse_timeframe` accepts it.
    as_of : str, default "latest"
        The day on or after which nothing is read, as ``YYYY-MM-DD``; ``latest`` is the day after the newest
        event.
    currency, locale, timezone : str
        ISO 4217, such as ``en_GB``, IANA; timestamps without a zone are in it.
    **tables : pandas.DataFrame
        By their names in the contract, with its columns: ``sales`` with at least ``sale_id``, ``sold_at`` and
        ``total_amount``, and ``customer_id`` for whatever is said of customers. They are not modified.

    Returns
    -------
    Frames

    Raises
    ------
    ParamsError
        If a table, the timeframe, the date or a setting is not known, or no frame is given.
    ContractError
        If a frame lacks a column that the contract requires, its rows break it, or a column mixes types.

    Examples
    --------
    >>> import analytics
    >>> from analytics.metrics.cohorts import cohort_analysis
    >>> sales = pd.DataFrame({"sale_id": ["1", "2"], "customer_id": ["ada", "ada"],
    ...                       "total_amount": [10.0, 20.0],
    ...                       "sold_at": pd.to_datetime(["2026-01-05", "2026-02-03"])})
    >>> shop = analytics.open_frames("2026-Q1", sales=sales)
    >>> found = cohort_analysis(shop.sales, shop.timeframe)
    >>> print(found[["cohort", "initial_customers"]].head(1).to_string(index=False))
     cohort  initial_customers
    2026-01                  1
    """
    if not tables:
        raise ParamsError("no table was given; sales=… is a start")
    for name in tables:
        if name not in CONTRACT:
            raise ParamsError(
                f'there is no table "{name}"{nearest(name, CONTRACT)}; there are {", ".join(CONTRACT)}'
            )
    folder = Path(tempfile.mkdtemp(prefix="frames-"))
    try:
        for name, frame in tables.items():
            _write(frame, name, folder)
        who = _organisation(folder, currency=currency, locale=locale, timezone=timezone)
        started = datetime.now().astimezone()
        dataset = _opened(who, started)
        first, newest = dataset.first_day, dataset.newest_day
        window = parse_timeframe(timeframe, as_of=as_of_day(as_of, newest, started), first_day=first)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    frames = Frames(dataset, window, compare(window, first_day=first), Format(locale, currency))
    weakref.finalize(dataset.tables["sales"].get_backend(), shutil.rmtree, folder, ignore_errors=True)
    return frames


def _opened(who: Organisation, started: datetime) -> Dataset:
    """Open the frames, and say what to do where they cannot be used: params do not help with frames."""
    try:
        dataset = open_dataset(who, started=started)
    except ContractError as error:
        raise ContractError(f"{error}\n{_AMEND}") from None
    for name, rows in dataset.rows.items():
        if not rows and dataset.left_out.get(name):
            why = "; ".join(one.message for one in dataset.findings if one.table == name and one.rows)
            raise ContractError(f"no row of {name} can be used: {why}\n{_AMEND}")
    return dataset


def _write(frame: Any, name: str, folder: Path) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise ParamsError(f"{name} is a {type(frame).__name__}; a pandas.DataFrame is needed")
    try:
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    except (ValueError, TypeError):  # Arrow's errors are both; they quote rows
        kinds = ", ".join(f"{column}: {kind}" for column, kind in frame.dtypes.items())
        raise ContractError(
            f"{name} cannot be read: a column stands twice or holds values of several types ({kinds})"
        ) from None


def _organisation(folder: Path, **settings: str) -> Organisation:
    said: dict[str, Any] = {"id": "frames", "source": {"path": folder, "owned": True}}
    try:
        return Organisation.model_validate(said | settings)
    except ValidationError as error:
        problems = (f"{one['loc'][0]}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors())
        raise ParamsError("; ".join(problems)) from None
