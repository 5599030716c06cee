"""Who is where between first contact and renewal: one row for each lead or customer, from one statement.

A *subject* is a lead, or a customer who was no lead. What a customer does after signing belongs to the lead
that became this customer, whichever of the two ids an event carries; an id that is both is the lead's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analytics.data.contract import STAGES
from analytics.errors import ParamsError, nearest
from analytics.metrics.purchases import SECONDS_A_DAY, day_number

ALL = "all"
LEVELS = ("Low", "Medium", "High", "Critical")
LEAD, MQL, SQL, CUSTOMER, RETAINED, EXPANSION, CHURNED = range(len(STAGES))
MOST_STEPS = 12
"""Stages of a path that are told apart; what comes after them is left away."""
ARROW = " → "
_BASE = 8  # a path is a number with one digit for each stage entered

MOST_LISTED = 500
"""Customers that are named one by one to an engine."""

Tables = Mapping[str, ibis.Table]
Ids: TypeAlias = "Sequence[str] | ibis.Table"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which subjects a page is about.

    Attributes
    ----------
    stage : str, default "all"
        Only subjects standing in this stage at the reference date.
    risk_level : str, default "all"
        Only customers whom the batch of predictions in force puts on this level.
    search : str, default ""
        Only subjects whose id, customer id, name or company contains this, in any case.

    Raises
    ------
    ParamsError
        If the stage or the level is none.
    """

    stage: str = ALL
    risk_level: str = ALL
    search: str = ""

    def __post_init__(self) -> None:
        for name, known in (("stage", STAGES), ("risk_level", LEVELS)):
            given = getattr(self, name)
            if given not in (ALL, *known):
                listed = ", ".join((ALL, *known))
                raise ParamsError(f'{name} "{given}" is none{nearest(given, known)}; allowed: {listed}')

    @property
    def filtered(self) -> bool:
        """Whether anybody may be left out."""
        return self.stage != ALL or self.risk_level != ALL or bool(self.search.strip())


def moments(tables: Tables, reference_date: date) -> ibis.Table:
    """All entries into stages before a reference date, of events and of what fills them in.

    Parameters
    ----------
    tables, reference_date
        As for `subjects`.

    Returns
    -------
    ibis.Table
        ``lead_id``, ``customer_id``, ``code`` (int64, place in `STAGES`), ``at`` (int64, seconds since
        1970-01-01), ``filled`` (int64: 0 of an event, 1 of what stands in for one).
    """
    edge = day_number(reference_date) * SECONDS_A_DAY
    return _moments(tables, _leads(tables["leads"], edge), edge)


def subjects(tables: Tables, reference_date: date, entries: ibis.Table | None = None) -> ibis.Table:
    """Every lead and customer known at a reference date, with the stages entered by then.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        ``stage_events``, ``leads``, ``accounts``, ``sales`` and ``customers`` as in the contract; any may be
        without rows.
    reference_date : datetime.date
        Nothing on or after it is read.
    entries : ibis.Table, optional
        What `moments` gives for the same, where it is at hand.

    Returns
    -------
    ibis.Table
        A lazy expression, one row for each subject: ``lead_id`` (null for a customer who was no lead),
        ``customer_id`` (null for a lead who is none, and for a further lead of a customer who has one
        already: it is ``again``), ``subject_id``, ``name``, ``source``, ``region``, ``owner``,
        ``entered_0`` … ``entered_6`` (seconds since 1970-01-01 of the first entry into each of `STAGES`, null
        for never), ``newest`` (8 × seconds + number of the stage, of the last change of stage), ``path`` (the
        stages in order, one octal digit each), ``created`` and ``converted`` (seconds, of the leads table).

    Notes
    -----
    Where a subject lacks an entry into a stage, other tables fill it in: Lead from ``leads.created_at``,
    Customer from the earliest of ``leads.converted_at``, ``accounts.started_at`` and the first purchase,
    Churned from ``accounts.churned_at`` of the last snapshot. So a funnel counts every row of the leads
    table, and a shop without any events still has customers. An event always wins over what would fill it in.

    A stage entered twice in a row counts once; going back is a change of stage like any other. Where two
    entries bear the same second, the stage that comes later in `STAGES` is the later one.
    """
    edge = day_number(reference_date) * SECONDS_A_DAY
    leads = _leads(tables["leads"], edge)
    # The union is used twice, so that it stands apart in the statement: SQLite nests no deeper.
    known = _moments(tables, leads, edge) if entries is None else entries
    known = known.mutate(who=ibis.coalesce("L" + known.lead_id, "C" + known.customer_id))
    own = known.group_by(owner="who", stage="code").agg(best=_.filled.min())
    told = [known.who == own.owner, known.code == own.stage, known.filled == own.best]
    kept = known.inner_join(own, told).select(
        "who", "lead_id", "customer_id", "code", at=known["at"], key=known["at"] * _BASE + known.code
    )
    in_turn = ibis.window(group_by="who", order_by="key")
    moved = kept.mutate(before=_.code.lag().over(in_turn))
    moved = moved.filter(_.before.isnull() | (_.before != _.code))
    placed = moved.mutate(place=ibis.row_number().over(in_turn))
    digit = (placed.code + 1) * ibis.literal(float(_BASE)) ** (MOST_STEPS - 1 - placed.place)
    found = placed.group_by("who").agg(
        lead_id=_.lead_id.max(),
        customer_id=_.customer_id.max(),
        newest=_.key.max(),
        path=digit.sum(where=placed.place < MOST_STEPS).cast("int64"),
        **{f"entered_{code}": placed["at"].min(where=placed.code == code) for code in range(7)},
    )
    return _described(found, leads, tables["customers"])


