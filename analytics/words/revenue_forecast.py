"""What the report on coming revenue says, from the same figures as its pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.formats import Format
from analytics.page.model_names import inside
from analytics.page.pieces import FEW, Bold, Runs, Statement, plain, sentence
from analytics.words.forecast_cards import deal_count, month_count, moved

ROUGH = 40.0
"""Mean miss of a month, in percent, from which on a forecast is too rough to plan on."""
LEVEL = 3.0
"""Quarters that differ from an average one by less than this many percent are called alike."""
MUCH_NEARER = 0.5
"""A candidate whose error was less than this share of the leader's is named beside it."""
FEWEST = 6
LONGEST_HEADING = 80


def summary(
    months: pd.DataFrame,
    totals: pd.DataFrame,
    scores: pd.DataFrame,
    seasons: pd.DataFrame,
    format: Format,
    *,
    source: str,
    too_few: int | None = None,
) -> tuple[Runs, ...]:
    """What a reader in a hurry takes away: what comes, how far to trust it, what to plan on.

    Parameters
    ----------
    months, totals, scores, format
        As for `analytics.words.forecast_cards.cards`.
    seasons : pandas.DataFrame
        As returned by `analytics.metrics.revenue_growth.quarter_seasonality`.
    source : {"sales", "accounts", "none"}
        What revenue is made from.
    too_few : int, optional
        How many accounts are live, where they are too few.

    Returns
    -------
    tuple of runs
        At most 60 words and four bold figures together.
    """
    if totals.empty:
        return (_refused(months, format, source=source, too_few=too_few),)
    row = totals.iloc[0]
    kind = "Contract revenue" if source == "accounts" else "Revenue"
    said: list[Runs] = [
        sentence(
            "{kind} of the next {n} is expected at {value} (80%: {low} to {high}){change}.",
            kind=kind,
            n=month_count(row["months"], format),
            value=Bold(format.money(row["value"])),
            low=format.money(row["lower_80"]),
            high=format.money(row["upper_80"]),
            change=_against(row, format),
        )
    ]
    said.append(_trust(str(row["model"]), scores, format))
    strongest = _strongest(seasons)
    if _is_rough(str(row["model"]), scores):
        said.append(sentence("Too rough to plan on: take the low end."))
    elif nearest := _nearest(scores, totals, str(row["model"]), format):
        said.append(nearest)
    elif strongest is not None:
        name, above = strongest
        share = format.percent(above, 0)
        said.append(
            sentence("Plan on {name}, {above} above an average quarter.", name=Bold(str(name)), above=share)
        )
    return tuple(said)


def forecast(totals: pd.DataFrame, read: int, format: Format, *, contracts: float | None = None) -> Statement:
    """What the months to come bring.

    Parameters
    ----------
    totals, format
        As for `analytics.words.forecast_cards.cards`.
    read : int
        Months that the forecast was made from.
    contracts : float, optional
        Contract value a year (currency) that is not in the forecast because revenue is that of sales.

    Returns
    -------
    Statement
    """
    based = f"{month_count(read, format)} of revenue" if read else ""
    if totals.empty:
        return Statement("There is no forecast", based=based)
    row = totals.iloc[0]
    value, span = format.money(row["value"]), month_count(row["months"], format)
    heading = f"The next {span} should bring {value}"
    before = row["year_before"]
    if not pd.isna(before):
        if row["lower_80"] <= before <= row["upper_80"]:
            heading += f", close to the last {format.count(row['months'])}"
        elif before > 0:
            change = 100 * (row["value"] - before) / before
            longer = f"{heading}, {moved(change, format)} than the last"
            heading = longer if len(longer) <= LONGEST_HEADING else heading
    lead = f"With 80% chance between {format.money(row['lower_80'])} and {format.money(row['upper_80'])}."
    lead += f" Made by {inside(str(row['model']))}."
    if contracts:
        lead += f" It is of sales: contracts of {format.money(contracts)} a year come on top."
    reading = "Of 100 months about 80 should lie in the inner band and 95 in the outer one."
    return Statement(heading, lead, reading, based)


def forecast_missing(months: pd.DataFrame, format: Format, *, source: str, too_few: int | None) -> str:
    """Say what is missing for a forecast, and what would fill it; an empty text where there is one."""
    known = int(months["revenue"].notna().sum())
    if too_few is not None:
        return (
            f"{format.count(too_few)} accounts are live; from 15 on their contracts are forecast. Where "
            f"there "
            "are sales, map them in the organisation's params."
        )
    if source == "none" or known < FEWEST:
        return f"A forecast needs {FEWEST} whole months of revenue; {format.count(known)} are known."
    return ""


