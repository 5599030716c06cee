"""From an organisation's leads to tested scores, or to the words that say what is missing for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import ParamsError, nearest
from analytics.metrics.lead_scoring import (
    COUNTERS,
    FEATURES,
    as_known,
    further_columns,
    read_leads,
    read_log,
)
from analytics.metrics.purchases import EPOCH, day_number
from analytics.models.lead_scoring import leaks
from analytics.models.lead_scoring.evidence import (
    Trial,
    band_rates,
    calibration,
    gains,
    measured,
    try_in_folds,
    try_on_later,
)
from analytics.models.lead_scoring.result import LEAD_COLUMNS, LeadResult
from analytics.models.lead_scoring.scorer import FEWEST, Scorer, enough, fit_scorer, readable
from analytics.params.lead_rules import LeadRules

Bools = NDArray[np.bool_]

HOLDOUT_SHARE = 0.25
"""Of the leads that had time to convert, the share that came last and is kept for the test."""
_ENGAGEMENT = (*COUNTERS, "demo_requested", "book_consultant")


@dataclass(frozen=True)
class _Known:
    """Leads as known on a day: all of them, those to learn from, and which had time to convert."""

    frame: pd.DataFrame
    ripe: Bools

    @property
    def usable(self) -> Bools:
        """Converted, or old enough to have done so."""
        return np.asarray(self.ripe | self.frame["converted"].to_numpy(bool))


def lead_scores(
    leads: ibis.Table,
    activities: ibis.Table | None,
    reference_date: date,
    *,
    rules: LeadRules,
    market: str | None = None,
    conversion_days: int = 90,
    more_features: Sequence[str] = (),
    keep_suspects: bool = False,
    seed: int = 0,
) -> LeadResult:
    """Score an organisation's leads as of a day, and test the scores on its latest leads of known fate.

    Parameters
    ----------
    leads, activities : ibis.Table
        As in the contract. Columns of `leads` beyond it, which params name, are features as well.
    reference_date : datetime.date
        Nothing on or after it is read.
    rules : LeadRules
    market : str, optional
        The organisation's market profile.
    conversion_days : int, default 90
        A lead younger than this and not converted is not learnt from.
    more_features : sequence of str
        Further columns of `leads` to learn from: ``region``, ``owner`` or ``points``.
    keep_suspects : bool, default False
        Whether columns suspected to hold the answer are learnt from all the same.
    seed : int, default 0

    Returns
    -------
    LeadResult

    Raises
    ------
    ParamsError
        If `more_features` names a column that leads do not have.
    """
    rows = read_leads(leads, reference_date)
    test_day = _test_day(rows, day_number(reference_date), conversion_days)
    days = [reference_date] if test_day is None else [reference_date, EPOCH + timedelta(days=test_day)]
    log = None if activities is None else read_log(leads, activities, days)
    now, *earlier = (as_known(rows, log, day) for day in days)
    features = _features(now, more_features)
    return _scored(
        now, earlier[0] if earlier else None, test_day, features,
        day=day_number(reference_date), conversion_days=conversion_days,
        rules=rules, market=market, keep_suspects=keep_suspects, seed=seed,
    )  # fmt: skip


def score_frame(
    frame: pd.DataFrame,
    features: Sequence[str],
    *,
    rules: LeadRules,
    market: str | None = None,
    keep_suspects: bool = False,
    seed: int = 0,
) -> LeadResult:
    """Score leads that have no dates: all are taken to have had time, and five parts test each other.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each lead: ``converted`` (boolean), the `features`, and where they are known ``lead_id``,
        ``points``, ``source`` and the other columns of `LeadResult.leads`. It is not modified.
    features : sequence of str
    rules, market, keep_suspects, seed
        As for `lead_scores`.

    Returns
    -------
    LeadResult
    """
    known = frame.assign(converted=frame["converted"].astype(bool)).reset_index(drop=True)
    if "lead_id" not in known:
        known["lead_id"] = [str(number) for number in range(len(known))]
    absent = [name for name in (*LEAD_COLUMNS, *_ENGAGEMENT) if name not in known]
    known = known.assign(**dict.fromkeys(absent, None)).astype({"points": "float64"})
    return _scored(
        known, None, None, list(features), day=None, conversion_days=None,
        rules=rules, market=market, keep_suspects=keep_suspects, seed=seed,
    )  # fmt: skip


def _scored(
    now: pd.DataFrame, then: pd.DataFrame | None, test_day: int | None, features: list[str], *,
    day: int | None, conversion_days: int | None,
    rules: LeadRules, market: str | None, keep_suspects: bool, seed: int,
) -> LeadResult:  # fmt: skip
    now = readable(now, features)
    known = _known(now, conversion_days)
    ripe = now[known.ripe]
    suspects, alone = _screened(ripe, features, rules)
    used = [name for name in features if keep_suspects or name not in suspects]
    missing = _missing(now[known.usable], used)
    scorer: Scorer | None = None
    test: Trial | None = None
    if not missing:
        learnt = now[known.usable]
        outcome = learnt["converted"].to_numpy(bool)
        scorer = fit_scorer(learnt, outcome, known.ripe[known.usable], used, seed=seed)
        test, test_day = _tested(now, known, then, test_day, used, conversion_days, seed)
    tests = measured(test, seed=seed) if test else pd.DataFrame()
    leader, order = _leading(tests)
    listed = _listed(now, known, scorer, rules, market, order)
    in_time = listed[listed["in_time"]]
    done = {
        "leads_trained": int(known.usable.sum()) if scorer else 0,
        "converted_trained": int(now["converted"].sum()) if scorer else 0,
        "features": used,
        "suspected_leaks": suspects,
        "suspects_used": bool(keep_suspects and suspects),
        "model": scorer is not None,
        "calibrated": scorer is not None and scorer.calibration.used,
        "missing": missing,
        "test": test.kind if test else None,
        "test_from": _iso(test_day) if test and test.kind == "later" else None,
        "test_leads": len(test.converted) if test else 0,
        "test_converted": int(test.converted.sum()) if test else 0,
        "leader": leader,
        "order": order,
        "conversion_days": conversion_days,
        "reference_date": _iso(day),
        "market": market,
    }
    bands = band_rates(test, in_time["score"].to_numpy("float64") if scorer else np.zeros(0), rules)
    return LeadResult(
        status=_counts(now, known, listed) | done | _pointed(in_time, rules, market),
        scores=tests,
        calibration=calibration(test) if test else pd.DataFrame(),
        gains=gains(test) if test else pd.DataFrame(),
        bands=bands,
        features=alone,
        leads=_with_evidence(listed, bands),
    )


def _counts(now: pd.DataFrame, known: _Known, listed: pd.DataFrame) -> dict[str, Any]:
    """How many leads there are, of which kind; the base rate is that of those that had time."""
    in_time, ripe = int(listed["in_time"].sum()), now[known.ripe]
    return {
        "total_leads": len(now),
        "converted_leads": int(now["converted"].sum()),
        "open_leads": len(listed),
        "leads_in_time": in_time,
        "overdue_leads": len(listed) - in_time,
        "left_out_young": int((~known.usable).sum()),
        "base_rate": 100 * float(ripe["converted"].mean()) if len(ripe) else None,
    }


def _pointed(in_time: pd.DataFrame, rules: LeadRules, market: str | None) -> dict[str, Any]:
    """What the point rules of the market say; nothing where it has none."""
    points = rules.points(market)
    return {
        "point_rules": points is not None,
        "sql_from_points": points.sql_from_points if points else None,
        "consultant_counts": bool(points and points.book_consultant_is_sql),
        "sql_leads": int((in_time["stage"] == "SQL").sum()) if points else None,
    }


def _features(frame: pd.DataFrame, more: Sequence[str]) -> list[str]:
    """The standard features, those that params name in the source, and those asked for."""
    allowed = [name for name in ("region", "owner", "points", *FEATURES) if name in frame]
    own = further_columns(frame)
    for name in more:
        if name not in (*allowed, *own):
            raise ParamsError(
                f'more_features: leads have no column "{name}"{nearest(name, [*allowed, *own])}; there are '
                f"{', '.join([*allowed, *own])}; columns beyond the contract are named in params under "
                "source: tables: leads: features"
            )
    return list(dict.fromkeys([*FEATURES, *own, *more]))


def _known(frame: pd.DataFrame, conversion_days: int | None) -> _Known:
    if conversion_days is None:
        return _Known(frame, np.ones(len(frame), dtype=bool))
    return _Known(frame, frame["age_days"].to_numpy("int64") >= conversion_days)


def _test_day(rows: pd.DataFrame, day: int, conversion_days: int) -> int | None:
    """First day of the last quarter of the leads that had time; None without any."""
    ripe = rows.loc[rows["created_day"] <= day - conversion_days, "created_day"]
    return int(ripe.iloc[int(len(ripe) * (1 - HOLDOUT_SHARE))]) if len(ripe) else None


def _tested(
    now: pd.DataFrame, known: _Known, then: pd.DataFrame | None, test_day: int | None,
    used: list[str], conversion_days: int | None, seed: int,
) -> tuple[Trial | None, int | None]:  # fmt: skip
    """Trial on later leads where both sides have enough of either outcome, else in five parts."""
    if then is not None and test_day is not None:
        before = _known(readable(then, used, like=now), conversion_days)
        learnt, ripe = before.frame[before.usable], before.ripe[before.usable]
        after = now[known.ripe & (now["created_day"].to_numpy() >= test_day)]
        fates = [f["converted"].to_numpy(bool) for f in (learnt, learnt[ripe], after)]
        if all(enough(fate) for fate in fates):
            return try_on_later(learnt, ripe, after, used, seed=seed), test_day
    ripe_now = now[known.ripe]
    if enough(ripe_now["converted"].to_numpy(bool)):
        return try_in_folds(ripe_now, used, seed=seed), None
    return None, None


def _screened(ripe: pd.DataFrame, features: list[str], rules: LeadRules) -> tuple[list[str], pd.DataFrame]:
    outcome = ripe["converted"].to_numpy(bool)
    if not enough(outcome):
        return [], pd.DataFrame(columns=list(leaks.COLUMNS))
    told = [name for name in features if ripe[name].notna().any()]
    alone = leaks.screen(ripe, outcome, told, rules.leaks)
    return alone.loc[alone["suspected"], "feature"].tolist(), alone


def _missing(learnt: pd.DataFrame, used: list[str]) -> list[str]:
    """Why there is no model, in words."""
    won, said = int(learnt["converted"].sum()), []
    lost = len(learnt) - won
    if won < FEWEST or lost < FEWEST:
        said.append(
            f"A score needs {FEWEST} leads of each outcome that had time to convert; there are {won} that "
            f"converted and {lost} that did not."
        )
    elif not any(learnt[name].nunique() > 1 for name in used):
        said.append("No column tells one lead from another.")
    return said


def _leading(tests: pd.DataFrame) -> tuple[str, str]:
    """Which row leads, and by what the list is ordered: by points only where they are surely better."""
    if tests.empty:
        return "none", "points"
    aucs = tests.set_index("model")["roc_auc"]
    rules = [name for name in aucs.index if name != "model"]
    best = max(rules, key=lambda name: aucs[name])
    leader = best if aucs[best] >= aucs["model"] else "model"
    gain = tests.set_index("model")["auc_gain_high"]
    return leader, "points" if leader == "points" and gain["points"] < 0 else "score"


def _listed(
    now: pd.DataFrame, known: _Known, scorer: Scorer | None, rules: LeadRules, market: str | None, order: str
) -> pd.DataFrame:
    """The open leads with score, band, stage and assignee, in the order in which to call."""
    still = ~now["converted"].to_numpy(bool)
    rows = now[still].copy()
    dated = rows["age_days"].notna().any()
    rows["in_time"] = ~known.ripe[still] if dated else True
    chance = scorer.probability(rows) if scorer else np.full(len(rows), np.nan)
    rows["conversion_probability"], rows["score"] = chance, 100 * chance
    rows["band"] = [rules.band(score) for score in rows["score"]] if scorer else None
    points = rules.points(market)
    rows["stage"] = rows["assignee"] = None
    if points is not None:
        rows["stage"] = [
            points.stage(None if pd.isna(n) else n, asked=bool(asked == 1))
            for n, asked in zip(rows["points"], rows["book_consultant"], strict=True)
        ]
        rows["assignee"] = [
            points.assignee(None if pd.isna(r) else r, None if pd.isna(o) else o)
            for r, o in zip(rows["region"], rows["owner"], strict=True)
        ]
    by = ["score", "stage", "points"] if order == "score" else ["stage", "points", "score"]
    ordered = rows.sort_values(["in_time", *by, "lead_id"], ascending=[False, False, False, False, True])
    return ordered[[*LEAD_COLUMNS, *_ENGAGEMENT]].reset_index(drop=True)


def _with_evidence(listed: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    """Put beside each score what became of the tested leads of its band."""
    names = [name for name in bands.columns if name.startswith("conversion_rate")]
    known = bands.set_index("band")[names]
    beside = {f"band_{name}": listed["band"].map(known[name]).astype("float64") for name in names}
    return listed.assign(**beside)


def _iso(day: int | None) -> str | None:
    return None if day is None else (EPOCH + timedelta(days=day)).isoformat()
