"""What stands in an organisation's tables, good or bad: one query counts all tables day by day.

Tables are taken as they are read, before the contract sets rows aside or refuses a table: what the contract
finds is counted beside it, never a second time (`analytics.metrics.data_quality`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.data.batches import KEPT
from analytics.data.contract import CONTRACT
from analytics.data.contract_terms import Column
from analytics.data.dataset import Dataset
from analytics.data.validation import EXAMPLES, FIRST_DAY, shown_id
from analytics.metrics.purchase_flow import day_of
from analytics.metrics.purchases import day_number

MAY_COME = frozenset({"renews_at", "expected_close_at", "ended_at", "month", "started_at"})
"""Times that may lie in the future: plans, renewals, expectations."""

_PEOPLE = (("customers", "customer_id"),)
_SUBJECTS = (("leads", "lead_id"), ("customers", "customer_id"), ("accounts", "customer_id"))
REFERENCES: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("payments", "sale_id"): (("sales", "sale_id"),),
    ("payments", "customer_id"): _PEOPLE,
    ("accounts", "customer_id"): _PEOPLE,
    ("leads", "customer_id"): _PEOPLE,
    ("deals", "customer_id"): _PEOPLE,
    ("deals", "lead_id"): (("leads", "lead_id"),),
    ("campaign_contacts", "customer_id"): (*_PEOPLE, ("accounts", "customer_id")),
    ("predictions", "customer_id"): (*_PEOPLE, ("accounts", "customer_id")),
    ("stage_events", "subject_id"): _SUBJECTS,
    ("activities", "subject_id"): _SUBJECTS,
}
"""References that the contract leaves open, and the keys that one of them should be among."""

QUANTITIES = frozenset({"units", "quantity", "seats", "seats_purchased", "seats_used"})
STEPS = 8
"""Steps of a doubling by which sizes are compared: each about 9 % more than the one before."""
TENFOLD = math.ceil(STEPS * math.log2(10))
WIDTHS = 3.0
ENOUGH = 30
"""Values that a column needs for its usual sizes to be known."""

MARKUP = r"[<>\x00-\x1f]"


@dataclass(frozen=True)
class Profile:
    """An organisation's tables as they were read, up to a day.

    Parameters
    ----------
    dataset : Dataset
        As `analytics.data.dataset.check_dataset` gives it: refused tables are profiled as well.
    until : datetime.date
        Reference date. Rows dated on or after it are not read, unless their date cannot be true.
    today : datetime.date
        Day on which the run started, in the organisation's time zone: dates after the day after it cannot
        be true.
    widths : float, default 3.0
        How many widths of the middle half a size may lie beyond it; see `outliers`.
    """

    dataset: Dataset
    until: date
    today: date
    widths: float = WIDTHS

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Tables that could be read, in the order of the contract; refused ones too."""
        return tuple(name for name in CONTRACT if name in self.dataset.given)

    @cached_property
    def days(self) -> Mapping[str, pd.DataFrame]:
        """Of each table, counts by the day of its event: one query for all tables.

        What a row is counted for is one integer, a bit for each flag: one column to group by, whatever the
        table, where a count of each flag of each table would be dear to write and to plan. Of those that are
        alike the engine makes one row for each day.

        Returns
        -------
        mapping of str to pandas.DataFrame
            ``day`` (float64, since 1970-01-01; missing where the table has no event, or the row no date),
            ``rows``, and counts named ``missing …``, ``negative …``, ``zero …``, ``early …`` (before 2
            January 1970), ``future …`` and ``unknown …`` (an id that no other table has) after the column
            that they are of, with some of one table only (`_own`).
        """
        if not self.tables:
            return {}
        flags = {name: self.flags(name) for name in self.tables}
        marked = [self._marked(place, name, flags[name]) for place, name in enumerate(self.tables)]
        alike = _together(marked).group_by("place", "day", "bits").aggregate(rows=_.count())
        counts = {
            f"bit_{at}": _.rows.sum(where=(_.bits & ibis.literal(1 << at, "int64")) != 0)
            for at in range(max(map(len, flags.values())))
        }
        found = alike.group_by("place", "day").aggregate(rows=_.rows.sum(), **counts).to_pandas()
        return {
            name: _by_day(found[found["place"] == place], list(flags[name]))
            for place, name in enumerate(self.tables)
        }

    def _marked(self, place: int, name: str, flags: Mapping[str, Any]) -> Any:
        """Each row's day, and the flags that it has as the bits of an integer."""
        table, none = self.dataset.as_read(name), ibis.literal(0, "int64")
        bits = [
            ibis.ifelse(test(table), ibis.literal(1 << at, "int64"), none)
            for at, test in enumerate(flags.values())
        ]
        return table.select(place=ibis.literal(place, "int64"), day=self._day(name, table), bits=_sum(bits))

    @cached_property
    def states(self) -> Mapping[str, pd.Series]:
        """Counts of each table up to the reference date, rows without a date that can be true among them."""
        return {name: self._state(name) for name in self.tables}

    def _state(self, name: str) -> pd.Series:
        frame = self.days[name]
        impossible = (frame["day"] < 1) | (frame["day"] > day_number(self.today) + 1)
        past = frame["day"].isna() | impossible | (frame["day"] < self._end(name))
        found: pd.Series = frame[past].drop(columns="day").sum()
        return found.astype("int64")

    def event_days(self, name: str) -> pd.Series:
        """Rows by day (since 1970-01-01) before the reference date, ascending; impossible days left out."""
        frame = self.days[name]
        past = frame[(frame["day"] >= 1) & (frame["day"] < self._end(name))]
        rows: pd.Series = past.set_index("day")["rows"].sort_index()
        return rows

    def _end(self, name: str) -> int:
        """The day from which on rows are not read: predictions of the reference date itself are."""
        return day_number(self.until) + (name == "predictions")

    def given(self, name: str) -> tuple[Column, ...]:
        """Columns of a table that the source has."""
        return tuple(c for c in CONTRACT[name].columns if c.name in self.dataset.given[name])

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """How many values of each amount and quantity have which size: one query for all tables.

        Returns
        -------
        pandas.DataFrame
            ``table``, ``column``, ``step`` (int64: ⌊8 · log₂ |value|⌋), ``rows``. Values of 0 have no size.
        """
        parts = []
        for name in self.tables:
            table = self.dataset.as_read(name)
            day = self._day(name, table)
            parts += [
                table.select(
                    table=ibis.literal(name),
                    column=ibis.literal(column.name),
                    day=day,
                    value=table[column.name].cast("float64"),
                )
                for column in self.given(name)
                if is_sized(column) and name not in KEPT  # what the workbook wrote itself
            ]
        if not parts:
            return pd.DataFrame({"table": [], "column": [], "step": [], "rows": []})
        whole = _together(parts)
        sized = whole.filter(whole.value.notnull(), whole.value != 0, self._is_past(whole.day))
        by_step = sized.group_by("table", "column", step=_step(sized.value)).aggregate(rows=_.count())
        found: pd.DataFrame = by_step.to_pandas()
        return found.sort_values(["table", "column", "step"], ignore_index=True)  # engines give any order

    @cached_property
    def outliers(self) -> pd.DataFrame:
        """Values whose size is out of all proportion to the others of their column.

        The rule is Tukey's, on a scale of ratios and without signs: with Q1 and Q3 the sizes below which a
        quarter and three quarters of the values lie, a value is an outlier above Q3 · r and below Q1 / r,
        where r = (Q3 / Q1) ^ `widths`, and at least 10. Sizes are compared in steps of an eighth of a
        doubling. A column with fewer than 30 values has none.

        **Why** ratios: amounts are skewed, and a rule of differences takes each large customer for an error.
        What is looked for is another unit, a lost decimal point, a mistyped quantity.

        Returns
        -------
        pandas.DataFrame
            One row for each amount and quantity: ``table``, ``column``, ``sized`` (values that have a size)
            and ``outliers`` (int64), ``low``, ``high`` (float64, in the column's unit: sizes that are still
            usual; missing under 30 values).

        References
        ----------
        .. [1] J. W. Tukey, *Exploratory Data Analysis*, Addison-Wesley, 1977: values "far out".
        """
        rows = []
        for (name, column), sizes in self.sizes.groupby(["table", "column"], sort=False):
            total, found, bounds = int(sizes["rows"].sum()), 0, (math.nan, math.nan)
            if total >= ENOUGH:
                low, high = self.fences(sizes)
                beyond = (sizes["step"] < low) | (sizes["step"] > high)
                found = int(sizes.loc[beyond, "rows"].sum())
                bounds = (2 ** (low / STEPS), 2 ** ((high + 1) / STEPS))
            rows.append((str(name), str(column), total, found, *bounds))
        return pd.DataFrame(rows, columns=["table", "column", "sized", "outliers", "low", "high"])

    def fences(self, steps: pd.DataFrame) -> tuple[int, int]:
        """First and last step that is usual, of sizes in ascending order."""
        reached = steps["rows"].cumsum() / steps["rows"].sum()
        q1, q3 = (int(steps["step"][reached >= share].iloc[0]) for share in (0.25, 0.75))
        width = max(math.ceil(self.widths * (q3 - q1)), TENFOLD)
        return q1 - width, q3 + width

    @cached_property
    def repeated(self) -> Mapping[str, int]:
        """Rows equal to another in every column, of each table without a key: one query for all tables."""
        named = [name for name in self.tables if not CONTRACT[name].key]
        if not named:
            return {}
        parts = [
            self.dataset.as_read(name)
            .distinct()
            .aggregate(rows=_.count())
            .select(table=ibis.literal(name), rows=_.rows)
            for name in named
        ]
        kinds = _together(parts).to_pandas().set_index("table")["rows"]
        return {name: int(self.days[name]["rows"].sum()) - int(kinds[name]) for name in named}

    def ids(self, flags: Sequence[tuple[str, Any]]) -> list[tuple[str, ...]]:
        """The first five ids of the rows that have each flag, in their order: one query for all flags.

        Parameters
        ----------
        flags : sequence of (str, callable)
            A table, and from it to a boolean column; None instead for rows that equal another in every
            column.

        Returns
        -------
        list of tuple of str
            Ids and never another value.
        """
        if not flags:
            return []
        whole = _together([self._flagged(place, *flag) for place, flag in enumerate(flags)]).distinct()
        nth = ibis.row_number().over(group_by=whole.place, order_by=whole.id)
        first = whole.mutate(nth=nth).filter(_.nth < EXAMPLES).to_pandas().sort_values(["place", "nth"])
        return [
            tuple(shown_id(value) for value in first.loc[first["place"] == place, "id"])
            for place in range(len(flags))
        ]

    def _flagged(self, place: int, name: str, flag: Any) -> Any:
        """Ids of the rows that have a flag."""
        contract, table = CONTRACT[name], self.dataset.as_read(name)
        if flag is None:
            twice = table.group_by(list(table.columns)).aggregate(copies=_.count()).filter(_.copies > 1)
            found, column = twice, table.columns[0]
        else:
            found = table.filter(self._is_past(self._day(name, table), name), flag(table))
            column = next(c.name for c in contract.columns if c.type == "id" or c.name in contract.key)
        return found.select(place=ibis.literal(place, "int64"), id=found[column].cast("string"))

    def is_outlier(self, name: str, column: str) -> Any:
        """A flag for `ids`: whether a value of a column is an outlier."""
        mine = self.sizes[(self.sizes["table"] == name) & (self.sizes["column"] == column)]
        low, high = self.fences(mine)
        return lambda t: t[column].notnull() & (t[column] != 0) & ~_step(t[column]).between(low, high)

    def flags(self, name: str) -> dict[str, Any]:
        """What is counted of a table, by the names of `days`: each from the table to a boolean column."""
        return {
            flag: test for column in self.given(name) for flag, test in self._of_column(name, column)
        } | dict(self._own(name))

    def _day(self, name: str, table: Any) -> Any:
        event = CONTRACT[name].event
        return day_of(table[event]) if event in self.dataset.given[name] else ibis.null("int64")

    def _is_past(self, day: Any, name: str = "") -> Any:
        """Whether a row is read: not one of the reference date or after it, unless the day cannot be true."""
        impossible = (day < 1) | (day > day_number(self.today) + 1)
        return day.isnull() | impossible | (day < self._end(name))

    def _of_column(self, name: str, column: Column) -> Iterator[tuple[str, Any]]:
        here = column.name
        yield f"missing {here}", lambda t: t[here].isnull()
        if column.type in ("money", "number") and is_sized(column):
            yield f"negative {here}", lambda t: t[here] < 0
            yield f"zero {here}", lambda t: t[here] == 0
        if column.type == "timestamp":
            yield f"early {here}", lambda t: t[here] < ibis.timestamp(FIRST_DAY)
            if here not in MAY_COME:
                after = datetime.combine(self.today + timedelta(days=2), time.min)
                yield f"future {here}", lambda t: t[here] >= ibis.timestamp(after)
        keys = [key for key in REFERENCES.get((name, here), ()) if key[0] in self.dataset.present]
        if keys:
            known = [self.dataset.tables[other][key] for other, key in keys]
            yield (
                f"unknown {here}",
                lambda t: t[here].notnull() & ~_any_of(t[here].isin(one) for one in known),
            )

    def _own(self, name: str) -> Iterator[tuple[str, Any]]:
        """Counts of one table only."""
        given = self.dataset.given[name]
        if name == "customers" and "name" in given:
            yield "markup name", lambda t: t.name.re_search(MARKUP)
        if name == "sale_items":
            yield "returned", lambda t: (t.quantity < 0) & (t.amount < 0)
            yield "unpriced", lambda t: ((t.amount == 0) & (t.quantity != 0)) | (t.amount * t.quantity < 0)
            if "sales" in self.dataset.present:
                guests = self.dataset.tables["sales"].filter(_.customer_id.isnull()).sale_id
                yield "guest", lambda t: t.sale_id.isin(guests)
        if name == "deals":
            yield "open", self._is_open
            yield "open undated", lambda t: self._is_open(t) & t.expected_close_at.isnull()
            yield "closed undated", lambda t: ~self._is_open(t) & t.closed_at.isnull()

    def _is_open(self, deals: Any) -> Any:
        """Whether a deal is open on the reference date; one with an outcome is not, dated or not."""
        later = (day_of(deals.closed_at) >= day_number(self.until)).fill_null(False)
        return later | (deals.closed_at.isnull() & deals.outcome.isnull())


