"""What the report on leads says: cards, summary, and one statement for each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.lead_evidence import LABELS, enough_tested, read_off, top_of
from analytics.page.pieces import FEW, Bold, Headline, Runs, Statement, sentence
from analytics.timeframe import Comparison
from analytics.words.headlines import difference, headline, moved_words, than

Status = Mapping[str, Any]
"""`status` of `analytics.models.lead_scoring.LeadResult`."""

HOLDS = 3.0
"""Points off on average up to which the chances are said to hold."""
_RULES = {"points": "the CRM's points", "source": "the source alone", "prior": "a guess"}


def headlines(
    status: Status, bands: pd.DataFrame, history: pd.DataFrame, comparison: Comparison, format: Format
) -> tuple[Headline, ...]:
    """Four cards: whom to call first, new leads, their conversion rate, and conversions.

    Parameters
    ----------
    status : mapping
    bands : pandas.DataFrame
        As `bands` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    history : pandas.DataFrame
        As returned by `analytics.metrics.lead_scoring.lead_history` for ``comparison.periods``.
    comparison : Comparison
    format : Format

    Returns
    -------
    tuple of Headline
    """
    now, days = history.iloc[-1], format.days(status["conversion_days"])
    won = format.count(now["conversion_rate_n"])
    return (
        _first(status, bands, format),
        headline(
            history, "new_leads", comparison, format, label="New leads", unit="events",
            base="created in the timeframe",
        ),
        headline(
            history, "conversion_rate", comparison, format, label="Conversion rate", unit="percent",
            good="up", base=f"within {days}, of {won} leads whose {days} ended in the timeframe",
        ),
        headline(
            history, "converted_leads", comparison, format, label="Conversions", unit="events",
            base="in the timeframe, of leads of any age",
        ),
    )  # fmt: skip


def _first(status: Status, bands: pd.DataFrame, format: Format) -> Headline:
    """The card of those to call first: the highest band, else the SQL leads, else all that are open."""
    of = f"of {leads_of(status['leads_in_time'], format)} under {format.days(status['conversion_days'])}"
    if status["model"]:
        row = bands.iloc[0]
        expected = format.number(row["expected_conversions"], 1 if row["expected_conversions"] < 10 else 0)
        return Headline(
            "hot_leads",
            f"{row['band']} leads to call now",
            format.count(row["open_leads"]),
            f"{of}; {expected} conversions expected of them",
        )
    if status["point_rules"]:
        return Headline("sql_leads", "SQL leads to take over", format.count(status["sql_leads"]), of)
    return Headline(
        "open_leads", "Open leads", format.count(status["leads_in_time"]), "none can be scored yet"
    )


def summary(
    status: Status,
    bands: pd.DataFrame,
    tests: pd.DataFrame,
    history: pd.DataFrame,
    comparison: Comparison,
    format: Format,
) -> tuple[Runs, ...]:
    """Whom to call, whether the score may be believed, and how conversion moves.

    Parameters
    ----------
    status, bands, history, comparison, format
        As for `headlines`.
    tests : pandas.DataFrame
        As `scores` of `analytics.models.lead_scoring.LeadResult`. It is not modified.

    Returns
    -------
    tuple of tuple
        At most 60 words and four bold figures.
    """
    if not status["total_leads"]:
        return (sentence("There is no lead to score yet."),)
    return (*_whom(status, bands, format), *_trust(status, tests), *_moved(history, comparison, format))


def _whom(status: Status, bands: pd.DataFrame, format: Format) -> tuple[Runs, ...]:
    top = top_of(bands) if status["model"] else None
    if top is not None:
        return (
            sentence(
                "Call the {n} that {score} {from_score} or more first: {rate} of tested leads like them "
                "converted, of all tested {all}.",
                n=Bold(leads_of(top.open_leads, format)),
                score="scores" if top.open_leads == 1 else "score",
                from_score=format.number(top.from_score),
                rate=Bold(format.percent(top.rate, 0)),
                all=format.percent(top.all_rate, 0),
            ),
        )
    if not status["leads_in_time"]:
        return (sentence("No open lead is young enough to call."),)
    if status["point_rules"]:
        return (
            sentence(
                "Take over the {n} that the point rules call SQL; there is no score yet.",
                n=Bold(leads_of(status["sql_leads"], format)),
            ),
        )
    return (sentence("{n} are open, and none can be ranked by a tested score yet.",
                     n=Bold(leads_of(status["leads_in_time"], format))),)  # fmt: skip


def _trust(status: Status, tests: pd.DataFrame) -> tuple[Runs, ...]:
    if not status["model"] or not enough_tested(status):
        return ()
    rule = best_rule(tests)
    name = _RULES[str(rule["model"])]
    if rule["auc_gain_low"] > 0:
        return (sentence("The score ranks leads better than {rule}.", rule=name),)
    if rule["auc_gain_high"] < 0:
        return (sentence("The score ranks leads worse than {rule}.", rule=name),)
    return (sentence("The score ranks leads no better than {rule}; it adds the chances.", rule=name),)


def _moved(history: pd.DataFrame, comparison: Comparison, format: Format) -> tuple[Runs, ...]:
    now = history.iloc[-1]
    if not now["conversion_rate_n"] >= FEW:
        return ()
    rate = Bold(format.percent(now["conversion_rate"]))
    found = difference(history, "conversion_rate", comparison, "previous", unit="percent")
    if found.amount is None:
        return (sentence("Of leads that had time, {rate} converted.", rate=rate),)
    if found.close:
        return (sentence("Conversion holds at {rate}, within what is usual.", rate=rate),)
    return (
        sentence(
            "Conversion {went} by {by} to {rate} since {than}.",
            went="rose" if found.up else "fell",
            by=moved_words(found, format, unit="percent"),
            rate=rate,
            than=than(comparison, "previous", format),
        ),
    )


def bands(status: Status, rows: pd.DataFrame, format: Format) -> Statement:
    """Say how much better the highest bands convert than all leads.

    Parameters
    ----------
    status : mapping
    rows : pandas.DataFrame
        As `bands` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format
    """
    if not status["model"]:
        return Statement("There are no bands without a score")
    tested = rows[rows["conversion_rate_n"] >= FEW]
    read = (
        "A bar is the share of tested leads in a band that really converted, with its 95% interval. Grey: "
        "fewer than 30 tested."
    )
    based = evidence_of(status, format)
    if tested.empty:
        return Statement("Too few leads were tested to say how bands convert", "", read, based)
    best, rest = tested.iloc[0], tested.iloc[-1]
    heading = (
        f"{_called(best)}: {format.percent(best['conversion_rate'], 0)} of tested leads converted; "
        f"{_called(rest)}: {format.percent(rest['conversion_rate'], 0)}"
    )
    if len(tested) == 1:
        heading = f"{_called(best)}: {format.percent(best['conversion_rate'], 0)} of tested leads converted"
    held = (tested["predicted_rate"] >= tested["conversion_rate_low"]) & (
        tested["predicted_rate"] <= tested["conversion_rate_high"]
    )
    lead = (
        f"In {format.count(held.sum())} of {format.count(len(tested))} bands with 30 tested leads or more, "
        "the chance given lies within the interval of what happened."
    )
    return Statement(heading, lead, read, based)


def missing(status: Status) -> str:
    """Say why there is no score; empty where there is one."""
    return " ".join(status["missing"])


def leads(status: Status, rows: pd.DataFrame, format: Format, *, shown: int) -> Statement:
    """Say how many leads are open, and by what the list is ordered.

    Parameters
    ----------
    status : mapping
    rows : pandas.DataFrame
        As `leads` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format
    shown : int
        Most rows on the page.
    """
    n, days = status["leads_in_time"], format.days(status["conversion_days"])
    if not n:
        return Statement(f"No open lead is younger than {days}", _older(status, format))
    by = "score" if status["order"] == "score" else "points"
    first = rows[rows["in_time"].astype(bool)].iloc[0]
    best = first["score"] if by == "score" else first["points"]
    known = f": the first has {format.number(best, int(by == 'score'))}" if pd.notna(best) else ""
    listed = leads_of(min(n, shown), format)
    heading = f"The {listed} to call first, by {by}{known}"
    return Statement(heading, _older(status, format), "", f"{leads_of(n, format)} open and under {days} old")


def _older(status: Status, format: Format) -> str:
    if not status["overdue_leads"]:
        return ""
    days = format.days(status["conversion_days"])
    be = "has" if status["overdue_leads"] == 1 else "have"
    return (
        f"{leads_of(status['overdue_leads'], format)} {be} been open for {days} or more: most of their "
        "chance has passed, and they are in the file only."
    )


def stages(status: Status, rows: pd.DataFrame, format: Format) -> Statement | None:
    """Say how many leads the point rules call SQL; None where the market has none.

    Parameters
    ----------
    status : mapping
    rows : pandas.DataFrame
        As `assignments` of `analytics.models.lead_scoring.LeadResult` gives them. It is not modified.
    format : Format
    """
    if not status["point_rules"]:
        return None
    sql, n = int(rows["sql_leads"].sum()), status["leads_in_time"]
    points = format.number(status["sql_from_points"])
    heading = (
        f"{format.count(sql)} of {leads_of(n, format)} {'is' if sql == 1 else 'are'} SQL by the point rules"
    )
    lead = f"From {points} points on, or on asking for a consultant, a lead is SQL; below, MQL."
    if not status["consultant_counts"]:
        lead = f"From {points} points on a lead is SQL; below, MQL."
    read = (
        "Points are the CRM's own and have no upper limit. The region decides who takes a lead, else its "
        "owner."
    )
    return Statement(heading, lead, read, f"{leads_of(n, format)} in time")


def scores(status: Status, rows: pd.DataFrame, format: Format) -> Statement | None:
    """Say whether the score ranks leads better than what needs no model; None without a model.

    Parameters
    ----------
    status : mapping
    rows : pandas.DataFrame
        As `scores` of `analytics.models.lead_scoring.LeadResult`. It is not modified.
    format : Format
    """
    if not status["model"] or rows.empty:
        return None
    own, rule = rows.iloc[0], best_rule(rows)
    mine, other = (format.number(row["roc_auc"], 2) for row in (own, rule))
    name = _RULES[str(rule["model"])]
    read = (
        "AUC: of pairs of one that converted and one that did not, the share in which the converted one "
        f"ranks higher; {format.number(0.5, 1)} is a guess. Bands are 95% intervals."
    )
    based = evidence_of(status, format)
    if not enough_tested(status):
        return Statement("Too few leads were tested to compare the score", "", read, based)
    heading = f"The score ranks no better than {name}: AUC {mine} and {other}"
    if rule["auc_gain_low"] > 0:
        heading = f"The score ranks better than {name}: AUC {mine} against {other}"
    elif rule["auc_gain_high"] < 0:
        verb = "rank" if rule["model"] == "points" else "ranks"
        heading = f"{name[:1].upper()}{name[1:]} {verb} better than the score: AUC {other} against {mine}"
    lead = "The list is therefore ordered by points." if status["order"] == "points" else ""
    return Statement(heading, lead, read, based)


def gains(status: Status, rows: pd.DataFrame, format: Format) -> Statement | None:
    """Say how many conversions a short call list would have held; None without a model."""
    if not status["model"]:
        return None
    read = (
        "Tested leads stand with the highest score first. The further the curve bends from the dashed line, "
        "the more conversions a list of that length holds."
    )
    row = read_off(rows)
    if row is None:
        return Statement(
            "Too few were tested to say what a call list holds", "", read, evidence_of(status, format)
        )
    depth, held = format.percent(row["depth_percent"], 0), format.percent(row["recall_rate"], 0)
    lead = (
        f"On it {format.percent(row['precision_rate'], 0)} converted, {format.number(row['lift'], 1)} times "
        "the share of all leads."
    )
    return Statement(
        f"The first {depth} of the list hold {held} of conversions", lead, read, evidence_of(status, format)
    )


def calibration(status: Status, rows: pd.DataFrame, tests: pd.DataFrame, format: Format) -> Statement | None:
    """Say whether as many converted as the scores said; None without a model."""
    if not status["model"] or rows.empty:
        return None
    n = float(rows["leads"].sum())
    expected, happened = (float((rows["leads"] * rows[c]).sum()) / n for c in ("predicted", "actual"))
    off = 100 * float(tests.iloc[0]["calibration_error"])
    points = f"{format.points(off)} off on average"
    read = (
        "A dot is a group of leads with like scores: to the right, more were expected to convert; higher up, "
        "more did. Lines are 95% intervals. Below: the open leads."
    )
    lead = (
        f"Over all tested leads {format.share(expected)} were expected to convert, and "
        f"{format.share(happened)} did."
    )
    if not enough_tested(status):
        return Statement(
            "Too few leads were tested to check the chances", "", read, evidence_of(status, format)
        )
    inside = (rows["predicted"] >= rows["low"]) & (rows["predicted"] <= rows["high"])
    lead += (
        f" In {format.count(inside.sum())} of {format.count(len(rows))} groups the chance given lies within "
        "the interval."
    )
    heading = f"A score can be read as a chance: {points}" if off <= HOLDS else f"The chances are {points}"
    return Statement(heading, lead, read, evidence_of(status, format))


def features(status: Status, rows: pd.DataFrame, format: Format) -> Statement | None:
    """Say which column tells most, or which are suspected to hold the answer; None without any."""
    if rows.empty:
        return None
    read = (
        "Each column alone, as leads with the same value have converted: the further right, the more it "
        f"tells. {format.number(0.5, 1)} tells nothing."
    )
    based = f"{format.count(len(rows))} columns"
    bad = rows[rows["suspected"].astype(bool)]
    if len(bad):
        first = label_of(str(bad["feature"].iloc[0]), 24)
        more = f" and {format.count(len(bad) - 1)} more" if len(bad) > 1 else ""
        return Statement(f"Suspected to hold the answer: {first}{more}", _suspects(status), read, based)
    best = rows.iloc[0]
    auc = format.number(best["alone_auc"], 2)
    name = label_of(str(best["feature"]), 40)
    return Statement(
        f"{name} tells most of what one column tells: AUC {auc} alone",
        "No column separates the outcomes almost perfectly, so none is suspected to hold the answer.",
        read,
        based,
    )


def _suspects(status: Status) -> str:
    if status["suspects_used"]:
        return "The score was made with them, as asked: how well it ranks cannot be believed."
    return (
        "They were left out of the score. Such columns are often filled in after somebody has spoken to the "
        "lead."
    )


def best_rule(rows: pd.DataFrame) -> pd.Series:
    """The baseline with the greatest AUC, ties by the order of the rows."""
    rules = rows[rows["role"] == "baseline"]
    return rules.sort_values("roc_auc", ascending=False, kind="stable").iloc[0]


def evidence_of(status: Status, format: Format) -> str:
    """Name the leads that the evidence is made of."""
    n = leads_of(status["test_leads"], format, kind="tested ")
    if status["test"] == "later":
        since = format.date(pd.Timestamp(status["test_from"]))
        return f"{n}, created from {since} on, later than all learnt from"
    return f"{n}, each by a model that had not seen it" if status["test"] else "no lead could be tested"


def leads_of(n: float, format: Format, *, kind: str = "") -> str:
    """Count leads in words."""
    return f"{format.count(n)} {kind}lead{'' if n == 1 else 's'}"


def label_of(feature: str, most: int) -> str:
    """A feature in words, cut to a number of characters."""
    name = LABELS.get(feature, feature)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Name a few features: ``Tags, Lead Quality and 2 more``."""
    shown = [label_of(name, 30) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _called(row: pd.Series) -> str:
    return str(row["band"])[:20]
