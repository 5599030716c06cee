"""What past campaigns have shown: whether they paid, whom they won back, what share of leavers they saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.formats import Format
from analytics.page.pieces import FEW, Statement
from analytics.words.roi import UNMEASURED

STATUS = {
    "measured": "measured",
    "no control group": "not measurable: no control group",
    "not over": "not over yet",
    "too few": "too few contacts",
    "no outcome": "no outcome is known",
    "too few lost": f"under {FEW} of the control lost",
}
"""Why a campaign has no effect to show, in words."""

OTHERS = {"contract": "it judged purchases", "purchase": "it judged contracts"}
"""By what leaving means in the predictions, what is said of a campaign that was judged by the other."""

CHARACTERISTICS = {
    "recency_days": "days since the last purchase",
    "spend_365d": "spend of the year before",
    "tenure_days": "time as a customer",
    "acv": "contract value",
}
"""What groups are compared by before a campaign, in words."""

NEEDED_ARM = 1_000
"""Customers that an arm needs before targeting by effect is tried."""


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Put groups, what became of them and what they are compared by into words, for pictures and tables.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``arms``, ``balance``, ``win_back`` or ``save_share`` of
        `analytics.models.campaign_results.campaign_results`. It is not modified.

    Returns
    -------
    pandas.DataFrame
        `rows` with ``label`` (the campaign's name, with the arm where it has several) and, where they have a
        status or a characteristic, ``status_words`` and ``characteristic_words``.
    """
    names = rows["name"].astype(object).where(rows["name"].notna(), rows["campaign_id"])
    several = rows.groupby("campaign_id")["arm"].transform("nunique") > 1
    pairs = zip(names, rows["arm"], several, strict=True)
    said = {"label": [f"{name} ({arm})" if many else str(name) for name, arm, many in pairs]}
    for column, known in (("status", STATUS), ("characteristic", CHARACTERISTICS)):
        if column in rows:
            said[f"{column}_words"] = [known.get(str(value), str(value)) for value in rows[column]]
    return rows.assign(**said)


def retention(rows: pd.DataFrame, *, definition: str) -> pd.DataFrame:
    """Keep the groups of retention campaigns, labelled, and mark those that the share saved is measured by.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``save_share`` of `analytics.models.campaign_results.campaign_results`. It is not modified.
    definition : {"contract", "purchase"}
        What leaving means in the predictions: what keeps a subscriber says nothing of a shopper.

    Returns
    -------
    pandas.DataFrame
        With ``used`` (bool): lost in the way that is predicted. Of the others ``status_words`` says so.
    """
    found = labelled(rows[rows["purpose"] == "retention"].reset_index(drop=True))
    used = found["outcome"].eq("contracts") == (definition == "contract")
    words = found["status_words"].where(used, f"not used: {OTHERS[definition]}")
    return found.assign(used=used, status_words=words)


def campaigns(arms: pd.DataFrame, format: Format) -> Statement:
    """Whether past campaigns have paid.

    Parameters
    ----------
    arms : pandas.DataFrame
        ``arms`` of `analytics.models.campaign_results.campaign_results`.
    format : Format

    Returns
    -------
    Statement
    """
    judged = arms[arms["status"] == "measured"]
    others = arms[arms["status"] != "measured"]
    contacted, control = int(arms["contacted"].sum()), int(judged["control"].sum())
    based = (
        f"{_contacts(contacted, format)} in {_groups(len(arms), format)}, {format.count(control)} in control "
        f"groups; {_windows(arms, format)}"
    )
    read = (
        "A dot is the extra gain over the control group for each 1 of cost; beyond 1× the campaign has paid. "
        "Lines are 95% intervals. On grey, an effect is too small to be seen in groups of this size."
    )
    if arms.empty:
        return Statement("No campaign with contacts had begun")
    if judged.empty:
        reason = STATUS[str(others["status"].iloc[0])]
        same = others["status"].nunique() == 1
        heading = f"No campaign can be judged{': ' + reason.removeprefix('not measurable: ') if same else ''}"
        gross = float(arms["gross_revenue"].sum(min_count=1))
        lead = (
            ""
            if pd.isna(gross)
            else f"Those contacted bought for {format.money(gross)}, for whatever reason."
        )
        return Statement(heading, lead, "", based)
    counts = judged["verdict"].value_counts()
    pays, works, loses = (int(counts.get(name, 0)) for name in ("pays", "works, pays unclear", "loses"))
    n = _groups(len(judged), format)
    lead = _best(judged, format)
    if pays:
        heading = f"{format.count(pays)} of {n} with a control {'has' if pays == 1 else 'have'} paid"
    elif works:
        heading = f"{format.count(works)} of {n} had an effect; whether any paid is open"
    elif loses:
        heading = f"No campaign is shown to pay; {format.count(loses)} of {n} lost money"
    elif len(judged) == 1:
        heading = "The one campaign with a control is not shown to work"
    else:
        heading = f"None of {n} with a control is shown to work"
    return Statement(heading, lead, read, based)


