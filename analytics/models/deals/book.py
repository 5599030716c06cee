"""The book of deals: open deals at every reference date that the page needs, each scored as of its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import ibis
import numpy as np
import pandas as pd

from analytics.metrics import pipeline
from analytics.metrics.closings import closings
from analytics.metrics.deals import deals_then
from analytics.metrics.purchases import day_number
from analytics.metrics.stage_moves import stage_rates, stays, won_percents
from analytics.models.deals import close_probability as classifier
from analytics.models.deals import points
from analytics.params.pipeline_rules import PipelineRules
from analytics.timeframe import Timeframe


@dataclass(frozen=True)
class Book:
    """Deals with their chance, health and value.

    Attributes
    ----------
    periods : tuple of Timeframe
        Those to compare, the page's own last.
    rules : PipelineRules
    min_deal_value : float
        Least value of a deal at risk.
    opened : dict of datetime.date to pandas.DataFrame
        Reference date → open deals then. To the columns of `analytics.metrics.deals.DealsThen.opened` come
        those of `points.close_points`, `points.deal_health` and `points.deal_value`, ``key_factors``,
        ``deal_value`` (the deal's value), ``basis`` (classifier or points), ``classifier_probability`` and
        ``close_probability`` (1–99), ``weighted_value`` = ``priority_value`` = value × it / 100,
        ``stage_percent`` (won of those that have been in the stage) and ``stage_weighted_value``.
    closed, entries : pandas.DataFrame
        Closed deals and entries into stages before the last reference date.
    closings : pandas.DataFrame
        As returned by `analytics.metrics.closings.closings` for the periods.
    months : tuple of datetime.date
        First days of the months whose forecasts are held against what came.
    model : CloseModel
        Of the last reference date.
    weekly : pandas.DataFrame
        All deals as they stood, once a week; what the models learn from.
    """

    periods: tuple[Timeframe, ...]
    rules: PipelineRules
    min_deal_value: float
    opened: dict[date, pd.DataFrame]
    closed: pd.DataFrame
    entries: pd.DataFrame
    closings: pd.DataFrame
    months: tuple[date, ...]
    model: classifier.CloseModel
    weekly: pd.DataFrame

    @property
    def edge(self) -> date:
        """The reference date."""
        return self.periods[-1].reference_date

    @property
    def open(self) -> pd.DataFrame:
        """The deals open at the reference date."""
        return self.opened[self.edge]

    @cached_property
    def headlines(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.pipeline.headlines`."""
        frames = [self.opened[period.reference_date] for period in self.periods]
        return pipeline.headlines(frames, self.closings, min_deal_value=self.min_deal_value)

    @cached_property
    def stages(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.pipeline.by_stage`."""
        normal = {name: stage.normal_days for name, stage in self.rules.stages.items()}
        rates = stage_rates(self.closed, self.entries, self.rules.order)
        return pipeline.by_stage(self.open, rates, normal)

    @cached_property
    def owners(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.pipeline.owners`."""
        ended = stays(self.closed, self.entries, self.rules.order)
        start = day_number(min(self.periods[-1].start, self.edge))
        days = (start, day_number(self.edge))
        return pipeline.owners(self.open, self.closed, self.entries, ended, self.rules.order, days)

    @cached_property
    def forecast(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.pipeline.monthly_forecast`."""
        then = {day: self.opened[day] for day in self.months}
        past = pipeline.forecast_against_actual(then, self.closed, self.edge)
        return pipeline.monthly_forecast(self.open, past, self.edge)

    @cached_property
    def at_risk(self) -> pd.DataFrame:
        """As returned by `analytics.metrics.pipeline.at_risk_deals`."""
        return pipeline.at_risk_deals(self.open, min_deal_value=self.min_deal_value)

    @cached_property
    def test(self) -> classifier.Holdout:
        """How the classifier did on later deals."""
        return classifier.evaluate(self.weekly, self.rules)


def read_book(
    deals: ibis.Table,
    history: ibis.Table | None,
    periods: Sequence[Timeframe],
    rules: PipelineRules,
    *,
    first_day: date | None = None,
    min_deal_value: float = 5_000,
) -> Book:
    """Read open and closed deals, and score the open ones at each reference date with what was known then.

    Parameters
    ----------
    deals, history : ibis.Table
        ``deals`` and ``deal_history`` as in the contract; without a history, None or no rows.
    periods : sequence of Timeframe
        The page's own last.
    rules : PipelineRules
    first_day : datetime.date, optional
        First day of the data; without it no earlier forecast is held against what came.
    min_deal_value : float, default 5000
        Least value of a deal at risk.

    Returns
    -------
    Book
    """
    edge = periods[-1].reference_date
    months = tuple(pipeline.forecast_months(first_day, edge))
    edges = sorted({*(period.reference_date for period in periods), *months})
    found = deals_then(deals, history, edges)
    opened, closed, entries = found.opened, found.closed, found.entries
    still = opened[edge].assign(closed_day=float(day_number(edge)))
    lives = classifier.weekly(pd.concat([closed, still[closed.columns]], ignore_index=True), entries)
    learnt_from = classifier.features(lives, rules)
    # Many models look through the same rows; a number for each deal, in their order, is found sooner.
    numbers, _ = pd.factorize(lives["deal_id"], sort=True)
    learning = lives[[*classifier.LEARNT_FROM]].assign(deal_id=numbers)
    models = {
        day: classifier.fit(classifier.known_by(learning, day_number(day)), rules, learnt_from)
        for day in edges
    }
    return Book(
        periods=tuple(periods),
        rules=rules,
        min_deal_value=min_deal_value,
        opened=score(opened, closed, entries, models, rules),
        closed=closed,
        entries=entries,
        closings=closings(deals, periods),
        months=months,
        model=models[edge],
        weekly=lives,
    )


def score(
    opened: Mapping[date, pd.DataFrame],
    closed: pd.DataFrame,
    entries: pd.DataFrame,
    models: Mapping[date, classifier.CloseModel],
    rules: PipelineRules,
) -> dict[date, pd.DataFrame]:
    """Give open deals their points, their chance and their value, those of all days in one go.

    Parameters
    ----------
    opened : mapping of datetime.date to pandas.DataFrame
        As `analytics.metrics.deals.DealsThen.opened`.
    closed, entries : pandas.DataFrame
        Closed deals, and entries into stages; of what closed on a day or after it, the day knows nothing.
    models : mapping of datetime.date to CloseModel
        For each day of `opened`.
    rules : PipelineRules

    Returns
    -------
    dict of datetime.date to pandas.DataFrame
        As `Book.opened`.
    """
    rows = pd.concat(list(opened.values()), ignore_index=True)
    days = [day_number(day) for day in opened]
    sizes = [len(part) for part in opened.values()]
    used_on, ends = [models[day] for day in opened], np.cumsum(sizes)
    spans = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    of_day = pd.Series(np.repeat(days, sizes), rows.index)
    chance = points.close_points(rows, rules)
    worth = points.deal_value(rows, closed[closed["outcome"] == "won"], rules, of_day)
    inputs = classifier.features(rows, rules)
    learnt = [model.chance(inputs.iloc[span]) for model, span in zip(used_on, spans, strict=True)]
    known = classifier.percent(np.concatenate(learnt))
    by_points = np.repeat([model.fitted is None for model in used_on], sizes)
    used = known.where(~by_points, chance["points_probability"])
    basis = pd.Series(np.repeat([model.basis for model in used_on], sizes), dtype="object")
    rates = won_percents(closed, entries, rules.order, days)
    by_stage = rates.reindex(pd.MultiIndex.from_arrays([rows["stage"], of_day])).set_axis(rows.index)
    weighted = (rows["value"] * used / 100).round(6)
    found = pd.concat([rows, chance, points.deal_health(rows, rules)], axis=1)
    found = found.assign(key_factors=points.key_factors(chance, rows))
    scored = pd.concat([found, worth], axis=1).assign(
        deal_value=rows["value"],
        basis=basis.where(used.notna(), None),
        classifier_probability=known,
        close_probability=used,
        weighted_value=weighted,
        priority_value=weighted,
        stage_percent=by_stage,
        stage_weighted_value=(rows["value"] * by_stage / 100).round(6),
    )
    return {
        day: scored.iloc[span].set_axis(part.index)
        for (day, part), span in zip(opened.items(), spans, strict=True)
    }
