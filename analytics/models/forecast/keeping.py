"""Keep a forecast as it was made, so that it can be held against what comes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from analytics.data.batches import write_batch
from analytics.models.forecast.revenue_forecast import ForecastResult


def keep(organisation: str, result: ForecastResult, made_at: date) -> Path | None:
    """Write a forecast to the organisation's kept ones.

    Parameters
    ----------
    organisation : str
        Id of the organisation.
    result : ForecastResult
        Its leading forecast is kept and, where that is another, the one that the length asks for.
    made_at : datetime.date
        The reference date. What was said before of that day, month and model stands.

    Returns
    -------
    pathlib.Path or None
        The file; None where there is nothing new to say.

    Raises
    ------
    ContractError
        If the folder of kept forecasts holds a file that the workbook did not write.
    """
    rows = result.kept(made_at)
    return write_batch(organisation, "forecasts", rows) if len(rows) else None