def campaigns_missing(arms: pd.DataFrame) -> str:
    """Say what would fill the part on campaigns; an empty text where there is one to show."""
    if len(arms):
        return ""
    return (
        "No campaign that had begun has contacts. Enter who was contacted, and who was left out on purpose "
        "as the arm “control”, in campaign_contacts; this part then fills itself."
    )


def balance(rows: pd.DataFrame, format: Format) -> Statement:
    """Whether treated and control were alike before the campaign.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``balance`` of `analytics.models.campaign_results.campaign_results`.
    format : Format

    Returns
    -------
    Statement
    """
    known = rows[rows["standardised_difference"].notna()]
    n = format.count(len(known))
    based = f"{n} comparisons of treated and control before the first contact"
    if known.empty:
        return Statement("Whether the groups were alike before is not known", based=based)
    beyond = known[known["beyond_chance"].astype(bool)]
    apart = int(known["unbalanced"].sum())
    warned = (
        f"{format.count(apart) if apart else 'None'} of {n} {_differ(apart or 1)} by more than 0.1 standard "
        "deviations, the usual warning"
    )
    if beyond.empty:
        lead = f"{warned}; a fair split into groups of this size does that, too." if apart else f"{warned}."
        return Statement("Groups were alike before the campaigns, as far as chance allows", lead, "", based)
    first = beyond.iloc[int(beyond["standardised_difference"].abs().to_numpy().argmax())]
    lead = (
        f"{'It is' if len(beyond) == 1 else 'Furthest apart is'} the "
        f"{CHARACTERISTICS[first['characteristic']]} in {first['label']}. An effect measured there may be "
        f"the difference that was there before, though 1 fair comparison in 20 looks so, too. {warned}."
    )
    heading = f"{format.count(len(beyond))} of {n} comparisons {_differ(len(beyond))} by more than chance"
    return Statement(heading, lead, "", based)


def _differ(n: int) -> str:
    return "differs" if n == 1 else "differ"


def win_back(rows: pd.DataFrame, format: Format) -> Statement:
    """Whether customers who had lapsed came back.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``win_back`` of `analytics.models.campaign_results.campaign_results`.
    format : Format

    Returns
    -------
    Statement
    """
    n = int(rows["lapsed_contacts"].sum())
    within = f"; {_windows(rows, format)}" if len(rows) else ""
    based = f"{_contacts(n, format)} with lapsed customers in {_groups(len(rows), format)}{within}"
    judged = rows[
        (rows["status"] == "measured") & (rows["lapsed_contacts"] >= FEW) & (rows["control_lapsed"] >= FEW)
    ]
    if rows.empty:
        return Statement("No campaign has gone to customers who had lapsed")
    if judged.empty:
        return Statement("Whether campaigns win lapsed customers back is not measurable", based=based)
    sure = judged[(judged["difference_low"] > 0) | (judged["difference_high"] < 0)]
    among = judged if sure.empty else sure
    row = among.iloc[int(among["difference"].abs().to_numpy().argmax())]
    figures = (
        f"{format.percent(row['reactivated_rate'], 0)} came back, "
        f"{format.percent(row['control_reactivated_rate'], 0)} without"
    )
    if sure.empty:
        heading = f"No clear win-back: after {_short(row['label'], 24)}, {figures}"
    else:
        heading = f"After {_short(row['label'], 34)}, {figures}"
    return Statement(heading, "", "", based)


def win_back_missing(rows: pd.DataFrame, *, churn_days: int) -> str:
    """Say what would show a win-back; an empty text where there is one to show."""
    if len(rows):
        return ""
    return (
        f"None of the customers contacted had gone {churn_days} days without a purchase. A campaign to such "
        "customers, with a control group, shows how many come back because of it."
    )


def save_share(value: Mapping[str, Any], rows: pd.DataFrame, format: Format) -> Statement:
    """What is known of the assumption that matters most.

    Parameters
    ----------
    value : mapping
        As returned by `analytics.models.expected_profit.expected_value`.
    rows : pandas.DataFrame
        ``save_share`` of `analytics.models.campaign_results.campaign_results`.
    format : Format

    Returns
    -------
    Statement
    """
    share = format.share(value["save_share"], 0)
    if not value["save_share_measured"]:
        reason = UNMEASURED.get(str(value["save_share_reason"]), "")
        heading = f"That {share} of leavers are saved is assumed, not measured"
        lead = f"{reason[:1].upper()}{reason[1:]}." if reason else ""
        return Statement(heading, lead, "", "")
    rows = rows[rows["used"].astype(bool)]
    low, high = (format.share(value[f"save_share_{side}"], 0) for side in ("low", "high"))
    judged = rows[rows["status"] == "measured"]
    treated = int(judged["treated"].sum())
    control = int(judged.drop_duplicates("campaign_id")["control"].sum())
    based = (
        f"{format.count(treated)} treated, {format.count(control)} in control groups; the share of those who "
        f"would have left that stayed; {_windows(judged, format)}"
    )
    if value["save_share_low"] > 0:
        return Statement(f"Retention campaigns saved {share} of leavers ({low} to {high})", "", "", based)
    if value["save_share"] <= 0:
        return Statement(f"Retention campaigns have saved nobody so far ({low} to {high})", "", "", based)
    heading = f"Campaigns saved {share} of leavers, but it may be none ({low} to {high})"
    return Statement(heading, "", "", based)