def choose(found: ibis.Table, chosen: Chosen, predictions: ibis.Table, batch_id: str | None) -> ibis.Table:
    """Keep the subjects that were asked for.

    Parameters
    ----------
    found : ibis.Table
        As returned by `subjects`.
    chosen : Chosen
    predictions : ibis.Table
        As in the contract.
    batch_id : str or None
        The batch in force; without one nobody has a risk level.

    Returns
    -------
    ibis.Table
    """
    if chosen.stage != ALL:
        found = found.filter(_.newest % _BASE == STAGES.index(chosen.stage))
    if text := chosen.search.strip().lower():
        fields = (found.lead_id, found.customer_id, found.name)
        hits = [field.fill_null("").lower().contains(text) for field in fields]
        found = found.filter(hits[0] | hits[1] | hits[2])
    if chosen.risk_level != ALL:
        level = _.risk_level.lower() == chosen.risk_level.lower()  # others may write it in another case
        wanted = predictions.filter(_.batch_id == (batch_id or ""), level)
        found = found.semi_join(wanted.select("customer_id"), "customer_id")
    return found


def conversions(entries: ibis.Table) -> ibis.Table:
    """When each subject became a customer.

    Parameters
    ----------
    entries : ibis.Table
        As returned by `moments`.

    Returns
    -------
    ibis.Table
        ``lead_id``, ``customer_id`` and ``converted`` (seconds), one row for each subject with a Customer
        entry, its first, or what fills it in.
    """
    return (
        entries.filter(_.code == CUSTOMER)
        .group_by("lead_id", "customer_id")
        .agg(
            recorded=_["at"].min(where=_.filled == 0),
            filled=_["at"].min(where=_.filled == 1),
        )
        .select("lead_id", "customer_id", converted=ibis.coalesce(_.recorded, _.filled))
    )


def customer_ids(found: ibis.Table, known: pd.Series) -> Ids:
    """The customer ids of subjects: what other tables are limited to.

    Parameters
    ----------
    found : ibis.Table
        As returned by `choose`.
    known : pandas.Series
        The customer ids of these subjects, where they have been read already.

    Returns
    -------
    sequence of str, or ibis.Table
        The ids themselves up to `MOST_LISTED`; beyond that an expression, which an engine joins more easily
        than it reads a long list.
    """
    ids: list[str] = sorted(known.dropna().unique())
    if len(ids) <= MOST_LISTED:
        return ids
    return found.filter(_.customer_id.notnull()).select("customer_id").distinct()


