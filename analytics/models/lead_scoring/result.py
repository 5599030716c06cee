"""What a report on leads gets: the figures of one organisation at one reference date, as frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

LEAD_COLUMNS = (
    *(
        "lead_id",
        "company",
        "score",
        "conversion_probability",
        "band",
        "points",
        "stage",
        "assignee",
        "owner",
    ),
    *("region", "source", "role", "company_size", "industry", "age_days", "in_time"),
)


@dataclass(frozen=True)
class LeadResult:
    """Scores of leads and their evidence, or what is missing for them.

    Frames of evidence have no rows where there is no model. Probabilities are 0–1, columns that end in
    ``_rate`` or ``_percent`` percentages, intervals 95 %.

    Attributes
    ----------
    status : dict
        - ``total_leads``, ``converted_leads``, ``open_leads`` (int): as of the reference date.
        - ``leads_in_time``, ``overdue_leads`` (int): open leads younger than `conversion_days`, and the rest.
        - ``leads_trained``, ``converted_trained`` (int), ``left_out_young`` (int): not converted and too
          young to learn from. ``base_rate`` (percent or None): of the leads that had time.
        - ``features``, ``suspected_leaks`` (lists of str), ``suspects_used`` (bool).
        - ``model`` (bool), ``calibrated`` (bool), ``missing`` (list of str): why there is none, in words.
        - ``test`` ("later", "folds" or None), ``test_from`` (ISO date or None): first day of the later leads;
          ``test_leads``, ``test_converted`` (int).
        - ``leader``: the model, or the baseline that ranks as well or better; ``order``: "score" or "points".
        - ``conversion_days`` (int), ``market`` (str or None), ``point_rules`` (bool), ``sql_from_points``,
          ``sql_leads`` (int or None): SQL among the leads in time.
    scores, calibration, gains : pandas.DataFrame
        As `measured`, `calibration` and `gains` of `analytics.models.lead_scoring.evidence`.
    bands : pandas.DataFrame
        As `band_rates` there.
    features : pandas.DataFrame
        As `analytics.models.lead_scoring.leaks.screen`.
    leads : pandas.DataFrame
        The open leads, those in time first, then by score (or points), ties by id: `LEAD_COLUMNS`, and the
        columns of engagement; ``band_conversion_rate`` with ``_n``, ``_low``, ``_high``: what became of the
        tested leads of its band. ``stage`` and ``assignee`` are missing without point rules, ``score``,
        ``conversion_probability`` and ``band`` without a model. Nothing by which anybody could be reached.
    """

    status: dict[str, Any]
    scores: pd.DataFrame
    calibration: pd.DataFrame
    gains: pd.DataFrame
    bands: pd.DataFrame
    features: pd.DataFrame
    leads: pd.DataFrame = field(repr=False)

    def published_scores(self) -> dict[str, Any]:
        """Give the block ``scores``: the leader, and the frames of evidence."""
        return {
            "leader": self.status["leader"],
            "models": self.scores,
            "calibration": self.calibration,
            "gains": self.gains,
            "features": self.features,
        }

    def assignments(self) -> pd.DataFrame:
        """Who takes the open leads in time under the point rules, the most SQL first, ties by name.

        Returns
        -------
        pandas.DataFrame
            ``assignee`` (missing where a lead has no owner either), ``sql_leads``, ``mql_leads`` (int64). No
            rows without point rules.
        """
        rows = (
            self.leads[self.leads["in_time"].astype(bool)] if self.status["point_rules"] else self.leads[:0]
        )
        sql = rows["stage"] == "SQL"
        counted = pd.DataFrame({"assignee": rows["assignee"], "sql_leads": sql, "mql_leads": ~sql})
        found = counted.groupby("assignee", dropna=False, as_index=False).sum()
        found = found.astype({"sql_leads": "int64", "mql_leads": "int64"})
        by = ["sql_leads", "mql_leads", "assignee"]
        return found.sort_values(by, ascending=[False, False, True], ignore_index=True)

    def published_status(self) -> dict[str, Any]:
        """Give the block ``status``: what was done, and who takes the leads under the point rules."""
        return self.status | {"assignments": self.assignments()}