def backtest(
    scores: pd.DataFrame, totals: pd.DataFrame, leader: str, remarks: Sequence[str], format: Format
) -> Statement:
    """How far each candidate missed when it was tested on the past.

    Parameters
    ----------
    scores, totals, format
        As for `analytics.words.forecast_cards.cards`.
    leader : str
        The model that leads.
    remarks : sequence of str
        As in `ForecastResult`.

    Returns
    -------
    Statement
    """
    if scores.empty:
        return Statement("The forecast has not been tested: the history is too short")
    rows = scores.set_index("model")
    one = rows.loc[leader]
    based = (
        f"{format.count(one['origins'])} forecasts made in the past, "
        f"{month_count(one['horizon'], format)} ahead each: "
        f"{format.count(one['months'])} months compared"
    )
    if zero := int(scores.loc[scores["model"] == leader, "zero_months"].sum()):
        based += f", {format.count(zero)} of them without revenue and in no miss in percent"
    read = (
        "MASE 1 is as far off as a month usually lies from the same month a year before. The blue bar leads "
        "this page."
    )
    if rows["mase"].isna().all():
        return Statement(
            "Revenue does not move, so that no candidate can be better than another", "", read, based
        )
    heading = f"In tests a month missed by {format.percent(one['mape'], 0)} on average"
    if leader != "seasonal_naive" and "seasonal_naive" in rows.index:
        naive = rows.loc["seasonal_naive"]
        heading += f", last year repeated by {format.percent(naive['mape'], 0)}"
    if "naive_wins" in remarks:
        wanted = rows.loc["mean"] if "mean" in rows.index else one
        heading = (
            f"Last year repeated was nearer: missed by {format.percent(one['mape'], 0)}, the mean by "
            f"{format.percent(wanted['mape'], 0)}"
        )
    lead = ""
    if "naive_wins" in remarks:
        lead = "So last year repeated leads this page, although means are nearer for most businesses."
    elif "mixed_backtest" in remarks:
        lead = (
            "When tested, fewer than 36 months were known and the mean was of two candidates; today it is of "
            "three."
        )
    if plain_nearest := plain(_nearest(scores, totals, leader, format)):
        lead = f"{lead} {plain_nearest}".strip()
    return Statement(heading, lead, read, based)


def backtest_missing(scores: pd.DataFrame, months: int, format: Format) -> str:
    """Say why there is no test; an empty text where there is one."""
    if not scores.empty:
        return ""
    needs = 30 if months >= 24 else 18
    return (
        f"A test needs six forecasts of the past, each with enough months before it: from {needs} months on; "
        f"{format.count(months)} are known. The intervals rest on the model alone."
    )


def tested(past: pd.DataFrame, format: Format) -> Statement | None:
    """What the latest tested forecast had said, and what came; None without a test."""
    if past.empty:
        return None
    then = past[past["origin"] == past["origin"].max()]
    known = then[then["actual"].notna()]
    held = int(((known["actual"] >= known["lower_80"]) & (known["actual"] <= known["upper_80"])).sum())
    day = format.month(then["origin"].iloc[0])
    said, came = format.money(known["value"].sum()), format.money(known["actual"].sum())
    heading = f"Made in {day}, it would have said {said}; {came} came"
    lead = f"{format.count(held)} of {format.count(len(known))} months lay within the 80% band."
    read = (
        "The fan is what would have been forecast then, from the months before it only. Dots are what came."
    )
    return Statement(heading, lead, read, f"{month_count(len(known), format)} of revenue")


def seasonality(rows: pd.DataFrame, format: Format) -> Statement:
    """Which quarter is the strongest.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.revenue_growth.quarter_seasonality`.
    format : Format

    Returns
    -------
    Statement
    """
    if rows.empty:
        return Statement("No season can be told yet")
    high, low = (rows.iloc[place(rows["seasonal_index"].to_numpy())] for place in (np.argmax, np.argmin))
    above, below = (100 * (float(row["seasonal_index"]) - 1) for row in (high, low))
    years = int(rows["years"].min())
    based = f"{format.count(int(rows['years'].sum()))} whole quarters"
    read = (
        "Each month is compared with the twelve months around it, so that growth does not look like season."
    )
    if max(above, -below) < LEVEL:
        return Statement("No quarter stands out: all lie close to the average", "", read, based)
    heading = (
        f"{high['quarter']} is strongest, {format.percent(above, 0)} above average; {low['quarter']} "
        f"weakest, "
        f"{format.percent(-below, 0)} below"
    )
    lead = "" if years >= 3 else "Fewer than three years: next year may differ more than this shows."
    return Statement(heading, lead, read, based)


def seasonality_missing(rows: pd.DataFrame) -> str:
    """Say what a season needs; an empty text where there is one."""
    return "" if len(rows) else "A season can be told from growth once 24 whole months of revenue are known."