def limited(table: ibis.Table, only: Ids | None) -> ibis.Table:
    """The rows of some customers; all where nobody is chosen."""
    if only is None:
        return table
    if isinstance(only, ibis.Table):
        return table.semi_join(only, "customer_id")
    return table.filter(table.customer_id.isin(only))


def read_subjects(found: ibis.Table) -> pd.DataFrame:
    """Run the statement, and give stages their names.

    Parameters
    ----------
    found : ibis.Table
        As returned by `subjects` or `choose`.

    Returns
    -------
    pandas.DataFrame
        By ``subject_id`` (ties: a lead first): ids and descriptions as they are, ``again`` (bool), one column
        for each stage with the second of its first entry (float64, missing for never), ``stage`` (where the
        subject stands), ``since_day`` (int64, days since 1970-01-01), ``path`` (text, ``Lead → MQL``),
        ``first`` and ``last`` (seconds of the first and the last change of stage), ``created``, ``converted``
        (float64).
    """
    frame: pd.DataFrame = found.to_pandas()
    numbers = [*(f"entered_{code}" for code in range(7)), "created", "converted"]
    frame = frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(("newest", "path"), "int64"))
    frame["again"] = frame["again"].fillna(0).astype("int64").astype(bool)
    for name in ("lead_id", "customer_id", "name", "source", "region", "owner"):
        frame[name] = frame[name].astype("object").where(frame[name].notna(), None)
    frame = frame.rename(columns={f"entered_{code}": stage for code, stage in enumerate(STAGES)})
    last = frame["newest"] // _BASE
    return (
        frame.assign(
            stage=pd.Series(np.array(STAGES, dtype=object)[frame["newest"] % _BASE], index=frame.index),
            since_day=last // SECONDS_A_DAY,
            last=last.astype("float64"),
            first=frame[list(STAGES)].min(axis=1),
            path=frame["path"].map(_path_words(frame["path"])),
        )
        .drop(columns="newest")
        .sort_values(["subject_id", "lead_id"], ignore_index=True)
    )


