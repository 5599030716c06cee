"""Whether the figures can be trusted: tables, rules, gaps, what was left out of which report, and readiness.

Rules and what breaks them come from validation, as every report and ``workbook check`` have them. They are a
state of the source as it stands, all rows: what breaks a rule may have no date that can be trusted. What is
counted beside them (`analytics.metrics.data_profile`) is a state up to the reference date. Rows of the
timeframe are a flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analytics.data.batches import KEPT
from analytics.data.contract import CONTRACT, NEWEST_OF
from analytics.data.contract_terms import Check, Rule
from analytics.data.dataset import CRUCIAL, Dataset
from analytics.data.validation import Finding
from analytics.metrics.data_profile import WIDTHS, Profile
from analytics.metrics.purchases import EPOCH, day_number
from analytics.metrics.rates import add_rate
from analytics.timeframe import Timeframe

KINDS: Mapping[Check, str] = {
    "type": "unreadable", "required": "missing", "finite": "amount", "range": "range", "days": "date",
    "one of": "word", "not before": "date", "only with": "missing", "known": "orphan",
    "line amount": "missing", "one customer": "key", "duplicate": "duplicate", "unique": "key",
}  # fmt: skip
"""What a rule is about, by its check."""

GAPS = 10
"""Gaps between days with rows that a table needs for its rhythm to be known."""
RHYTHM = 0.95
_OBSERVED = {"_before_1970": "early", "_in_future": "future", "_unknown": "unknown", "_markup": "markup"}
NOTABLE = 1.0
"""Percent of a table's rows from which what is set aside bends the figures of its reports."""
RULES = (
    "table", "rule", "kind", "origin", "action", "text", "rows_checked", "rows_failing", "failing_percent",
)  # fmt: skip


