"""Tables of who is about to leave, and of the model's evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.formats import MISSING, Format
from analytics.page.churn_evidence import called
from analytics.page.pieces import FEW, Column, Table
from analytics.tables.cells import text

_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w-]|[.,]\d)")
"""A number in the neutral form of stored text; neither a year nor a date nor a part of a name."""


def levels(rows: pd.DataFrame, format: Format) -> Table:
    """Customers by risk level.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.churn.calls.risk_levels`. It is not modified.
    format : Format

    Returns
    -------
    Table
        With a total; no rows where nobody has been scored.
    """
    columns = (
        Column("Risk level"),
        Column("Chance to leave"),
        Column("Customers", number=True),
        Column("Share of customers", number=True),
        Column("", bar=True),
        Column("Expected to leave", number=True),
        Column("Mean value, of 100", number=True),
    )
    n = int(rows["customers"].sum())
    if not n:
        return Table(columns, ())
    a, b, c = (format.percent(bound, 0) for bound in (30, 60, 80))
    spans = {
        "Critical": f"above {c}",
        "High": f"{b} to {c}",
        "Medium": f"{a} to under {b}",
        "Low": f"under {a}",
    }
    body = tuple(
        (
            str(row.risk_level),
            spans.get(str(row.risk_level), ""),
            format.count(row.customers),
            format.percent(100 * row.customers / n),
            100 * row.customers / n,
            format.count(row.expected_to_leave),
            format.number(row.monetary_score),
        )
        for row in _rows(rows)
    )
    expected = format.count(rows["expected_to_leave"].sum())
    total = ("All", "", format.count(n), format.percent(100), "", expected, "")
    return Table(columns, body, folded="The figures, by risk level", total=total)


def calls(rows: pd.DataFrame, format: Format, *, shown: int) -> Table:
    """Whom to call, the most valuable first, each with reasons and what to do.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.models.churn.calls.call_list`. It is not modified.
    format : Format
    shown : int
        Rows on the page.

    Returns
    -------
    Table
        Ids as the data have them; nothing to reach a customer by.
    """
    columns = (
        Column("Customer"),
        Column("Value, of 100", number=True),
        Column("Chance to leave", number=True),
        Column("", bar=True),
        Column("Risk"),
        Column("What stands out"),
        Column("What to do"),
        Column("Sure", number=True),
    )
    body = tuple(
        (
            str(row.customer_id),
            format.number(row.monetary_score),
            _chance(row.churn_probability, format),
            100 * float(row.churn_probability),
            str(row.risk_level),
            localised(text(row.risk_factors), format),
            text(row.recommendations),
            _chance(row.prediction_confidence, format),
        )
        for row in _rows(rows.head(shown))
    )
    of_rows = format.count(len(rows)) if len(rows) > len(body) else ""
    return Table(columns, body, "The most valuable first", of_rows=of_rows)


def base(rows: pd.DataFrame, format: Format) -> Table:
    """How many left within which days.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `horizons` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Horizons with fewer than 30 customers are grey.
    """
    columns = (
        Column("Within"),
        Column("Counted from", number=True),
        Column("Customers", number=True),
        Column("Left", number=True),
        Column("Share", number=True),
        Column("95% interval", number=True),
    )
    body = tuple(
        (
            f"{format.days(row.horizon_days)}{', the model’s own' if row.own else ''}",
            format.date(row.cutoff),
            format.count(row.customers),
            format.count(row.churned),
            format.percent(row.churn_rate),
            _span(row.churn_rate_low, row.churn_rate_high, lambda v: format.percent(v)),
        )
        for row in _rows(rows)
    )
    unsure = frozenset(i for i, n in enumerate(rows["churn_rate_n"]) if not n >= FEW)
    return Table(columns, body, folded="The figures, by horizon", unsure=unsure)


def scores(rows: pd.DataFrame, format: Format) -> Table:
    """All measures of the model, its candidates and the baselines.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `scores` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
        The best by ROC AUC first.
    """
    columns = (
        Column("Score"),
        Column("Role"),
        Column("ROC AUC", number=True),
        Column("95% interval", number=True),
        Column("Behind the model", number=True),
        Column("Average precision", number=True),
        Column("Brier", number=True),
        Column("Log loss", number=True),
        Column("Calibration error", number=True),
        Column("Accuracy", number=True),
    )
    ordered = rows.sort_values(["roc_auc", "model"], ascending=[False, True], kind="stable")
    body = tuple(
        (
            str(row.label),
            "the model" if row.chosen else str(row.role),
            format.number(row.roc_auc, 3),
            _span(row.roc_auc_low, row.roc_auc_high, lambda v: format.number(v, 3)),
            _gain(row, format),
            format.number(row.average_precision, 3),
            format.number(row.brier, 3),
            format.number(row.log_loss, 3),
            format.points(_times(100, row.calibration_error)),
            format.share(row.accuracy),
        )
        for row in _rows(ordered)
    )
    majority = format.share(rows["majority_share"].iloc[0]) if len(rows) else MISSING
    total = ("The same said of everybody", "", *("",) * 7, majority)
    return Table(
        columns, body, "All on the same customers", total if body else None, folded="All measures of the test"
    )


def calibration(rows: pd.DataFrame, format: Format) -> Table:
    """Predicted and actual shares, group by group.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `calibration` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Groups of fewer than 30 are grey.
    """
    columns = (
        Column("Group, by chance"),
        Column("Customers", number=True),
        Column("Expected to leave", number=True),
        Column("Left", number=True),
        Column("95% interval", number=True),
        Column("Difference", number=True),
    )
    body = tuple(
        (
            str(place),
            format.count(row.customers),
            format.share(row.predicted),
            format.share(row.actual),
            _span(row.low, row.high, lambda v: format.share(v)),
            format.points(_times(100, row.predicted - row.actual), sign=True),
        )
        for place, row in enumerate(_rows(rows), 1)
    )
    unsure = frozenset(i for i, n in enumerate(rows["customers"]) if n < FEW)
    return Table(columns, body, folded="The figures, by group", unsure=unsure)


def lift(rows: pd.DataFrame, format: Format) -> Table:
    """What call lists of different length would have held.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `lift` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
        Lists of fewer than 30 customers are grey.
    """
    columns = (
        Column("Called"),
        Column("Customers", number=True),
        Column("Left", number=True),
        Column("Share who left", number=True),
        Column("95% interval", number=True),
        Column("Of all who left", number=True),
        Column("", bar=True),
        Column("Times their share", number=True),
    )
    body = tuple(
        (
            f"the riskiest {format.percent(row.depth_percent, 0)}",
            format.count(row.customers),
            format.count(row.churned),
            format.percent(row.precision_rate),
            _span(row.low, row.high, lambda v: format.percent(v)),
            format.percent(row.recall_rate),
            "" if pd.isna(row.recall_rate) else float(row.recall_rate),
            format.number(row.lift, 2),
        )
        for row in _rows(rows)
    )
    unsure = frozenset(i for i, n in enumerate(rows["customers"]) if n < FEW)
    return Table(columns, body, folded="The figures, by length of the list", unsure=unsure)


def threshold(counts: Mapping[str, Any], format: Format) -> Table:
    """Who is called and who is not, against who left and who stayed.

    Parameters
    ----------
    counts : mapping
        As `confusion` of `analytics.models.churn.ChurnResult`.
    format : Format

    Returns
    -------
    Table
        No rows without a model.
    """
    columns = (
        Column("Customers"),
        Column("Left", number=True),
        Column("Stayed", number=True),
        Column("All", number=True),
    )
    if not counts:
        return Table(columns, ())
    called = (counts["true_positives"], counts["false_positives"])
    spared = (counts["false_negatives"], counts["true_negatives"])
    body = tuple(
        (name, *(format.count(n) for n in pair), format.count(sum(pair)))
        for name, pair in (("Called", called), ("Not called", spared))
    )
    sums = tuple(a + b for a, b in zip(called, spared, strict=True))
    total = ("All tested", *(format.count(n) for n in sums), format.count(sum(sums)))
    return Table(columns, body, total=total, folded="Right and wrong calls in the test")


def features(rows: pd.DataFrame, format: Format) -> Table:
    """All features by what they tell.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `features` of `analytics.models.churn.ChurnResult`. It is not modified.
    format : Format

    Returns
    -------
    Table
    """
    columns = (
        Column("Feature"),
        Column("Fall of the AUC", number=True),
        Column("Range of the repeats", number=True),
        Column("Standard deviation", number=True),
        Column("Name in the files", number=False),
    )
    body = tuple(
        (
            str(row.label),
            format.number(row.importance, 4),
            _span(row.low, row.high, lambda v: format.number(v, 4)),
            format.number(row.sd, 4),
            str(row.feature),
        )
        for row in _rows(rows)
    )
    return Table(columns, body, folded="All features")


def drift(rows: pd.DataFrame, labels: Mapping[str, str], format: Format) -> Table:
    """How far features lie from training.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `drift` of `analytics.models.churn.ChurnResult`. It is not modified.
    labels : mapping of str to str
        What a feature is called.
    format : Format

    Returns
    -------
    Table
        The farthest first.
    """
    columns = (
        Column("Feature"),
        Column("Stability index", number=True),
        Column("By chance up to", number=True),
        Column("Drifted"),
    )
    ordered = rows.sort_values(["psi", "feature"], ascending=[False, True], na_position="last")
    body = tuple(
        (
            called(str(row.feature), labels),
            format.number(row.psi, 3),
            format.number(row.by_chance, 3),
            "yes" if row.drifted else "no",
        )
        for row in _rows(ordered)
    )
    return Table(columns, body, folded="All features against training")


def model_card(card: Mapping[str, Any]) -> Table:
    """Everything that the model's card says, line by line.

    Parameters
    ----------
    card : mapping
        As `model_card` of `analytics.models.churn.ChurnResult`: plain values, lists and mappings.

    Returns
    -------
    Table
        A mapping within is a line for each of its entries, a list one line; of lists within lists only the
        number is told.
    """
    body = tuple((name, value) for name, value in _lines(card))
    return Table((Column("Of the model"), Column("Value")), body, folded="The model's card")


def next_steps(status: Mapping[str, Any], format: Format) -> Table:
    """What to do next, in order.

    Parameters
    ----------
    status : mapping
        `status` of `analytics.models.churn.ChurnResult`.
    format : Format

    Returns
    -------
    Table
    """
    steps = tuple((localised(str(step), format),) for step in status["recommendations"])
    return Table((Column("What to do"),), steps)


def _lines(card: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for key, value in card.items():
        name = f"{before}{str(key).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}: ")
        elif isinstance(value, (list, tuple)):
            nested = any(isinstance(each, (list, tuple, Mapping)) for each in value)
            yield name, f"{len(value)} entries" if nested else ", ".join(map(_plain, value)) or MISSING
        else:
            yield name, _plain(value)


def _plain(value: Any) -> str:
    """A value of a card: six significant figures are enough to know a model by."""
    if value is None or value == "":
        return MISSING
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _chance(value: Any, format: Format) -> str:
    """A probability without decimals that is 0 % or 100 % only where it is."""
    if not pd.isna(value) and 0 < value < 0.005:
        return f"under {format.percent(1, 0)}"
    if not pd.isna(value) and 0.995 <= value < 1:
        return f"over {format.percent(99, 0)}"
    return format.share(value, 0)


def _gain(row: Any, format: Format) -> str:
    if row.chosen or pd.isna(row.auc_gain):
        return ""
    return (
        f"{format.number(row.auc_gain, 3, sign=True)} "
        f"({_span(row.auc_gain_low, row.auc_gain_high, lambda v: format.number(v, 3, sign=True))})"
    )


def _times(by: float, value: Any) -> float | None:
    return None if pd.isna(value) else by * float(value)


def _span(low: Any, high: Any, words: Any) -> str:
    return MISSING if pd.isna(low) or pd.isna(high) else f"{words(low)} to {words(high)}"


def localised(text: str, format: Format) -> str:
    """Stored text with its numbers, kept as ``1,405.5``, written as the organisation writes them."""

    def written(found: re.Match[str]) -> str:
        plain = found.group().replace(",", "")
        return format.number(float(plain), len(plain.partition(".")[2]))

    return _NUMBER.sub(written, text)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)
