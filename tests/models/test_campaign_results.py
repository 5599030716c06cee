"""What campaigns changed: the published experiment, the demonstration's true effects, and cases by hand."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.data.dataset import open_dataset
from analytics.data.demo import write_demo
from analytics.metrics.purchases import as_table
from analytics.models.campaign_results import campaign_results
from analytics.models.save_share import choose_save_share
from analytics.params import Organisation
from analytics.params.source import Source
from analytics.timeframe import parse_timeframe

STARTED = datetime(2026, 11, 1, 8, tzinfo=UTC)
OCTOBER = parse_timeframe("2026-10", as_of=date(2026, 11, 1))
REFERENCE = Path(os.environ.get("WORKBOOK_REFERENCE_DATA", "../shared/data"))
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the folder of reference data is not here"
)
WHEN, TEXT, NUMBER = "datetime64[us]", "str", "float64"


def table_of(columns, rows):
    padded = [(*row, *[None] * (len(columns) - len(row))) for row in rows]
    return as_table(
        pd.DataFrame(
            {
                name: pd.Series([row[place] for row in padded], dtype=kind)
                for place, (name, kind) in enumerate(columns.items())
            }
        )
    )


def campaigns_of(*rows):
    """Campaigns from (id, start, cost, purpose)."""
    return table_of({"campaign_id": TEXT, "started_at": WHEN, "cost": NUMBER, "purpose": TEXT}, rows)


def contacts_of(*rows):
    """Contacts from (campaign, customer, arm, contacted, revenue)."""
    columns = {"campaign_id": TEXT, "customer_id": TEXT, "arm": TEXT, "contacted_at": WHEN, "revenue": NUMBER}
    return table_of(columns, rows)


def sales_of(*rows):
    """Sales from (customer, day, amount, profit)."""
    columns = {"customer_id": TEXT, "sold_at": WHEN, "total_amount": NUMBER, "total_profit": NUMBER}
    return table_of(columns, rows)


def accounts_of(*rows):
    """Snapshots from (customer, moment, acv, started, churned)."""
    columns = {
        "customer_id": TEXT,
        "snapshot_at": WHEN,
        "acv": NUMBER,
        "started_at": WHEN,
        "churned_at": WHEN,
    }
    return table_of(columns, rows)


def answered(contacts, **days):
    """The same contacts, with the days on which customers answered."""
    rows = contacts_of(*contacts).to_pandas()
    return as_table(rows.assign(responded_at=pd.to_datetime(rows["customer_id"].map(days))))


def results(campaigns, contacts, sales=(), accounts=(), timeframe=OCTOBER, **options):
    return campaign_results(
        campaigns_of(*campaigns),
        contacts if hasattr(contacts, "columns") else contacts_of(*contacts),
        sales_of(*sales),
        accounts_of(*accounts),
        timeframe,
        **options,
    )


LETTER = (("k", "2026-06-01", 60.0, "retention"),)
THREE_AND_THREE = (
    *[("k", name, "letter", "2026-06-01") for name in "abc"],
    *[("k", name, "control") for name in "xyz"],
)
BOUGHT = (
    ("a", "2026-06-05", 100.0, 50.0),
    ("b", "2026-06-06", 60.0, 40.0),
    ("c", "2026-06-07", 20.0, 30.0),
    ("x", "2026-06-05", 40.0, 20.0),
    ("y", "2026-06-06", 10.0, 10.0),
)


@needs_reference
class TestHillstrom:
    def test_through_the_contracts_tables_the_lift_a_head_is_the_published_one(self):
        data = pd.read_csv(REFERENCE / "hillstrom" / "hillstrom.csv.gz")
        arms = {"No E-Mail": "control", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
        contacts = pd.DataFrame(
            {
                "campaign_id": "h",
                "customer_id": data.index.astype("str"),
                "arm": data["segment"].map(arms),
                "revenue": data["spend"],
            }
        )
        found = campaign_results(
            campaigns_of(("h", "2026-06-01", 0.0, "other")),
            as_table(contacts),
            sales_of(),
            accounts_of(),
            OCTOBER,
        ).arms.set_index("arm")
        assert found["outcome"].unique().tolist() == ["contacts"]
        assert found["measure"].unique().tolist() == ["revenue"]
        expected = {"mens": (0.769827, 0.485140, 1.054515), "womens": (0.424412, 0.168957, 0.679868)}
        for arm, figures in expected.items():
            row = found.loc[arm]
            assert (row.revenue_lift, row.revenue_lift_low, row.revenue_lift_high) == pytest.approx(
                figures, abs=1e-6
            )
        assert found["control"].tolist() == [21_306, 21_306]
        assert np.isnan(found["profit_lift"]).all()


@pytest.fixture(scope="module", params=[2_000, pytest.param(8_000, marks=pytest.mark.long)])
def measured(request, tmp_path_factory):
    found = {}
    for folder in write_demo(tmp_path_factory.mktemp("demo") / "demo", customers=request.param):
        names = ("campaigns", "campaign_contacts", "sales", "accounts")
        organisation = Organisation(id=folder.name, source=Source(path=folder, owned=True))
        dataset = open_dataset(organisation, started=STARTED, tables=names)
        results = campaign_results(*(dataset.tables[name] for name in names), OCTOBER)
        found[folder.name] = (results, json.loads((folder / "truth.json").read_text(encoding="utf-8")))
        dataset.close()
    return found


def covers(lift, low, high, true):
    """Whether a 95 % interval, widened to 99.9 %, covers the truth."""
    return abs(lift - true) <= 1.68 * (high - low) / 2


class TestTheDemonstrationsTruth:
    """Two and eight thousand customers each, from the processes whose effects are written beside them."""

    @pytest.mark.parametrize("organisation", ["demo-retail", "demo-vietnam"])
    def test_the_lift_of_conversion_covers_the_planted_effect(self, measured, organisation):
        found, truth = measured[organisation]
        arms = found.arms.set_index(["campaign_id", "arm"])
        compared = 0
        for campaign, about in truth["shop"]["campaigns"].items():
            for arm, effect in about["extra_purchase_probability"].items():
                if arm == "control" or "control" not in about["extra_purchase_probability"]:
                    continue
                row = arms.loc[(campaign, arm)]
                true = effect * (100 - row["control_conversion_rate"])
                low, high = row["conversion_lift_low"], row["conversion_lift_high"]
                assert covers(row["conversion_lift"], low, high, true)
                compared += 1
        assert compared >= 2

    @pytest.mark.parametrize("organisation", ["demo-retail", "demo-vietnam"])
    def test_the_lift_of_revenue_covers_what_the_contacts_brought(self, measured, organisation):
        found, truth = measured[organisation]
        arms = found.arms[(found.arms["outcome"] == "sales") & (found.arms["status"] == "measured")]
        for row in arms.itertuples():
            drawn = truth["drawn"]["campaigns"][row.campaign_id][row.arm]
            true = drawn["expected_extra_revenue"] / row.contacted
            assert covers(row.revenue_lift, row.revenue_lift_low, row.revenue_lift_high, true)

    def test_calls_save_the_accounts_that_they_truly_save(self, measured):
        found, truth = measured["demo-saas"]
        said = truth["company"]["account_campaigns"]["S03"]["log_odds_of_leaving_for_3_months"]
        row = found.save_share.set_index("campaign_id").loc["S03"]
        assert row.save_share_low <= 1 - np.exp(said["call"]) <= row.save_share_high
        assert found.arms.set_index("campaign_id").loc["S03", "outcome"] == "contracts"

    def test_videos_without_effect_pay_for_nothing(self, measured):
        found, truth = measured["demo-saas"]
        assert set(
            truth["company"]["account_campaigns"]["S05"]["log_odds_of_leaving_for_3_months"].values()
        ) == {0}
        row = found.arms.set_index("campaign_id").loc["S05"]
        assert covers(row["conversion_lift"], row["conversion_lift_low"], row["conversion_lift_high"], 0.0)
        assert row.verdict in ("no evidence", "loses")

    def test_the_card_that_went_to_everybody_is_not_measurable_but_its_gross_figures_stand(self, measured):
        found, _ = measured["demo-retail"]
        row = found.arms.set_index("campaign_id").loc["R08"]
        assert (row.status, row.verdict) == ("no control group", "not measurable")
        assert row.gross_revenue > 0
        assert np.isnan([row.incremental_profit, row.roi_percentage, row.p_value]).all()

    def test_the_letter_brings_back_as_many_as_it_truly_does(self, measured):
        found, truth = measured["demo-retail"]
        row = found.win_back.set_index("campaign_id").loc["R04"]
        effect = truth["shop"]["campaigns"]["R04"]["extra_purchase_probability"]["letter"]
        true = effect * (100 - row.control_reactivated_rate)
        assert covers(row.difference, row.difference_low, row.difference_high, true)
        assert row.lapsed_contacts > 0.9 * found.arms.set_index("campaign_id").loc["R04", "contacted"]


class TestByHand:
    def test_return_is_lift_times_contacted_less_the_cost(self):
        row = results(LETTER, THREE_AND_THREE, BOUGHT).arms.iloc[0]
        assert (row.contacted, row.control, row.status, row.measure) == (3, 3, "measured", "profit")
        assert (row.profit_per_treated, row.profit_per_control) == (40.0, 10.0)
        assert (row.profit_lift, row.incremental_profit, row.roi_percentage) == (30.0, 30.0, 50.0)
        assert row.incremental_profit_low == pytest.approx(3 * row.profit_lift_low - 60, abs=1e-3)
        assert row.roi_percentage_high == pytest.approx(100 * row.incremental_profit_high / 60, abs=1e-3)
        assert row.revenue_lift == pytest.approx(60 - 50 / 3)
        assert row.incremental_revenue == pytest.approx(3 * (60 - 50 / 3) - 60)
        assert (row.conversion_rate, row.conversion_rate_n) == (100.0, 3)
        assert row.conversion_lift == pytest.approx(100 / 3)
        assert (row.gross_revenue, row.gross_profit) == (180.0, 120.0)

    def test_answers_of_the_contacted_are_counted(self):
        """A on the last of 30 days, b a day late, c never; the control group does not count."""
        contacts = answered(THREE_AND_THREE, a="2026-06-30", b="2026-07-01", x="2026-06-02", y="2026-06-02")
        row = results(LETTER, contacts, BOUGHT).arms.iloc[0]
        assert (row.contacted, row.responded) == (3, 1)

    def test_the_cost_is_split_by_customers_contacted(self):
        arms = (*THREE_AND_THREE, ("k", "d", "card", "2026-06-01"))
        found = results(LETTER, arms, BOUGHT).arms.set_index("arm")["cost"]
        assert found.to_dict() == {"card": 15.0, "letter": 45.0}

    def test_questions_asked_together_are_corrected_together(self):
        two = (*LETTER, ("m", "2026-07-01", 10.0, "other"))
        contacts = (*THREE_AND_THREE, *[("m", c, "mail" if c in "abc" else "control") for c in "abcxyz"])
        sales = (*BOUGHT, *[(c, "2026-07-02", 5.0 + k, 1.0 + k) for k, c in enumerate("abcxy")])
        found = results(two, contacts, sales).arms
        assert (found["p_holm"] >= found["p_value"]).all()
        assert found["p_holm"].min() == pytest.approx(2 * found["p_value"].min())
        least = found[["conversion_p_holm", "conversion_p_value"]].min()
        assert least.iloc[0] == pytest.approx(min(1.0, 2 * least.iloc[1]))
        assert found["campaign_id"].tolist() == ["m", "k"]

    def test_a_large_clear_effect_pays_and_a_dear_campaign_loses(self):
        contacts = [("k", f"t{i}", "letter", "2026-06-01") for i in range(40)]
        contacts += [("k", f"c{i}", "control") for i in range(40)]
        sales = [(f"t{i}", "2026-06-05", 100.0, 40.0 + i % 3) for i in range(40)]
        sales += [(f"c{i}", "2026-06-05", 50.0, 20.0 + i % 3) for i in range(40)]
        for cost, verdict in ((60.0, "pays"), (800.0, "works, pays unclear"), (5_000.0, "loses")):
            campaign = (("k", "2026-06-01", cost, "retention"),)
            assert results(campaign, contacts, sales).arms["verdict"].item() == verdict

    def test_no_difference_is_no_evidence(self):
        alike = [(c, "2026-06-05", 10.0, float(k % 3)) for k, c in enumerate("abcxyz")]
        free = (("k", "2026-06-01", 0.0, "retention"),)
        assert results(free, THREE_AND_THREE, alike).arms["verdict"].item() == "no evidence"

    def test_what_is_clear_alone_but_not_among_several_is_no_evidence(self):
        two = [(name, "2026-06-01", 0.0, "other") for name in "km"]
        contacts = [
            (name, f"{arm}{i}", arm, "2026-06-01")
            for name in "km"
            for arm in ("letter", "control")
            for i in range(5)
        ]
        sales = [(f"letter{i}", "2026-06-05", 100.0, 40.0 + 10 * i) for i in range(5)]
        sales += [(f"control{i}", "2026-06-05", 100.0, 14.0 + 10 * i) for i in range(5)]
        found = results(two, contacts, sales).arms
        assert (found["incremental_profit_low"] > 0).all()
        assert ((found["p_value"] < 0.05) & (found["p_holm"] > 0.05)).all()
        assert found["verdict"].tolist() == ["no evidence"] * 2

    def test_a_loss_that_is_not_clear_is_no_evidence(self):
        free = (("k", "2026-06-01", 0.0, "other"),)
        worse = [(c, "2026-06-05", 10.0, p) for c, p in zip("abcxyz", (1, 5, 9, 2, 6, 10), strict=True)]
        row = results(free, THREE_AND_THREE, worse).arms.iloc[0]
        assert (row.profit_lift, row.verdict) == (-1.0, "no evidence")

    def test_what_would_show_is_told_for_all_contacted(self):
        row = results(LETTER, (*THREE_AND_THREE, ("k", "d", "letter", "2026-06-01")), BOUGHT).arms.iloc[0]
        assert (row.contacted, row.control) == (4, 3)
        assert row.smallest_visible_total == pytest.approx(4 * row.smallest_visible_lift)

    def test_a_campaign_without_cost_has_no_return_on_it(self):
        row = results((("k", "2026-06-01", 0.0, "other"),), THREE_AND_THREE, BOUGHT).arms.iloc[0]
        assert row.incremental_profit == 90.0
        assert np.isnan(row.roi_percentage)

    def test_without_any_profit_revenue_is_measured(self):
        row = results(LETTER, THREE_AND_THREE, [sale[:3] for sale in BOUGHT]).arms.iloc[0]
        assert row.measure == "revenue"
        assert np.isnan([row.profit_lift, row.incremental_profit, row.roi_percentage]).all()
        assert row.p_value == pytest.approx(row.p_holm)

    def test_groups_that_differed_before_are_told(self):
        before = [(c, "2026-05-30", 50.0 + k, 1.0) for k, c in enumerate("abc")]
        before += [(c, "2026-03-01", 10.0 + k, 1.0) for k, c in enumerate("xyz")]
        found = results(LETTER, THREE_AND_THREE, (*BOUGHT, *before)).balance.set_index("characteristic")
        assert found.loc["spend_365d", "treated_mean"] == 51.0
        assert found["unbalanced"].all()
        assert found.loc["spend_365d", "standardised_difference"] == pytest.approx(40.0)
        assert found.loc["recency_days", ["treated_mean", "control_mean"]].tolist() == [2.0, 92.0]
        assert found["beyond_chance"].all()


class TestNotMeasurable:
    def test_no_control_group(self):
        row = results(LETTER, THREE_AND_THREE[:3], BOUGHT).arms.iloc[0]
        assert (row.status, row.verdict, row.control) == ("no control group", "not measurable", 0)
        assert (row.gross_profit, row.profit_per_treated) == (120.0, 40.0)
        assert np.isnan([row.incremental_profit, row.profit_lift, row.conversion_lift]).all()
        assert choose_save_share(results(LETTER, THREE_AND_THREE[:3], BOUGHT).save_share, 0.2).reason == (
            "no control group"
        )

    def test_the_days_are_not_over(self):
        late = (("k", "2026-10-20", 60.0, "retention"),)
        contacts = [(*row[:3], "2026-10-20") for row in THREE_AND_THREE]
        row = results(late, contacts, BOUGHT).arms.iloc[0]
        assert (row.status, row.contacted, row.unfinished, row.in_timeframe) == ("not over", 0, 3, True)

    def test_customers_whose_days_are_not_over_are_left_out_with_their_part_of_the_cost(self):
        contacts = (*THREE_AND_THREE, ("k", "d", "letter", "2026-10-20"))
        row = results(LETTER, contacts, BOUGHT).arms.iloc[0]
        assert (row.contacted, row.unfinished, row.cost) == (3, 1, 45.0)

    def test_a_customer_in_both_groups_is_in_neither(self):
        row = results(LETTER, (*THREE_AND_THREE, ("k", "a", "control")), BOUGHT).arms.iloc[0]
        assert (row.contacted, row.control, row.left_out) == (2, 3, 1)

    def test_one_customer_a_group_is_too_few(self):
        row = results(LETTER, (THREE_AND_THREE[0], THREE_AND_THREE[3]), BOUGHT).arms.iloc[0]
        assert (row.status, row.verdict) == ("too few", "not measurable")

    def test_nothing_to_read_money_from(self):
        row = results(LETTER, THREE_AND_THREE).arms.iloc[0]
        assert (row.outcome, row.status) == ("none", "no outcome")
        assert np.isnan([row.revenue_lift, row.conversion_rate, row.gross_revenue]).all()

    def test_no_campaigns_give_empty_frames_of_the_same_types(self):
        full, none = results(LETTER, THREE_AND_THREE, BOUGHT), results((), ())
        for name in ("arms", "win_back", "balance", "save_share"):
            empty = getattr(none, name)
            assert empty.empty
            assert empty.dtypes.to_dict() == getattr(full, name).dtypes.to_dict()


class TestContracts:
    def test_what_the_contact_kept_is_what_the_control_lost_more(self):
        people = "abcdxyzw"
        contacts = [("k", c, "call" if c in "abcd" else "control", "2026-06-01") for c in people]
        live = [(c, "2026-05-31", 1_000.0, "2025-01-01") for c in people]
        gone = [(c, "2026-07-31", 1_000.0, "2025-01-01", "2026-07-10") for c in "axy"]
        found = results(LETTER, contacts, accounts=(*live, *gone), contract_margin=0.5)
        row = found.arms.iloc[0]
        assert (row.outcome, row.measure) == ("contracts", "profit")
        assert (row.profit_per_treated, row.profit_per_control) == (-125.0, -250.0)
        assert row.incremental_profit == 4 * 125.0 - 60.0
        assert (row.conversion_rate, row.control_conversion_rate) == (75.0, 50.0)
        kept = found.save_share.iloc[0]
        assert (kept.churned_treated, kept.churned_control, kept.save_share) == (1, 2, 0.5)
        assert (kept.window_days, found.arms.iloc[0].window_days) == (90, 90)
        assert found.win_back.empty
        assert found.balance["characteristic"].tolist() == ["tenure_days", "acv"]


class TestWinBack:
    def test_only_those_who_had_lapsed_are_counted(self):
        lapsed = [(c, "2026-01-01", 5.0, 1.0) for c in "abxy"] + [(c, "2026-05-20", 5.0, 1.0) for c in "cz"]
        row = results(LETTER, THREE_AND_THREE, (*BOUGHT, *lapsed)).win_back.iloc[0]
        assert (row.lapsed_contacts, row.control_lapsed) == (2, 2)
        assert (row.reactivated, row.control_reactivated) == (2, 2)
        assert row.difference == 0.0

    def test_without_lapsed_contacts_there_is_none(self):
        assert results(LETTER, THREE_AND_THREE, BOUGHT).win_back.empty


class TestWindows:
    def test_are_those_of_the_purchase_and_of_the_loss(self):
        before = [(name, "2026-01-01", 5.0, 1.0) for name in "abcxyz"]
        sales = (*before, *BOUGHT)
        found = results(LETTER, THREE_AND_THREE, sales, response_days=20, churn_days=40)
        assert found.arms["window_days"].tolist() == [20]
        assert found.save_share["window_days"].tolist() == [40]
        assert found.win_back["window_days"].tolist() == [20]


class TestOneDefinition:
    def test_a_shop_campaign_counts_purchases_of_everybody_also_of_those_with_a_contract(self):
        contract = [("c", "2026-05-01", 100.0, "2026-01-01", None)]  # stays under contract, but buys nothing
        bought = [sale for sale in BOUGHT if sale[0] != "c"]
        (kept,) = results(LETTER, THREE_AND_THREE, bought, contract).save_share.itertuples()
        assert (kept.outcome, kept.churned_treated, kept.churned_control) == ("sales", 1, 1)