def growth(rows: pd.DataFrame, format: Format) -> Statement:
    """Whether revenue grows, and which months stand out.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.revenue_growth.revenue_growth`.
    format : Format

    Returns
    -------
    Statement
    """
    known = rows[rows["revenue"].notna()]
    if known.empty:
        return Statement("No whole month of revenue is known")
    last = known.iloc[-1]
    month, value = format.month(last["month"]), format.money(last["revenue"])
    based = f"{month_count(len(known), format)} of revenue"
    year, before = last["year_over_year_rate"], last["month_over_month_rate"]
    if not pd.isna(year):
        way = "more" if year > 0 else "less"
        heading = f"{month} brought {value}, {format.percent(abs(year), 0)} {way} than a year before"
    elif not pd.isna(before):
        way = "more" if before > 0 else "less"
        heading = f"{month} brought {value}, {format.percent(abs(before), 0)} {way} than the month before"
        if abs(before) < 1:
            heading = f"{month} brought {value}, about as much as the month before"
    else:
        heading = f"{month} brought {value}"
    far = rows[rows["unusual"]]
    lead = _standing_out(far, format) if rows["expected_revenue"].notna().any() else ""
    below = known[known["revenue"] < 0]
    if len(below):
        names = _named(below["month"], format)
        lead = f"Returns were larger than sales in {names}. {lead}".strip()
    read = (
        "The grey line is what is usual for the season. A month stands out where it lies four times further "
        "from it than months usually do."
        if rows["expected_revenue"].notna().any()
        else "Each point is a whole month. What is usual for the season is known from 24 months on."
    )
    return Statement(heading, lead, read, based)


def accuracy(summed: pd.DataFrame, leader: str, format: Format) -> Statement:
    """How near forecasts made by earlier runs came.

    Parameters
    ----------
    summed : pandas.DataFrame
        As returned by `analytics.metrics.forecast_accuracy.accuracy_summary`.
    leader : str
        The model whose forecasts are spoken of, where it made any.
    format : Format

    Returns
    -------
    Statement
    """
    if summed.empty:
        return Statement("Earlier forecasts cannot be compared yet")
    own = summed[summed["model"] == leader]
    row = (own if len(own) else summed.sort_values(["months", "model"], ascending=[False, True])).iloc[0]
    months, kept = int(row["months"]), int(row["forecasts"])
    based = f"{format.count(kept)} kept forecast{'' if kept == 1 else 's'} by {inside(str(row['model']))}"
    read = "Forecasts are kept as they were made, and held against what came each time this page is read."
    heading = f"Earlier forecasts missed by {format.percent(row['mape'], 0)} on average"
    if pd.isna(row["mape"]):
        heading = "Earlier forecasts were of months without revenue"
    elif months < FEWEST:
        heading = f"Of earlier forecasts {month_count(months, format)} can be compared: missed by "
        heading += format.percent(row["mape"], 0)
    lead = f"{month_count(months, format)} can be compared."
    if not pd.isna(row["coverage_80"]) and months >= FEW:
        lead += f" {format.percent(row['coverage_80'], 0)} of them lay within the 80% interval."
    elif months < FEW:
        lead += " So few say little."
    return Statement(heading, lead, read, based)


def accuracy_missing(rows: pd.DataFrame) -> str:
    """Say why no earlier forecast can be compared; an empty text where one can."""
    if len(rows):
        return ""
    return (
        "No forecast made before the end of this timeframe has a month to compare yet. Each run keeps its "
        "forecast; after the next whole month, what came stands here beside it."
    )


def pipeline(
    rows: pd.DataFrame, format: Format, *, won: int, closed: int, added: bool, unweighted: int = 0
) -> Statement | None:
    """What open deals would bring, weighted by their stage.

    Parameters
    ----------
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline_revenue.with_baseline`.
    format : Format
    won, closed : int
        Deals won, and won or lost, in the year before.
    added : bool
        Whether deals come on top of the forecast.
    unweighted : int
        Open deals whose stage has no known chance.

    Returns
    -------
    Statement
    """
    deals = int(rows["deals"].sum())
    if not deals:
        return Statement("No deal is open", based="")
    dated = rows[rows["timing"] == "expected"]
    weighted = format.money(dated["weighted_value"].sum())
    heading = f"Open deals should bring {weighted}, each weighted by its stage"
    beside = (
        "They come on top of the revenue forecast."
        if added
        else "They are not added: won deals are part of the revenue that is forecast."
    )
    overdue = rows[rows["timing"] == "overdue"]
    lead = beside
    if len(overdue):
        lead = (
            f"{deal_count(overdue['deals'].iloc[0], format)} worth {format.money(overdue['value'].iloc[0])} "
            f"should "
            f"have closed already and are not counted. {beside}"
        )
    read = (
        "Value times the chance of the stage: discovery 10%, qualified 25%, proposal 50%, negotiation 75%. "
        "It is the value of the whole contract, not of a month."
    )
    based = deal_count(deals, format)
    if closed >= FEW:
        share = format.percent(100 * won / closed, 0)
        based += f"; of {format.count(closed)} closed in the year before, {share} were won"
    if unweighted:
        based += f"; {format.count(unweighted)} in a stage without a known chance weigh nothing"
    return Statement(heading, lead, read, based)


