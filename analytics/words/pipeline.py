"""What the pipeline report says of open deals: cards, summary, and a statement for each picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import difference, headline, moved_words, than

AHEAD = 90
"""Days ahead that a forecast of the pipeline counts."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every sentence needs to know.

    Attributes
    ----------
    format : Format
    comparison : Comparison
    min_deal_value : float
        Least value of a deal at risk.
    with_history : bool
        Whether the organisation has a table of changes of deals.
    with_deals : bool, default True
        Whether it has a table of deals.
    """

    format: Format
    comparison: Comparison
    min_deal_value: float
    with_history: bool
    with_deals: bool = True

    @property
    def last_day(self) -> str:
        """The last day that was read, in words."""
        return self.format.date(self.comparison.this.reference_date - timedelta(days=1))

    @property
    def until(self) -> str:
        """The last of the 90 days ahead, in words."""
        return self.format.date(self.comparison.this.reference_date + timedelta(days=AHEAD - 1))

    def deals(self, n: float) -> str:
        """Count deals in words."""
        return f"{self.format.count(n)} {'deal' if n == 1 else 'deals'}"

    def based(self, n: float) -> str:
        """Name the base of a picture of open deals."""
        return f"{self.deals(n)} open at the end of {self.last_day}"


def headlines(setting: Setting, history: pd.DataFrame) -> tuple[Headline, ...]:
    """Four cards: what is open, what should close in 90 days, how much is won, what is at risk.

    Parameters
    ----------
    setting : Setting
    history : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.headlines` for ``comparison.periods``.

    Returns
    -------
    tuple of Headline
        None without a table of deals.
    """
    if not setting.with_deals:
        return ()
    show, comparison, now = setting.format, setting.comparison, history.iloc[-1]
    size = f", {show.money(now['avg_deal_size'])} each" if now["deal_count"] else ""
    soon = setting.deals(now["expected_90d_deals"])
    closed = int(now["win_rate_n"])
    return (
        headline(
            history, "total_pipeline", comparison, show, label="Open pipeline", unit="money", good="up",
            base=f"{setting.deals(now['deal_count'])} open on {setting.last_day}{size}",
        ),
        headline(
            history, "weighted_forecast_90d", comparison, show, label="Forecast for 90 days", unit="money",
            good="up",
            base=(f"weighted; {soon} worth {show.money(now['expected_90d_value'])} expected by "
                f"{setting.until}"),
        ),
        headline(
            history, "won_percent", comparison, show, label="Win rate", unit="percent", good="up",
            base=f"{show.count(now['won_deals'])} won of {show.count(closed)} closed in the timeframe",
            name="win_rate",
        ),
        headline(
            history, "at_risk_deals", comparison, show, label="Deals at risk", unit="count", good="down",
            base=(f"worth {show.money(now['at_risk_value'])}; each {show.money(setting.min_deal_value)} "
                "or more"),
        ),
    )  # fmt: skip


def summary(setting: Setting, history: pd.DataFrame, at_risk: pd.DataFrame) -> tuple[Runs, ...]:
    """Two or three sentences: what should come, what has changed, whom to call.

    Parameters
    ----------
    setting, history
        As for `headlines`.
    at_risk : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.at_risk_deals`.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    show, now = setting.format, history.iloc[-1]
    if not setting.with_deals:
        return (sentence("There is no table of deals, so that only accounts are shown."),)
    if not now["deal_count"]:
        return (
            sentence("No deal was open at the end of {day}.", day=setting.last_day),
            _won(setting, history),
        )
    if now["unweighted_deals"] == now["deal_count"]:
        first = sentence(
            "{deals} worth {value} are open; nothing is known by which they could be weighted.",
            deals=setting.deals(now["deal_count"]),
            value=Bold(show.money(now["total_pipeline"])),
        )
    else:
        first = sentence(
            "Of {value} open, {forecast} should be won by {day}.",
            value=show.money(now["total_pipeline"]),
            forecast=Bold(show.money(now["weighted_forecast_90d"])),
            day=setting.until,
        )
    return (first, _won(setting, history), _next(setting, now, at_risk))