def save_share_missing(rows: pd.DataFrame) -> str:
    """Say how to measure it where there is no retention campaign; an empty text where there is one."""
    if len(rows):
        return ""
    return (
        "Measure it: in the next retention campaign, leave some of the customers out at random, with the arm "
        "“control” in campaign_contacts. This part then fills itself."
    )


def uplift(found: Any, format: Format) -> Statement:
    """Whether it pays to choose customers by the effect a campaign has on them.

    Parameters
    ----------
    found : analytics.models.uplift.Uplift
        ``status``, ``verdict``, ``name``, ``arm``, ``treated``, ``control`` and ``scores`` are read.
    format : Format

    Returns
    -------
    Statement
    """
    if found.status != "measured":
        return Statement("The customers most at risk need not be the easiest to save")
    based = (
        f"{format.count(found.treated)} treated and {format.count(found.control)} control customers of "
        f"{found.name}, {found.arm}; each scored by models that have not seen them"
    )
    read = (
        "Going right, more customers are contacted. A curve above the dashed line means that its order finds "
        "those whom the campaign moves sooner than chance would."
    )
    score = found.scores[found.scores["targeting"] == "predicted effect"].iloc[0]
    qini = format.number(score["qini"], 4)
    if found.verdict == "evidence":
        heading = "Choosing by predicted effect finds those whom a campaign moves"
        return Statement(heading, f"Qini {qini}: beyond chance.", read, based)
    lead = f"Qini {qini}: orders by chance alone reach ±{format.number(2 * score['random_sd'], 4)}."
    heading = "There is no evidence for targeting: no order does better than chance"
    return Statement(heading, lead, read, based)


def uplift_missing(found: Any, format: Format) -> str:
    """Say what it takes to measure it; an empty text where it was measured."""
    if found.status == "measured":
        return ""
    had = "there is none yet"
    if found.status == "too small" and found.largest_arm:
        had = f"the largest so far had {format.count(found.largest_arm)}"
    return (
        f"It takes a randomised campaign with {format.count(NEEDED_ARM)} customers or more in each arm; "
        f"{had}. Until then customers are called in the order of expected gain, not of the effect a call has "
        "on them."
    )


def _windows(rows: pd.DataFrame, format: Format) -> str:
    """Say over how many days from the contact outcomes count, purchases and contracts each over their own."""
    spans = []
    for is_contracts, what in ((False, "purchases"), (True, "contracts")):
        days = rows.loc[rows["outcome"].eq("contracts") == is_contracts, "window_days"].unique()
        spans += [f"{what} over {format.days(int(n))}" for n in sorted(days)]
    return f"{', '.join(spans)} from the contact" if spans else ""


def _best(judged: pd.DataFrame, format: Format) -> str:
    """Name the campaign whose result is the most certain to be worth knowing."""
    name = "incremental_profit" if (judged["measure"] == "profit").any() else "net"
    rows = judged.assign(
        net=judged["incremental_revenue"] - judged["cost"],
        net_low=judged["incremental_revenue_low"] - judged["cost"],
        net_high=judged["incremental_revenue_high"] - judged["cost"],
    )
    rows = rows[rows[name].notna()]
    if rows.empty:
        return ""
    row = rows.iloc[int(rows[name].to_numpy().argmax())]
    of = "" if name == "incremental_profit" else " of revenue"
    span = f"{format.money(row[f'{name}_low'])} to {format.money(row[f'{name}_high'])}"
    best = "" if len(rows) == 1 else "Best so far: "
    return f"{best}{row['label']}, {format.money(row[name], sign=True)}{of} after cost (95% interval {span})."


def _short(label: Any, most: int) -> str:
    """Shorten the name of a campaign to what a heading has room for."""
    text = str(label)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _contacts(n: Any, format: Format) -> str:
    return f"{format.count(n)} contact{'' if int(n) == 1 else 's'}"


def _groups(n: Any, format: Format) -> str:
    return f"{format.count(n)} campaign group{'' if int(n) == 1 else 's'}"
