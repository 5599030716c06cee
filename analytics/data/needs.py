"""What a report needs of other reports, and whether the organisation has it already."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta

from analytics.data.contract import CONTRACT
from analytics.data.dataset import open_dataset, run_start
from analytics.errors import AnalyticsError
from analytics.params.organisation import Organisation
from analytics.timeframe import parse_timeframe


def timeframes_without(organisation: Organisation, need: str, timeframes: Sequence[str]) -> list[str]:
    """Timeframes for which an organisation has nothing of a table that a report of them may know.

    Parameters
    ----------
    organisation : Organisation
    need : str
        ``predictions`` or ``forecasts``; of any other name nothing is known, and nothing is lacking.
    timeframes : sequence of str
        Labels.

    Returns
    -------
    list of str
        Those whose reference date lies before the first row's day. None where the data cannot be opened or
        the table is refused: the run says why, and training would not mend it.
    """
    if need not in CONTRACT:
        return []
    try:
        with closing(open_dataset(organisation, tables=[need])) as dataset:
            if need in dataset.refused:
                return []
            table = dataset.tables[need]
            first = table[CONTRACT[need].event].min().to_pandas() if need in dataset.present else None
            first_day, newest = dataset.first_day, dataset.newest_day
    except AnalyticsError:
        return []
    as_of = organisation.as_of
    if not isinstance(as_of, date):
        as_of = newest + timedelta(days=1) if newest else run_start().date()
    return [
        label
        for label in timeframes
        if first is None
        or parse_timeframe(
            label, as_of=as_of, first_day=first_day, fiscal_year_start=organisation.fiscal_year_start
        ).reference_date
        < first.date()
    ]