def stacked(parts: Sequence[ibis.Table]) -> ibis.Table:
    """Rows of several tables with the same columns, one below another, in pairs: SQLite nests no deeper."""
    tables = list(parts)
    while len(tables) > 1:
        pairs = [tables[i : i + 2] for i in range(0, len(tables), 2)]
        tables = [ibis.union(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return tables[0]


def _path_words(paths: pd.Series) -> dict[int, str]:
    """Words of each path that occurs: ``Lead → MQL``."""
    return {
        number: ARROW.join(STAGES[int(digit) - 1] for digit in f"{number:0{MOST_STEPS}o}" if digit != "0")
        for number in paths.unique().tolist()
    }


def _leads(leads: ibis.Table, edge: int) -> ibis.Table:
    """Leads created by the reference date, each with its customer where it is the first lead of that one.

    A conversion that is still to come, and the customer of it, are not known yet.
    """
    later = leads.converted_at.epoch_seconds().cast("int64") >= edge
    converted = later.ifelse(_nothing(), leads.converted_at.epoch_seconds().cast("int64"))
    rows = leads.select(
        "lead_id", "company", "source", "region", "owner",
        customer_id=later.fill_null(False).ifelse(ibis.null("string"), leads.customer_id),
        created=leads.created_at.epoch_seconds().cast("int64"), converted=converted,
        order__=ibis.coalesce(converted, ibis.literal(1 << 50, "int64")),
    ).filter(_.created < edge)  # fmt: skip
    turn = ibis.window(group_by=rows.customer_id, order_by=[rows.order__, rows.created, rows.lead_id])
    first = ibis.row_number().over(turn) == 0
    known = rows.customer_id.notnull()
    return rows.select(
        "lead_id", "company", "source", "region", "owner", "created", "converted",
        of_customer=(known & first).ifelse(rows.customer_id, ibis.null("string")),
        again=(known & ~first).ifelse(1, 0),
    )  # fmt: skip


def _moments(tables: Tables, leads: ibis.Table, edge: int) -> ibis.Table:
    """All entries into stages before a second, of events and of what fills them in."""
    # Rows are chosen before anything is computed of them: each step would be one level more for a parser.
    table = tables["stage_events"]
    at = table.entered_at.epoch_seconds().cast("int64")
    events = table.filter(at < edge, table.stage.isin(STAGES)).select(
        subject="subject_id", stage="stage", at=at
    )
    mine = leads.select(own_id="lead_id", own_customer="of_customer")
    signed = leads.filter(_.of_customer.notnull()).select(signed_id="lead_id", signed_as="of_customer")
    joined = events.left_join(mine, events.subject == mine.own_id)
    joined = joined.left_join(signed, joined.subject == signed.signed_as)
    is_lead = joined.own_id.notnull()
    entered = joined.select(
        lead_id=is_lead.ifelse(joined.own_id, joined.signed_id),
        customer_id=is_lead.ifelse(joined.own_customer, joined.subject),
        code=ibis.cases(*[(joined.stage == stage, code) for code, stage in enumerate(STAGES)], else_=-1).cast(
            "int64"
        ),
        at=joined["at"],
        filled=ibis.literal(0, "int64"),
    )
    parts = [entered]
    for code, column in ((LEAD, "created"), (CUSTOMER, "converted")):
        parts.append(
            leads.select(
                lead_id="lead_id", customer_id="of_customer", code=ibis.literal(code, "int64"),
                at=column, filled=ibis.literal(1, "int64"),
            ).filter(_["at"] < edge)
        )  # fmt: skip
    begun, left = _contracts_and_sales(tables, edge)
    for code, rows in ((CHURNED, left), (CUSTOMER, begun)):  # the deepest last: it is stacked least
        own = rows.left_join(signed, rows.customer_id == signed.signed_as)
        parts.append(
            own.filter(own["at"] < edge).select(
                lead_id="signed_id", customer_id="customer_id", code=ibis.literal(code, "int64"),
                at="at", filled=ibis.literal(1, "int64"),
            )
        )  # fmt: skip
    return stacked(parts)


def _contracts_and_sales(tables: Tables, edge: int) -> tuple[ibis.Table, ibis.Table]:
    """When customers began by their contracts and purchases, and when contracts ended."""
    sales, accounts = tables["sales"], tables["accounts"]
    known = accounts.snapshot_at.epoch_seconds().cast("int64") < edge
    sold = sales.sold_at.epoch_seconds().cast("int64")
    bought = sales.filter(sales.customer_id.notnull(), sales.total_amount >= 0, sold < edge)
    started = ibis.coalesce(accounts.started_at, accounts.snapshot_at).epoch_seconds().cast("int64")
    begun = ibis.union(
        accounts.filter(known, started < edge).select("customer_id", at=started),
        bought.select("customer_id", at=sold),
    )
    # Who has left says so in the newest snapshot; of several departures that one holds the last.
    told, shot = accounts.churned_at.epoch_seconds().cast("int64"), accounts.snapshot_at.epoch_seconds()
    gone = shot.max(where=known) == shot.max(where=known & told.notnull())
    left = accounts.group_by("customer_id").agg(at=gone.ifelse(told.max(where=known), _nothing()))
    return begun.group_by("customer_id").agg(at=_["at"].min()), left


def _described(found: ibis.Table, leads: ibis.Table, customers: ibis.Table) -> ibis.Table:
    """Add what leads and customers say of the subjects."""
    of_lead = leads.select(
        the_lead="lead_id", company="company", source="source", lead_region="region", lead_owner="owner",
        created="created", converted="converted", again="again",
    )  # fmt: skip
    of_customer = customers.select(
        the_customer="customer_id", customer_name="name", customer_region="region", customer_owner="owner"
    )
    wide = found.left_join(of_lead, found.lead_id == of_lead.the_lead)
    wide = wide.left_join(of_customer, wide.customer_id == of_customer.the_customer)
    return wide.select(
        *(name for name in found.columns if name != "who"),
        subject_id=ibis.coalesce(wide.lead_id, wide.customer_id),
        name=ibis.coalesce(wide.customer_name, wide.company),
        source=wide.source,
        region=ibis.coalesce(wide.lead_region, wide.customer_region),
        owner=ibis.coalesce(wide.customer_owner, wide.lead_owner),
        created=wide.created,
        converted=wide.converted,
        again=wide.again,
    )


def _nothing() -> Any:
    return ibis.null("int64")