@dataclass(frozen=True)
class Quality:
    """What is known of an organisation's data.

    Parameters
    ----------
    dataset : Dataset
        As `analytics.data.dataset.check_dataset` gives it, all tables read.
    periods : sequence of Timeframe
        ``Comparison.periods``; the last one is the report's.
    started : datetime.datetime
        When the run started, with its time zone.
    timezone : str
        The organisation's.
    widths : float, default 3.0
        See `Profile.outliers`.
    late_days : int, optional
        Days after which a table is late; by default each table's own rhythm says so (`tables`).
    """

    dataset: Dataset
    periods: Sequence[Timeframe]
    started: datetime
    timezone: str
    widths: float = WIDTHS
    late_days: int | None = None

    @property
    def until(self) -> date:
        """The reference date."""
        return self.periods[-1].reference_date

    @cached_property
    def profile(self) -> Profile:
        """What stands in the tables."""
        today = self.started.astimezone(ZoneInfo(self.timezone)).date()
        return Profile(self.dataset, self.until, today, self.widths)

    # Tables -----------------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> pd.DataFrame:
        """Each table: how many rows, from when to when, how fresh.

        A table is late where the days from its newest row to the reference date are more than `late_days`;
        by default, more than 19 of 20 gaps between days with rows in the year before its newest row, plus
        one. A table with fewer than ten such gaps, or without a time of its own, is never late.

        Returns
        -------
        pandas.DataFrame
            One row for each table that is there or refused, in the order of the contract:

            - ``table``, ``state`` (``used`` or ``refused``), ``reason`` (why it is refused, else missing)
            - ``rows``, ``rows_used``, ``rows_left_out`` (float64): of the source; missing where a table could
              not be read at all. ``passing_percent`` with ``_n``, ``_low``, ``_high`` (Wilson 95 %).
            - ``rows_in_timeframe`` (float64): dated in the timeframe; missing without a time, and of what the
              workbook keeps itself.
            - ``first_day``, ``newest_day`` (date or None): before the reference date, predictions on it too.
            - ``freshness_days``, ``allowed_days`` (float64), ``late`` (boolean)
            - ``columns``, ``columns_of_contract`` (int64)
            - ``repeated_rows`` (float64): equal to another in every column, of tables without a key
        """
        rows = [self._table(name) for name in CONTRACT if self._is_there(name)]
        frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["table"])
        used, read = frame["rows_used"].fillna(0), frame["rows"].fillna(0)
        return add_rate(frame, "passing_percent", used, read)

    def _is_there(self, name: str) -> bool:
        return name in self.dataset.given or name in self.dataset.refused

    def _table(self, name: str) -> dict[str, Any]:
        data = self.dataset
        used, out = data.rows.get(name), data.left_out.get(name)
        days = self.profile.event_days(name) if name in data.given else pd.Series(dtype="int64")
        first, newest = (_day(days.index[0]), _day(days.index[-1])) if len(days) else (None, None)
        fresh = (self.until - newest).days if newest else None
        allowed = self._allowed(days)
        dated = name in data.given and CONTRACT[name].event in data.given[name] and name not in KEPT
        return {
            "table": name,
            "state": "refused" if name in data.refused else "used",
            "reason": data.refused.get(name),
            "rows": _number(None if used is None or out is None else used + out),
            "rows_used": _number(0 if name in data.refused and used is not None else used),
            "rows_left_out": _number(used + (out or 0) if name in data.refused and used is not None else out),
            "rows_in_timeframe": float(self._within(name, self.periods[-1])) if dated else float("nan"),
            "first_day": first,
            "newest_day": newest,
            "freshness_days": _number(fresh),
            "allowed_days": _number(allowed),
            "late": fresh is not None and allowed is not None and fresh > allowed,
            "columns": len(data.given.get(name, ())),
            "columns_of_contract": len(CONTRACT[name].columns),
            "repeated_rows": _number(self.profile.repeated.get(name)),
        }

    def _allowed(self, days: pd.Series) -> float | None:
        if not len(days):
            return None
        if self.late_days is not None:
            return float(self.late_days)
        recent = days.index[days.index > days.index[-1] - 365].to_series()
        gaps = recent.diff().dropna()
        return float(gaps.quantile(RHYTHM, interpolation="higher")) + 1 if len(gaps) >= GAPS else None

    def _within(self, name: str, period: Timeframe) -> int:
        days = self.profile.days[name]
        start, end = day_number(period.start), day_number(period.reference_date)
        return int(days.loc[(days["day"] >= start) & (days["day"] < end), "rows"].sum())

    @cached_property
    def headlines(self) -> pd.DataFrame:
        """Figures of each timeframe to compare.

        Returns
        -------
        pandas.DataFrame
            One row for each of `periods`: ``start``, ``end`` (dates), ``rows_in_timeframe`` (int64: of all
            tables with a time but those that the workbook keeps), and, on the last row only, because a source
            has no past, ``passing_percent`` with ``_n``, ``_low``, ``_high``, ``findings`` (rules that rows
            break, and tables that are refused or late).
        """
        frame = pd.DataFrame(
            {
                "start": [period.start for period in self.periods],
                "end": [period.reference_date for period in self.periods],
                "rows_in_timeframe": [
                    sum(self._within(name, period) for name in self.profile.tables if name not in KEPT)
                    for period in self.periods
                ],
            }
        )
        now = frame.index == frame.index[-1]
        used, read = self.tables["rows_used"].sum(), self.tables["rows"].sum()
        frame = add_rate(frame, "passing_percent", used * now, read * now)
        return frame.assign(findings=pd.Series(float(len(self.mend)), frame.index).where(now))

    # Rules ------------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> pd.DataFrame:
        """Each rule of the contract, and what else is counted, with the rows that break it.

        Returns
        -------
        pandas.DataFrame
            ``table``, ``rule``, ``kind`` (one of `KINDS`, ``outlier`` or ``text``), ``origin`` (``contract``;
            ``part``, of a rule that can be broken in two ways; ``observed``: no row is set aside for it),
            ``action`` (``refused``, ``set aside``, ``kept``, ``noted``), ``text``, ``rows_checked``,
            ``rows_failing``, ``failing_percent`` (float64; missing where the column, or the other table, is
            not there).
        """
        rows = [*self._of_contract(), *self._observed()]
        frame = pd.DataFrame(rows, columns=list(RULES[:-1]))
        frame = frame.astype({"rows_checked": "float64", "rows_failing": "float64"})
        checked = frame["rows_checked"].where(frame["rows_checked"] > 0)
        return frame.assign(failing_percent=100 * frame["rows_failing"] / checked)

    def _of_contract(self) -> Iterator[tuple[Any, ...]]:
        found = {(finding.table, finding.rule): finding for finding in self.dataset.findings}
        for name in CONTRACT:
            if name in self.dataset.given:
                for rule in CONTRACT[name].rules:
                    yield self._rule(name, rule, found.pop((name, rule.code), None))
        for finding in found.values():  # a column is not there, or a kept batch is broken
            text = re.sub(r"^\w+ \([^)]*\) ", "", finding.message).partition(";")[0]
            said = (finding.table, finding.rule, "key", "contract", finding.action, text)
            yield (*said, None, finding.rows or None)

    def _rule(self, name: str, rule: Rule, finding: Finding | None) -> tuple[Any, ...]:
        checked = self.dataset.checked.get((name, rule.code))
        failing = finding.rows if finding else None if checked is None else 0
        return (name, rule.code, KINDS[rule.check], "contract", rule.action, rule.text, checked, failing)

    def _observed(self) -> Iterator[tuple[Any, ...]]:
        """What is counted beside the contract's rules; nobody's row is set aside for it."""
        said = {
            "early": ("before_1970", "date", "{} is after 1 January 1970"),
            "future": ("in_future", "date", "{} is not after the day after the run's start"),
            "unknown": ("unknown", "orphan", "{} is known to another table"),
            "markup": ("markup", "text", "{} holds no markup and no control character"),
        }
        for name, counts in self.profile.states.items():
            rows = int(counts["rows"])
            for flag, count in counts.items():
                word, _space, column = str(flag).partition(" ")
                if word in said:
                    code, kind, text = said[word]
                    code, text = f"{column}_{code}", text.format(column)
                    ruled = (name, f"{column}_days") in self.dataset.checked
                    how = ("part", "set aside") if ruled and kind == "date" else ("observed", "noted")
                    yield (name, code, kind, *how, text, rows, count)
            if "unpriced" in counts:
                text = "a line has a price above 0"
                yield (
                    name,
                    "price_not_positive",
                    "amount",
                    "observed",
                    "noted",
                    text,
                    rows,
                    counts["unpriced"],
                )
            if name in self.profile.repeated:
                text, count = "a row differs from every other", self.profile.repeated[name]
                yield (name, "row_repeated", "duplicate", "observed", "noted", text, rows, count)
        for row in self.profile.outliers.itertuples():
            text = f"{row.column} is of a usual size"
            code = f"{row.column}_outlier"
            yield (row.table, code, "outlier", "observed", "noted", text, row.sized, row.outliers)

    @cached_property
    def broken(self) -> pd.DataFrame:
        """The rows of `rules` that rows break, or for which a table is refused; the gravest first."""
        missing_column = self.rules["rows_checked"].isna() & (self.rules["action"] == "refused")
        here = (self.rules["rows_failing"] > 0) | (missing_column & (self.rules["rule"] == "column_missing"))
        rank = {"refused": 0, "set aside": 1, "kept": 2, "noted": 3}
        frame = self.rules[here]
        order = frame.assign(rank=frame["action"].map(rank)).sort_values(
            ["rank", "failing_percent", "table", "rule"], ascending=[True, False, True, True]
        )
        return order.drop(columns="rank").reset_index(drop=True)

    @cached_property
    def mend(self) -> pd.DataFrame:
        """What to mend, the most urgent first: refused tables, late ones, heavy losses, then by rows.

        Returns
        -------
        pandas.DataFrame
            ``table``, ``rule`` (``late`` for a late table), ``kind``, ``action``, ``rows_failing``,
            ``failing_percent``; rules of the contract only.
        """
        names = ["table", "rule", "kind", "action", "rows_failing", "failing_percent"]
        broken = self.broken[self.broken["origin"] == "contract"][names]
        late = self.tables[self.tables["late"].astype(bool)]
        late = late.assign(
            rule="late", kind="late", action="late", rows_failing=np.nan, failing_percent=np.nan
        )
        refused = broken["action"] == "refused"
        heavy = ~refused & (broken["failing_percent"] >= NOTABLE) & (broken["action"] == "set aside")
        others = broken[~refused & ~heavy].sort_values("rows_failing", ascending=False, kind="stable")
        parts = [broken[refused], late[names], broken[heavy], others]
        return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True).astype(
            {"rows_failing": "float64", "failing_percent": "float64"}
        )

    @cached_property
    def trust(self) -> str:
        """Whether the figures can be acted on: ``no``, ``partly`` or ``yes``.

        ``no``: ``customers`` or ``sales`` are refused, or there is not a single row. ``partly``: another
        table is refused, or one is late, or 1 % or more of a table's rows are set aside. Else ``yes``.
        """
        nothing = not self.dataset.present or not self.tables["rows"].sum()
        if nothing or CRUCIAL & self.dataset.refused.keys():
            return "no"
        heavy = self.tables["passing_percent"] <= 100 - NOTABLE
        return "partly" if self.dataset.refused or (heavy | self.tables["late"]).any() else "yes"

    # Examples ---------------------------------------------------------------------------------------

    @cached_property
    def examples(self) -> pd.DataFrame:
        """The first five ids of the rows that break each rule, in their order; never another value.

        Returns
        -------
        pandas.DataFrame
            ``table``, ``rule``, ``place`` (int64, from 1), ``id`` (text; one that is an e-mail address or
            a telephone number is masked, see `analytics.data.validation.shown_id`).
        """
        found = {(finding.table, finding.rule): finding.examples for finding in self.dataset.findings}
        observed = self.broken.loc[self.broken["origin"] != "contract", ["table", "rule"]]
        keys = [(str(table), str(rule)) for table, rule in observed.itertuples(index=False)]
        found |= dict(zip(keys, self.profile.ids([self._flag(*key) for key in keys]), strict=True))
        rows = [
            (table, rule, place, one)
            for table, rule in zip(self.broken["table"], self.broken["rule"], strict=True)
            for place, one in enumerate(found[table, rule], 1)
        ]
        return pd.DataFrame(rows, columns=["table", "rule", "place", "id"])

    def _flag(self, name: str, rule: str) -> tuple[str, Any]:
        """What `Profile.ids` finds the rows by that break a rule which is only observed."""
        flags = self.profile.flags(name)
        for suffix, word in _OBSERVED.items():
            if rule.endswith(suffix):
                return name, flags[f"{word} {rule.removesuffix(suffix)}"]
        if rule == "price_not_positive":
            return name, flags["unpriced"]
        if rule.endswith("_outlier"):
            return name, self.profile.is_outlier(name, rule.removesuffix("_outlier"))
        return name, None

    @property
    def newest(self) -> tuple[str, date | None]:
        """The table whose newest day says what ``latest`` means, and that day, before the reference date."""
        days = dict(zip(self.tables["table"], self.tables["newest_day"], strict=True))
        return next(((name, days[name]) for name in NEWEST_OF if days.get(name) is not None), ("", None))


def _day(number: float) -> date:
    return EPOCH + timedelta(days=int(number))


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
