"""What the figures on the data say: can they be trusted, what to mend first, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.pieces import Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import headline
from analytics.words.quality_names import named

HEADING = 80


@dataclass(frozen=True, slots=True)
class Setting:
    """What the report is about.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    trust : str
        ``no``, ``partly`` or ``yes``, as `analytics.metrics.data_quality.Quality.trust` gives it.
    newest : tuple of str and (datetime.date or None)
        The table that dates the data, and its newest day before the reference date.
    """

    format: Format
    comparison: Comparison
    trust: str
    newest: tuple[str, date | None]

    def rows(self, count: float, one: str = "row", many: str = "rows") -> str:
        """A number of things in words: ``1 row``, ``1,234 rows``."""
        return f"{self.format.count(count)} {one if count == 1 else many}"

    def share(self, percent: float) -> str:
        """A share in percent, small ones as such: ``under 0.1%``."""
        least = 0.1
        small = 0 < percent < least
        if 100 - least < percent < 100:
            return f"over {self.format.percent(100 - least)}"
        return f"under {self.format.percent(least)}" if small else self.format.percent(percent)


# The summary and the cards ------------------------------------------------------------------------------


def summary(
    setting: Setting,
    headlines: pd.DataFrame,
    tables: pd.DataFrame,
    mend: pd.DataFrame,
    left_out: pd.DataFrame,
) -> tuple[Runs, ...]:
    """Whether to act on the figures, what to mend first, and what most figures do not hold.

    Parameters
    ----------
    setting : Setting
    headlines, tables, mend
        Of `analytics.metrics.data_quality.Quality`. They are not modified.
    left_out : pandas.DataFrame
        As returned by `analytics.metrics.data_left_out.left_out`.
    """
    return (
        _verdict(setting, headlines, tables),
        _mend_first(setting, mend),
        _not_held(setting, tables, left_out),
    )


def _verdict(setting: Setting, headlines: pd.DataFrame, tables: pd.DataFrame) -> Runs:
    refused, late, heavy = _faults(tables)
    now = headlines.iloc[-1]
    if setting.trust == "no":
        if not refused:
            return sentence("{nothing}: no table holds a row.", nothing=Bold("There is nothing to act on"))
        return sentence(
            "{no}: {tables} {are} refused, and reports that need {them} are not made.",
            no=Bold("Do not act on the figures yet"),
            tables=_listed(refused),
            are="is" if len(refused) == 1 else "are",
            them="it" if len(refused) == 1 else "them",
        )
    if setting.trust == "partly":
        why = []
        if refused:
            why.append(f"{_listed(refused)} {'is' if len(refused) == 1 else 'are'} refused")
        if late:
            why.append(f"{_listed(late)} {'is' if len(late) == 1 else 'are'} late")
        if heavy:
            why.append(f"1% or more of the rows of {_listed(heavy)} are set aside")
        return sentence("{care}: {why}.", care=Bold("Act on the figures with care"), why=" and ".join(why))
    return sentence(
        "{yes}: {share} of {rows} pass every rule, and no table is late.",
        yes=Bold("The figures can be acted on"),
        share=setting.share(now["passing_percent"]),
        rows=setting.rows(now["passing_percent_n"]),
    )


def _mend_first(setting: Setting, mend: pd.DataFrame) -> Runs:
    if mend.empty:
        clean = "Nothing needs mending: no row breaks a rule."
        return () if setting.trust == "no" else sentence(clean)
    first = mend.iloc[0]
    if first["rule"] == "late":
        return sentence(
            "Mend first: {what}.", what=Bold(f"{first['table']}, which has had no new row for too long")
        )
    count = first["rows_failing"]
    size = ""
    if count == count:
        many = ("key", "keys") if first["rule"] == "key_unique" else ("row", "rows")
        size = f" ({setting.rows(count, *many)})"
    return sentence(
        "Mend first: {what}{size}, {done}.",
        what=Bold(named(first["table"], first["rule"])),
        size=size,
        done={
            "refused": "for which the table is refused",
            "set aside": "set aside",
            "kept": "kept in totals only",
        }[first["action"]],
    )


def _not_held(setting: Setting, tables: pd.DataFrame, left_out: pd.DataFrame) -> Runs:
    guests = left_out.loc[left_out["rule"].isin(["guest_sales", "customer_id_known"])]
    counts = guests[guests["table"] == "sales"].drop_duplicates("rule")["rows"].sum()
    sales = tables.loc[tables["table"] == "sales", "rows"].sum()
    if not counts or not sales:
        return ()
    share = 100 * counts / sales
    return sentence(
        "{share} of sales have no known customer: they are in totals and in no per-customer figure.",
        share=Bold(setting.share(share)),
    )


def headlines(
    setting: Setting, history: pd.DataFrame, tables: pd.DataFrame, rules: pd.DataFrame
) -> tuple[Headline, ...]:
    """Four cards: rows that pass, findings, rows of the timeframe, newest day.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        `Quality.headlines`. It is not modified.
    tables, rules : pandas.DataFrame
        Of the same.
    """
    show, now = setting.format, history.iloc[-1]
    out = now["passing_percent_n"] - tables["rows_used"].sum()  # rows of refused tables with them
    checked = rules[(rules["origin"] == "contract") & rules["rows_checked"].notna()]
    table, day = setting.newest
    fresh = tables.loc[tables["table"] == table, "freshness_days"]
    return (
        Headline(
            name="passing_percent",
            label="Rows that pass every rule",
            value=setting.share(now["passing_percent"]) if now["passing_percent_n"] else MISSING,
            base=f"{show.count(out)} of {setting.rows(now['passing_percent_n'])} are in no figure",
        ),
        Headline(
            name="findings",
            label="Findings to mend",
            value=show.count(now["findings"]),
            base=f"of {setting.rows(len(checked), 'rule', 'rules')} that could be checked",
        ),
        headline(
            history,
            "rows_in_timeframe",
            setting.comparison,
            show,
            label="Rows dated in the timeframe",
            unit="events",
            base=f"in {setting.rows((tables['rows_in_timeframe'] > 0).sum(), 'table', 'tables')}",
        ),
        Headline(
            name="freshness_days",
            label=f"Age of the newest {table} row" if table else "Age of the newest row",
            value=show.days(fresh.iloc[0]) if day else MISSING,
            base=f"{show.date(day)}, against the reference date" if day else "no table has a day",
        ),
    )


# Statements ---------------------------------------------------------------------------------------------


def tables(setting: Setting, frame: pd.DataFrame) -> Statement:
    """What the list of tables says."""
    refused, late, _ = _faults(frame)
    count = setting.rows(len(frame), "table", "tables")
    if refused:
        heading = f"{setting.format.count(len(refused))} of {count} refused: {_listed(refused)}"
        lead = "A refused table is in no figure: the reason and the first ids stand below."
    elif late:
        heading = f"{setting.format.count(len(late))} of {count} late: {_listed(late)}"
        lead = "Their newest row is older than the last column allows; how that is found stands in the notes."
    else:
        out = frame["rows_left_out"].sum()
        heading = f"None of {count} is refused or late; {setting.rows(out)} set aside"
        lead = ""
    return Statement(
        _cut(heading),
        lead,
        "Rows are those of the source as it stands. Newest row and age are as of the reference date.",
        setting.rows(frame["rows"].sum()),
    )


def rules(setting: Setting, frame: pd.DataFrame, all_rules: pd.DataFrame, tables: pd.DataFrame) -> Statement:
    """What the rules of the contract say of the rows."""
    broken = frame[frame["origin"] == "contract"]
    checked = all_rules[(all_rules["origin"] == "contract") & all_rules["rows_checked"].notna()]
    total = setting.format.count(len(checked))
    if broken.empty:
        heading = f"No row breaks any of {setting.rows(len(checked), 'rule', 'rules')}"
    else:
        heading = f"Rows break {setting.format.count(len(broken))} of {total} rules that could be checked"
        if aside := _set_aside(tables):
            heading = f"Rows break {setting.format.count(len(broken))} of {total} rules"
            heading += f"; {setting.rows(aside, 'row is', 'rows are')} set aside"
    return Statement(
        _cut(heading),
        "" if broken.empty else "Rows set aside are in no figure; rows kept are in totals only.",
        "One bar for each rule that rows break. A row may break several rules and is set aside once.",
        "State of the source, whatever the timeframe.",
    )


def mending(setting: Setting, mend: pd.DataFrame) -> Statement | None:
    """What to do about findings; None where there are none."""
    if mend.empty:
        return None
    tables_ = list(dict.fromkeys(mend["table"]))
    where = setting.rows(len(tables_), "table", "tables")
    heading = f"What to mend, in {where}: {_listed(tables_)}"
    return Statement(
        _cut(heading),
        "",
        "The most urgent first: what is refused, what is late, 1% or more of a table's rows, then by rows.",
    )


def observed(setting: Setting, frame: pd.DataFrame) -> Statement:
    """What was seen beyond the contract."""
    seen = frame[(frame["origin"] == "observed")]
    outliers = seen[seen["kind"] == "outlier"]["rows_failing"].sum()
    if seen.empty:
        heading = "Nothing odd beyond the contract: no outliers, orphans or repeated rows"
    else:
        heading = f"{setting.rows(len(seen), 'thing', 'things')} to look at beyond the contract"
        if outliers:
            heading += f"; {setting.rows(outliers, 'value', 'values')} of odd size"
    return Statement(
        _cut(heading),
        "" if seen.empty else "No row is left out for these. Look at the ids and correct what is wrong.",
        "A value is an outlier where its size lies tenfold or more, and widths of the middle half, beyond it "
        "on a scale of ratios.",
        f"Up to {setting.format.date(_last(setting))}.",
    )


def examples(setting: Setting, frame: pd.DataFrame) -> Statement:
    """What the list of ids says."""
    count = len(frame.drop_duplicates(["table", "rule"]))
    heading = (
        f"Where to look: the first ids of {setting.rows(count, 'finding', 'findings')}"
        if count
        else "No ids to look at"
    )
    return Statement(
        heading,
        "",
        "At most five ids of each finding, in their order; no other value of a row is shown here.",
    )


def gaps(setting: Setting, columns: pd.DataFrame) -> Statement:
    """What is missing, column by column."""
    real = columns[~columns["may_be_empty"].astype(bool)] if len(columns) else columns
    open_ = real[real["missing"] > 0] if len(real) else real
    if not len(open_):
        heading = "No column has a gap"
    else:
        partly = open_[open_["missing_percent"] < 100]
        worst = (partly if len(partly) else open_).sort_values(
            ["wanted", "missing_percent", "table", "column"], ascending=[False, False, True, True]
        )
        first = worst.iloc[0]
        heading = (
            f"{setting.rows(len(open_), 'column', 'columns')} with gaps; "
            f"{first['table']}.{first['column']} lacks {setting.share(first['missing_percent'])}"
        )
    return Statement(
        _cut(heading),
        "A column that suddenly darkens has lost its source." if len(open_) else "",
        "Columns that are empty until something happens, such as closed_at, are not gaps; the list has them.",
        f"Rows up to {setting.format.date(_last(setting))}, by the month of their event.",
    )


def crm(setting: Setting, frame: pd.DataFrame) -> Statement | None:
    """What an export of a CRM lacks; None where there is none."""
    if frame.empty:
        return None
    lacking = frame[frame["missing"] > 0].sort_values(
        ["missing_percent", "table", "field"], ascending=[False, True, True]
    )
    if lacking.empty:
        heading = "E-mail, owner, stage and close date are there throughout"
    else:
        first = lacking.iloc[0]
        heading = (
            f"{setting.rows(first['missing'], 'row', 'rows')} of {first['table']} lack {first['field']} "
            f"({setting.share(first['missing_percent'])})"
        )
    return Statement(
        _cut(heading),
        "Nobody is told of a deal without an owner, and no forecast holds one without a date."
        if (lacking["table"] == "deals").any()
        else "",
        "Expected close is asked of open deals, closing day of deals with an outcome.",
        f"As of {setting.format.date(_last(setting))}.",
    )


def left_out(setting: Setting, frame: pd.DataFrame, tables: pd.DataFrame) -> Statement:
    """What is left out of which report."""
    stopped = frame[frame["effect"] == "stopped"]["title"].drop_duplicates()
    aside = _set_aside(tables)
    if len(stopped):
        heading = f"{setting.rows(len(stopped), 'report is', 'reports are')} not made, for want of a table"
    elif frame.empty:
        heading = "Every row is in every report that reads its table"
    else:
        heading = f"{setting.rows(aside, 'row is', 'rows are')} in no report; others are in some figures only"
        heading = heading if aside else "No row is left out; some are in some figures only"
    return Statement(
        _cut(heading),
        "Guest sales, returns and sales without a profit break no rule, and are in some figures only."
        if frame["rule"].isin(["guest_sales", "returns", "profit_unknown"]).any()
        else "",
        "Each line: which rows, how many, what becomes of them, and in which reports.",
    )


def readiness(setting: Setting, frame: pd.DataFrame) -> Statement:
    """Which reports are ready."""
    ready = frame["state"].isin(["ready", "partly ready"]).sum()
    count = setting.format.count(len(frame))
    heading = (
        f"All {count} reports are ready"
        if ready == len(frame)
        else f"{setting.format.count(ready)} of {setting.rows(len(frame), 'report is', 'reports are')} ready"
    )
    return Statement(
        heading,
        "",
        "Partly ready: made, without the blocks and columns named. Too short: made, and says what it cannot "
        "tell yet.",
    )


def _faults(tables: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    refused = tables["state"] == "refused"
    heavy = (tables["passing_percent"] <= 99) & ~refused
    return (
        tables.loc[refused, "table"].tolist(),
        tables.loc[tables["late"].astype(bool) & ~refused, "table"].tolist(),
        tables.loc[heavy, "table"].tolist(),
    )


def _set_aside(tables: pd.DataFrame) -> float:
    return float(tables.loc[tables["state"] != "refused", "rows_left_out"].sum())


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _last(setting: Setting) -> date:
    return date.fromordinal(setting.comparison.this.reference_date.toordinal() - 1)


def _cut(heading: str) -> str:
    return heading if len(heading) <= HEADING else f"{heading[: HEADING - 1].rstrip()}…"


# Where there is nothing -----------------------------------------------------------------------------------


def no_rules(broken: pd.DataFrame) -> str:
    """Why there is no picture of broken rules; empty where there is one."""
    mine = broken[broken["origin"] == "contract"]
    if mine.empty:
        return "No row breaks a rule of the contract."
    return "" if (mine["rows_failing"] > 0).any() else "No rows could be counted: the table cannot be read."


def nothing_observed(broken: pd.DataFrame) -> str:
    """Why there is no list of oddities; empty where there is one."""
    seen = (broken["origin"] == "observed").any()
    return "" if seen else "No outliers, unknown references, repeated rows, impossible dates or markup."


def no_examples(listed: object) -> str:
    """Why there are no ids; empty where there are."""
    return "" if listed is not None else "Nothing breaks a rule, so that there is no row to look at."


def no_gaps(months: pd.DataFrame) -> str:
    """Why there is no grid of gaps; empty where there is one."""
    return "" if len(months) else "No column of a table with a time of its own has gaps."


def nothing_left_out(frame: pd.DataFrame) -> str:
    """Why there is no list of what is left out; empty where there is one."""
    return "" if len(frame) else "No row is left out of a report."