def is_sized(column: Column) -> bool:
    """Whether a column is an amount or a quantity, whose sizes can be compared."""
    return column.type == "money" or column.name in QUANTITIES


def _together(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else ibis.union(parts[0], *parts[1:])


def _sum(values: list[Any]) -> Any:
    """In pairs, and pairs of pairs: one inside the other, they would be too deep for SQLite's parser."""
    while len(values) > 1:
        half = len(values) // 2
        pairs = zip(values[:half], values[half : 2 * half], strict=True)
        values = [one + other for one, other in pairs] + values[2 * half :]
    return values[0]


def _by_day(found: pd.DataFrame, flags: Sequence[str]) -> pd.DataFrame:
    """Counts of each flag by day, under its name."""
    counts = found[["rows", *(f"bit_{at}" for at in range(len(flags)))]].fillna(0).astype("int64")
    counts.columns = pd.Index(["rows", *flags])
    counts.insert(0, "day", found["day"].to_numpy("float64", na_value=np.nan))
    return counts.sort_values("day", ignore_index=True)


def _step(value: Any) -> Any:
    return (value.cast("float64").abs().ln() * (STEPS / math.log(2))).floor().cast("int64")


def _any_of(flags: Iterator[Any]) -> Any:
    result = next(flags)
    for flag in flags:
        result = result | flag
    return result