def stages(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say in which stage most of the value stands, and where deals wait.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.by_stage`.
    """
    show, total = setting.format, float(rows["value"].sum())
    deals = int(rows["deal_count"].sum())
    if not deals:
        return Statement("No deal is open", based=setting.based(0))
    top = rows.iloc[int(rows["value"].to_numpy().argmax())]
    share = 100 * float(top["value"]) / total if total else math.nan
    heading = f"Most value stands in {_short(top['stage'])}: {show.money(top['value'])}"
    heading += "" if math.isnan(share) else f", {show.percent(share, 0)} of the pipeline"
    late = rows[rows["stagnant_deals"] > 0].sort_values("stagnant_deals", ascending=False)
    lead = ""
    if len(late):
        worst = late.iloc[0]
        stagnant = int(rows["stagnant_deals"].sum())
        lead = (
            f"{setting.deals(stagnant)} {_have(stagnant)} stood in one stage for more than 60 days, "
            f"{show.count(worst['stagnant_deals'])} of them in {_short(worst['stage'])}."
        )
    unknown = rows.loc[rows["stage"] == "unknown", "deal_count"].sum()
    beside = f"; the stage of {show.count(unknown)} was not known on that day" if unknown else ""
    return Statement(
        heading,
        lead,
        "Grey is the value of the open deals, blue the part that their chances make likely. The words "
        "say how "
        "many deals, and how long they have been in the stage on average.",
        setting.based(deals) + beside,
    )


def deals(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say which open deals are worth most, and how much of the likely value they hold.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.by_priority`.
    """
    show, known = setting.format, rows[rows["priority_value"].notna()]
    total = float(known["priority_value"].sum())
    if known.empty or not total:
        return Statement("Open deals cannot be put in order of likely value", based=setting.based(len(rows)))
    top = known.head(10)
    share = 100 * float(top["priority_value"].sum()) / total
    basis = "the classifier" if (known["basis"] == "classifier").any() else "points"
    heading = (
        f"{setting.deals(len(known))} hold {show.money(total)} of likely value"
        if len(known) <= 10
        else f"Ten deals hold {show.percent(share, 0)} of the likely value"
    )
    return Statement(
        heading,
        f"Likely value is value × chance to close; the chance is {basis}'s, and points stand beside it.",
        "Points are the stage's base, engagement and qualification, less lateness and competition. Their "
        "sum is "
        "kept between 1 and 99.",
        setting.based(len(rows)),
    )


def forecast(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what open deals should bring in the months ahead, by both ways of weighting.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`.
    """
    show = setting.format
    ahead = rows[rows["timing"] == "expected"]
    found = rows[rows["timing"] != "past"]
    if not found["deals"].sum():
        return Statement("No deal is open, so that none can be forecast")
    weighted, by_stage = ahead["weighted_value"].sum(), ahead["stage_weighted_value"].sum()
    if weighted:
        heading = f"{show.money(weighted)} should be won in the months ahead"
        lead = f"By how often deals in their stages were won before, it would be {show.money(by_stage)}."
    else:
        heading = "No open deal with a known chance should close in the months ahead"
        lead = ""
    apart = [_apart(setting, rows, timing, words) for timing, words in _APART.items()]
    return Statement(
        heading,
        " ".join([lead, *(text for text in apart if text)]).strip(),
        "Each column is the value of deals expected to close in the month, times the chance of each. The "
        "mark "
        "across it is the same by the historical rates of their stages.",
        setting.based(int(found["deals"].sum())),
    )


def actual(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how forecasts made on the first day of past months came out.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.monthly_forecast`.
    """
    show, past = setting.format, rows[rows["timing"] == "past"]
    sure = past[past["deals"] > 0]
    if sure.empty:
        return Statement("No forecast of a past month can be held against what came")
    forecast_sum, came = sure["weighted_value"].sum(), sure["won_value"].sum()
    of_them = sure["won_from_forecast"].sum()
    months = f"{show.count(len(sure))} {'month' if len(sure) == 1 else 'months'}"
    heading = f"{months}: {show.money(forecast_sum)} forecast, {show.money(came)} won"
    lead = (
        f"Of what was won, {show.money(of_them)} came from the deals that were expected in that very "
        "month; the "
        f"rest closed earlier or later than expected, or was opened since."
    )
    return Statement(
        heading,
        lead,
        "The dashed line was forecast on the first day of the month from what was known then; the other "
        "is what "
        "was won in it.",
        f"deals open on the first day of {months}, and deals won in them",
    )


def actual_missing(rows: pd.DataFrame) -> str:
    """Say why no forecast can be held against what came; empty where one can."""
    if (rows.loc[rows["timing"] == "past", "deals"] > 0).any():
        return ""
    return "No past month began with a deal that was expected to close in it."


def at_risk(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say how much stands at risk, and what is wrong most often.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.at_risk_deals`.
    """
    show, n = setting.format, len(rows)
    least = show.money(setting.min_deal_value)
    if not n:
        return Statement(f"No open deal of {least} or more is at risk")
    heading = (
        f"{setting.deals(n)} worth {show.money(rows['deal_value'].sum())} {'is' if n == 1 else 'are'} at risk"
    )
    counts = {
        "stagnant": rows["risk_factors"].str.contains("stagnant").sum(),
        "silent": rows["risk_factors"].str.contains("silent").sum(),
    }
    lead = (
        f"{show.count(counts['stagnant'])} have not moved for more than 60 days, "
        f"{show.count(counts['silent'])} "
    )
    lead += "have been silent for two weeks or more. Close them, or give each a next step and a date."
    return Statement(
        heading,
        lead,
        f"Open deals of {least} or more with a health below 40 of 100, or stagnant; the most valuable first.",
        setting.deals(n) + f" of {least} or more",
    )


def upcoming(setting: Setting, rows: pd.DataFrame) -> Statement:
    """Say what should close in 90 days, and what should have closed already.

    Parameters
    ----------
    setting : Setting
    rows : pandas.DataFrame
        As returned by `analytics.metrics.pipeline.upcoming`.
    """
    show = setting.format
    late, soon = rows[rows["overdue"]], rows[~rows["overdue"]]
    if rows.empty:
        return Statement(f"No open deal is expected to close by {setting.until}")
    if len(late):
        heading = (
            f"{setting.deals(len(late))} worth {show.money(late['deal_value'].sum())} should have "
            "closed already"
        )
        lead = f"{show.count(len(soon))} more should close by {setting.until}."
        lead += " Ask for a new date, or close them: overdue deals are in no forecast."
    else:
        heading = f"{setting.deals(len(soon))} should close by {setting.until}, none is overdue"
        lead = ""
    return Statement(
        heading,
        lead,
        _WEEKS,
        setting.deals(len(rows)),
    )


def scenario(setting: Setting, row: pd.Series, *, of_timeframe: bool) -> Statement:
    """Say what the changes asked for would bring.

    Parameters
    ----------
    setting : Setting
    row : pandas.Series
        Of `analytics.models.deals.what_if.scenario`.
    of_timeframe : bool
        Whether the win rate is the timeframe's own.
    """
    show = setting.format
    if pd.isna(row["baseline_forecast"]):
        return Statement("No what-if without a closed deal")
    changes = ", ".join(
        f"{show.percent(row[name], _places(row[name]), sign=True)} {words}"
        for name, words in _LEVERS.items()
        if row[name]
    )
    delta = row["delta_forecast"]
    if not changes:
        heading = f"Pipeline × win rate: {show.money(row['baseline_forecast'])}"
    else:
        way = "more" if delta >= 0 else "less"
        heading = f"The what-if would bring {show.money(abs(delta))} {way}"
        if pd.notna(row["delta_percent"]):
            heading += f" ({show.percent(row['delta_percent'], sign=True)})"
    rate = show.share(row["baseline_win_rate"])
    whose = "the timeframe's" if of_timeframe else "that of all closed deals: too few closed in the timeframe"
    capped = " The projected win rate is held at 100%." if row["win_rate_capped"] else ""
    return Statement(
        heading,
        (f"With {changes}; the changes multiply." if changes else "") + capped,
        "From pipeline × win rate as they are to what they would be; each step is what one change adds "
        "after those "
        "before it.",
        f"{show.money(row['baseline_pipeline'])} open at a win rate of {rate}, {whose}",
    )


def _won(setting: Setting, history: pd.DataFrame) -> Runs:
    show, now = setting.format, history.iloc[-1]
    closed = int(now["win_rate_n"])
    if closed < FEW:
        return sentence(
            "{n} closed in the timeframe, {won} of them won.",
            n=setting.deals(closed),
            won=show.count(now["won_deals"]),
        )
    found = difference(history, "won_percent", setting.comparison, "previous", unit="percent")
    rate = Bold(show.percent(now["won_percent"]))
    if found.amount is None:
        return sentence("{rate} of closed deals were won.", rate=rate)
    other = than(setting.comparison, "previous", show)
    if found.close:
        return sentence("{rate} of closed deals were won, close to {other}.", rate=rate, other=other)
    way = "more" if found.up else "fewer"
    size = moved_words(found, show, unit="percent")
    text = "{rate} of closed deals were won, {size} {way} than in {other}."
    return sentence(text, rate=rate, size=size, way=way, other=other)


def _next(setting: Setting, now: pd.Series, at_risk: pd.DataFrame) -> Runs:
    show = setting.format
    if len(at_risk):
        return sentence(
            "Next, go through the {n} at risk, worth {value}, from the largest down.",
            n=Bold(setting.deals(len(at_risk))),
            value=Bold(show.money(now["at_risk_value"])),
        )
    if now["overdue_deals"]:
        return sentence(
            "Next, ask for new dates of the {n} that should have closed already.",
            n=Bold(setting.deals(now["overdue_deals"])),
        )
    return ()


_WEEKS = (
    "The first column is overdue, each other one a week from now; blue is the part that the chances of its "
    "deals make likely."
)
_APART = {"overdue": "should have closed already", "undated": "have no expected date", "later": "close later"}
_LEVERS = {
    "pipeline_change": "pipeline",
    "win_rate_change": "win rate",
    "deal_size_change": "deal size",
}


def _apart(setting: Setting, rows: pd.DataFrame, timing: str, words: str) -> str:
    found = rows[rows["timing"] == timing]
    if found.empty:
        return ""
    row: Any = found.iloc[0]
    verb = (
        words
        if row["deals"] != 1
        else words.replace("have no", "has no").replace("close later", "closes later")
    )
    return (
        f"{setting.deals(row['deals'])} worth {setting.format.money(row['value'])} {verb} and are not in it."
    )


def _short(name: Any, most: int = 24) -> str:
    text = str(name)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _places(value: float) -> int:
    return 0 if float(value).is_integer() else 1


def nothing_at_risk(rows: pd.DataFrame) -> str:
    """Say that no deal is at risk; empty where some are."""
    return "" if len(rows) else "No open deal is both large enough and critical or stagnant."


def nothing_upcoming(rows: pd.DataFrame) -> str:
    """Say that no deal should close soon; empty where some should."""
    return "" if len(rows) else "No open deal has an expected date in the next 90 days or before."
