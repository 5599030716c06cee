"""The way of one customer: stages, purchases, tickets, answers and predictions in the order of time."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.metrics.lifecycle_subjects import Tables, stacked
from analytics.metrics.purchases import SECONDS_A_DAY, day_number

LANES = ("stage", "purchase", "ticket", "nps", "prediction")
"""Kinds of events, in the order in which a timeline shows them."""
TICKETS = ("ticket", "critical_ticket")
NPS = "nps"
RETURN = "return"


def customer_journey(
    tables: Tables, reference_date: date, *, lead_id: str | None, customer_id: str | None
) -> pd.DataFrame:
    """Everything that happened to one subject before a reference date.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        ``stage_events``, ``leads``, ``accounts``, ``sales``, ``activities`` and ``predictions`` as in the
        contract; any may be without rows.
    reference_date : datetime.date
        Nothing on or after it is read; a batch of predictions dated on it counts.
    lead_id, customer_id : str or None
        The ids that the subject bears; not both None.

    Returns
    -------
    pandas.DataFrame
        By time, then in the order of `LANES`: ``at`` (datetime64), ``lane`` (of `LANES`), ``what`` (name of
        the stage, ``purchase`` or ``return``, ``ticket`` or ``critical_ticket``, ``nps``, risk level),
        ``number`` (money of a purchase, answer of an NPS, churn probability 0–1; missing for stages and
        tickets). A lead's creation and conversion are stages where no event tells of them. Answers come from
        the activities of kind ``nps``; where there are none at all, from the snapshots of the account.
    """
    edge = day_number(reference_date) * SECONDS_A_DAY
    ids = [one for one in (lead_id, customer_id) if one is not None]
    said = tables["activities"].filter(_.kind.isin([*TICKETS, NPS]))
    parts = [
        _events(tables["stage_events"], "subject_id", ids, "entered_at", 0, what="stage"),
        _events(said, "subject_id", ids, "occurred_at", 2, what="kind", number="value"),
    ]
    if customer_id is not None:
        parts += [
            _snapshots(tables["accounts"], customer_id),
            _sales(tables["sales"], customer_id),
            _batches(tables["predictions"], customer_id),
        ]
    if lead_id is not None:
        parts.append(_leads(tables["leads"], lead_id))
    rows = stacked(parts)
    found: pd.DataFrame = rows.filter(
        (rows["at"] < edge) | ((rows.lane == 4) & (rows["at"] <= edge))
    ).to_pandas()
    found = found.astype({"lane": "int64", "at": "int64", "number": "float64"})
    found = _told_once(found)
    found["lane"] = found["lane"].mask(found["what"] == NPS, LANES.index(NPS))
    found = found.sort_values(["at", "lane", "what", "number"], ignore_index=True)
    tickets = found["lane"].isin([0, LANES.index("ticket")])
    return pd.DataFrame(
        {
            "at": pd.to_datetime(found["at"], unit="s").astype("datetime64[us]"),
            "lane": found["lane"].map(dict(enumerate(LANES))),
            "what": found["what"].astype("object").where(found["what"].notna(), None),
            "number": found["number"].mask(tickets),
        }
    )


def find_subject(listed: pd.DataFrame, wanted: str) -> pd.Series | None:
    """The subject whose journey is shown.

    Parameters
    ----------
    listed : pandas.DataFrame
        As returned by `analytics.metrics.customer_success.customer_list`.
    wanted : str
        An id of a lead or of a customer, as it is written; a name, or a part of an id or a name in any case,
        takes the most valuable match. Empty: the most valuable of all.

    Returns
    -------
    pandas.Series or None
        A row of `listed`; None where nobody matches, or nobody is listed.
    """
    found = find_subjects(listed, wanted)
    return found.iloc[0] if len(found) else None


def find_subjects(listed: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """All whom a text may mean, as `find_subject` has it: the rows of `listed`, the best match first.

    Who bears the text as an id comes before those of whose id or name it is a part; those stay in the order
    of the list. An empty text means everybody.
    """
    text = wanted.strip()
    if not text:
        return listed
    parts = listed[["lead_id", "customer_id", "name"]].fillna("").astype(str)
    hits = parts.apply(lambda column: column.str.lower().str.contains(text.lower(), regex=False)).any(axis=1)
    found: pd.DataFrame = listed[hits]
    leads, customers = found["lead_id"].eq(text), found["customer_id"].eq(text)
    best = np.select([leads, customers], [0, 1], 2)
    return found.iloc[best.argsort(kind="stable")]


def _events(
    table: ibis.Table, key: str, ids: list[str], time: str, lane: int, *, what: str, number: str = ""
) -> ibis.Table:
    rows = table.filter(table[key].isin(ids))
    return rows.select(
        at=rows[time].epoch_seconds().cast("int64"),
        lane=ibis.literal(lane, "int64"),
        what=rows[what],
        number=rows[number].cast("float64") if number else ibis.null("float64"),
        source=ibis.literal(0, "int64"),
    )


def _snapshots(accounts: ibis.Table, customer_id: str) -> ibis.Table:
    """Answers in the snapshots of the account, which stand in where no activity tells of one."""
    rows = accounts.filter(accounts.customer_id == customer_id, accounts.nps.notnull())
    return rows.select(
        at=rows.snapshot_at.epoch_seconds().cast("int64"),
        lane=ibis.literal(2, "int64"),
        what=ibis.literal(NPS),
        number=rows.nps.cast("float64"),
        source=ibis.literal(1, "int64"),
    )


def _sales(sales: ibis.Table, customer_id: str) -> ibis.Table:
    rows = sales.filter(sales.customer_id == customer_id)
    return rows.select(
        at=rows.sold_at.epoch_seconds().cast("int64"),
        lane=ibis.literal(1, "int64"),
        what=(rows.total_amount < 0).ifelse(RETURN, "purchase"),
        number=rows.total_amount.cast("float64"),
        source=ibis.literal(0, "int64"),
    )


def _leads(leads: ibis.Table, lead_id: str) -> ibis.Table:
    """Creation and conversion of the lead, which stand in where no event tells of them."""
    row = leads.filter(leads.lead_id == lead_id)
    parts = [
        row.select(
            at=row[column].epoch_seconds().cast("int64"),
            lane=ibis.literal(0, "int64"),
            what=ibis.literal(stage),
            number=ibis.null("float64"),
            source=ibis.literal(1, "int64"),
        )
        for column, stage in (("created_at", "Lead"), ("converted_at", "Customer"))
    ]
    return ibis.union(*parts).filter(_["at"].notnull())


def _batches(predictions: ibis.Table, customer_id: str) -> ibis.Table:
    rows = predictions.filter(predictions.customer_id == customer_id)
    return rows.select(
        at=rows.predicted_at.epoch_seconds().cast("int64"),
        lane=ibis.literal(4, "int64"),
        what=rows.risk_level,
        number=rows.churn_probability.cast("float64"),
        source=ibis.literal(0, "int64"),
    )


def _told_once(found: pd.DataFrame) -> pd.DataFrame:
    """Leave out what stands in for events that are there."""
    told = found[found["source"] == 0]
    stages = told.loc[told["lane"] == 0, "what"]
    named = [*stages, *([NPS] if (told["what"] == NPS).any() else [])]
    doubled: pd.Series[bool] = (found["source"] == 1) & found["what"].isin(named)
    return found.loc[~doubled]