def pipeline_missing(rows: pd.DataFrame) -> str:
    """Say that no deal is open; an empty text where some are."""
    return (
        "" if rows["deals"].sum() else "No deal was open on this day, so that none can add to the forecast."
    )


def _against(row: pd.Series, format: Format) -> str:
    """How the sum lies against the months behind, as the end of a sentence."""
    before = row["year_before"]
    if pd.isna(before) or before <= 0:
        return ""
    if row["lower_80"] <= before <= row["upper_80"]:
        return f"; the last {format.count(row['months'])} brought {format.money(before)}"
    change = 100 * (row["value"] - before) / before
    return f", {moved(change, format)} than the last {format.count(row['months'])}"


def _trust(leader: str, scores: pd.DataFrame, format: Format) -> Runs:
    rows = scores.set_index("model") if len(scores) else scores
    if leader not in rows.index:
        return sentence("It is {model}, and too few months are known to test it.", model=inside(leader))
    own = Bold(format.percent(rows.loc[leader, "mape"], 0))
    if leader == "seasonal_naive" or "seasonal_naive" not in rows.index:
        return sentence("In tests {model} missed a month by {own}.", model=inside(leader), own=own)
    naive = format.percent(rows.loc["seasonal_naive", "mape"], 0)
    return sentence(
        "In tests {model} missed a month by {own}, last year repeated by {naive}.",
        model=inside(leader),
        own=own,
        naive=naive,
    )


def _nearest(scores: pd.DataFrame, totals: pd.DataFrame, leader: str, format: Format) -> Runs:
    """Name a candidate that was much nearer in the test than what leads; nothing where none was."""
    rows, sums = scores.set_index("model"), totals.set_index("model")
    errors, misses = (rows[name].astype("float64").to_dict() for name in ("mase", "mape"))
    if leader not in errors or rows["mase"].isna().all():
        return ()
    best = str(rows.index[int(np.nanargmin(rows["mase"].to_numpy(dtype=float)))])
    if best not in sums.index or not errors[best] < MUCH_NEARER * errors[leader]:
        return ()
    return sentence(
        "Much nearer was {model}, with {miss}; it expects {value}.",
        model=inside(best),
        miss=format.percent(misses[best], 0),
        value=Bold(format.money(sums.loc[best, "value"])),
    )


def _is_rough(leader: str, scores: pd.DataFrame) -> bool:
    found = scores.loc[scores["model"] == leader, "mape"]
    return bool(len(found) and found.iloc[0] >= ROUGH)


def _strongest(seasons: pd.DataFrame) -> tuple[str, float] | None:
    if seasons.empty:
        return None
    row = seasons.iloc[int(seasons["seasonal_index"].to_numpy().argmax())]
    above = 100 * (float(row["seasonal_index"]) - 1)
    # Nobody plans on two years: from three on there is an interval, and it must be above an average quarter.
    return (str(row["quarter"]), above) if above >= LEVEL and row["low"] > 1 else None


def _refused(months: pd.DataFrame, format: Format, *, source: str, too_few: int | None) -> Runs:
    """Why there is no forecast, in one sentence."""
    known = int(months["revenue"].notna().sum())
    if too_few is not None:
        return sentence(
            "There is no forecast: {n} accounts are live, and from {least} on their contracts are forecast.",
            n=Bold(format.count(too_few)),
            least="15",
        )
    if source == "none":
        return sentence("There is no forecast: there are neither sales nor accounts before this day.")
    return sentence(
        "There is no forecast: it needs {least} whole months of revenue, and {n} known.",
        least=format.count(FEWEST),
        n=Bold(f"{format.count(known)} {'is' if known == 1 else 'are'}"),
    )


def _standing_out(far: pd.DataFrame, format: Format) -> str:
    if far.empty:
        return "No month stands out from its season."
    verb = "stands" if len(far) == 1 else "stand"
    return f"{_named(far['month'], format)} {verb} out from the season."


def _named(months: pd.Series, format: Format) -> str:
    """At most three months by name, the newest first."""
    names = [format.month(month) for month in months.iloc[::-1]]
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {format.count(len(names) - 2)} other months"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
