"""The truth that is written beside the demonstration data can be found in the data again.

Where a likelihood is known, the test is a likelihood ratio: twice the gap between the best fit and the truth
is chi-squared with as many degrees as parameters, and stays under its 99.9 % quantile.
"""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln
from scipy.stats import binom, chi2

from analytics.data.dataset import open_dataset
from analytics.data.demo import write_demo
from analytics.data.demo.baskets import draw_baskets
from analytics.data.demo.campaigns import Campaign, draw_contacts
from analytics.data.demo.organisations import RETAIL_SHOP, SOFTWARE_COMPANY, VIETNAM_SHOP
from analytics.data.demo.season import DAYS, Season, between
from analytics.data.demo.shoppers import draw_purchases, draw_traits, draw_values
from analytics.params import Organisation

END = pd.Timestamp("2026-11-01")
SHOPS = {"demo-retail": RETAIL_SHOP, "demo-vietnam": VIETNAM_SHOP}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    return {folder.name: folder for folder in write_demo(out)}


@pytest.fixture(scope="module")
def truth(folders):
    return {
        name: json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        for name, folder in folders.items()
    }


def assert_fits(loglik, truth, start=None):
    """The truth is no worse than the best fit, as far as chance goes."""
    best = minimize(
        lambda x: -loglik(x), truth if start is None else start, method="L-BFGS-B", options={"maxiter": 500}
    )
    gap = 2 * (-best.fun - loglik(np.asarray(truth)))
    assert 0 <= gap + 1e-6 <= chi2.ppf(0.999, len(truth)), (gap, best.x.round(3).tolist())


class TestPurchases:
    @pytest.mark.parametrize("position", [0, 1], ids=["retail", "wholesale"])
    @pytest.mark.parametrize("organisation", SHOPS)
    def test_visits_are_the_bg_nbd_process_of_the_truth(self, organisation, position):
        shop = SHOPS[organisation]
        kind = shop.kinds[position]
        rng = np.random.default_rng([1, position])
        traits = draw_traits(rng, shop.kinds, 16_000, shop.opening_wave)
        customer, time = draw_purchases(rng, shop.kinds, traits)
        log = pd.DataFrame({"customer": customer, "time": time / 7})  # in weeks of trading time
        log = log[traits.kind[customer] == position].groupby("customer")["time"]
        x, first, last = log.count().to_numpy() - 1, log.min().to_numpy(), log.max().to_numpy()
        age = kind.season.elapsed[-1] / 7 - first

        def loglik(logs):
            # Fader, Hardie and Lee (2005), equation 6, summed over customers.
            r, alpha, a, b = np.exp(logs)
            lives = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + age)
            lives = lives + betaln(a, b + x) - betaln(a, b)
            seen = x > 0
            recency = (last - first)[seen]
            left = gammaln(r + x[seen]) - gammaln(r) + r * np.log(alpha)
            left = left - (r + x[seen]) * np.log(alpha + recency)
            left = left + betaln(a + 1, b + x[seen] - 1) - betaln(a, b)
            lives[seen] = np.logaddexp(lives[seen], left)
            return lives.sum()

        assert_fits(loglik, np.log([kind.r, kind.alpha, kind.a, kind.b]))

    @pytest.mark.parametrize("position", [0, 1], ids=["retail", "wholesale"])
    @pytest.mark.parametrize("organisation", SHOPS)
    def test_values_are_the_gamma_gamma_process_of_the_truth(self, organisation, position):
        shop = SHOPS[organisation]
        kind = shop.kinds[position]
        rng = np.random.default_rng([2, position])
        customers, orders = 5_000, 4
        nu = rng.gamma(kind.q, 1 / kind.gamma, customers)
        values = draw_values(
            rng, (kind,), np.zeros(customers * orders, dtype=int), np.repeat(nu, orders), shop.step
        )
        mean = values.reshape(customers, orders).mean(axis=1) / 100

        def loglik(logs):
            # Fader and Hardie (2013), equation 1a: the likelihood of the mean of x purchases.
            p, q, gamma = np.exp(logs)
            part = -betaln(p * orders, q) + q * np.log(gamma) + p * orders * np.log(orders)
            part = part + (p * orders - 1) * np.log(mean) - (p * orders + q) * np.log(gamma + orders * mean)
            return part.sum()

        assert_fits(loglik, np.log([kind.p, kind.q, kind.gamma]))

    def test_trading_time_carries_the_season(self):
        season = Season((1,) * 11 + (3,), (1,) * 7, (), between(9, 17, {}))
        weights = season.weights
        assert weights.mean() == pytest.approx(1)
        assert season.elapsed[-1] == pytest.approx(DAYS)
        assert weights[30 + 5] / weights[5] == pytest.approx(3)  # 6 December against 6 November
        assert season.day_of(np.array([season.elapsed[40] + 1e-9])).tolist() == [40]


class TestTheFileHoldsWhatWasDrawn:
    @pytest.mark.parametrize("organisation", SHOPS)
    def test_returns_are_the_share_that_the_truth_says(self, truth, organisation):
        drawn = truth[organisation]["drawn"]["returns"]
        kinds = truth[organisation]["shop"]["customer_types"].values()
        low, high = (f(kind["return_probability"] for kind in kinds) for f in (min, max))
        share = drawn["of_those_returned"] / drawn["purchases_that_could_have_been_returned"]
        assert low < share < high

    @pytest.mark.parametrize("organisation", SHOPS)
    def test_shares_of_dirt_are_those_of_the_truth(self, truth, organisation):
        shares, planted = truth[organisation]["shop"]["shares"], truth[organisation]["planted"]["sales"]
        rows = truth[organisation]["drawn"]["sales"]["ordinary_rows"]
        assert planted["missing_profit"] == round(shares["missing_profit_share"] * rows)
        assert planted["exact_duplicates"] == round(shares["duplicate_share"] * rows)
        assert planted["future_dated"] == planted["before_1970"] == round(shares["late_share"] * rows)
        assert planted["guest"] / rows == pytest.approx(shares["guest_share"], rel=0.1)

    @pytest.mark.parametrize("organisation", ["demo-retail", "demo-saas", "demo-vietnam"])
    def test_the_data_layer_finds_exactly_what_was_planted(self, folders, truth, organisation):
        dataset = open_dataset(
            Organisation.model_validate(
                {
                    "id": organisation,
                    "name": "Demo",
                    "source": {"path": str(folders[organisation]), "owned": True},
                }
            ),
            started=datetime(2026, 11, 2, tzinfo=UTC),
        )
        found = {(finding.table, finding.rule): finding.rows for finding in dataset.findings}
        planted = truth[organisation]["planted"]
        expected = {}
        if "sales" in planted:
            sales = planted["sales"]
            expected |= {
                ("sales", "sold_at_days"): sales["future_dated"] + sales["before_1970"],
                ("sales", "duplicate"): sales["exact_duplicates"],
                ("sales", "customer_id_known"): sales["unknown_customer"],
                ("sale_items", "sale_id_known"): planted["sale_items"]["unknown_sale"],
                ("campaign_contacts", "campaign_id_known"): planted["campaign_contacts"]["unknown_campaign"],
            }
        if "accounts" in planted:
            expected |= {
                ("accounts", f"{name}_range"): planted["accounts"][f"{name}_out_of_range"]
                for name in ("acv", "nps", "feature_adoption", "sentiment")
            }
            expected |= {
                ("deals", "closed_at_order"): planted["deals"]["closed_before_created"],
                ("deals", "outcome_closed"): planted["deals"]["outcome_without_closed_at"],
                ("deal_history", "deal_id_known"): planted["deal_history"]["unknown_deal"],
            }
        dataset.close()
        assert found == expected
        assert dataset.newest_day.isoformat() == "2026-10-31"

    def test_baskets_hold_the_pairs_that_belong_together(self, truth):
        assortment, kind = RETAIL_SHOP.assortment, RETAIL_SHOP.kinds[0]
        rng = np.random.default_rng(3)
        counts = 1 + rng.choice(len(kind.lines), 60_000, p=kind.lines)
        lines = draw_baskets(rng, assortment, counts, np.full(60_000, 5_000), 1)
        inside = np.zeros((60_000, len(assortment.names)), dtype=bool)
        inside[lines.order, lines.product // assortment.products] = True
        said = truth["demo-retail"]["shop"]["customer_types"]["RETAIL"]["baskets"]
        share = inside.mean(axis=0)
        assert share == pytest.approx(
            np.array([said["category_share"][n] for n in assortment.names]), abs=0.008
        )
        for pair, lift in said["pair_lift"].items():
            i, j = (assortment.names.index(name) for name in pair.split(" & "))
            found = (inside[:, i] & inside[:, j]).mean() / share[i] / share[j]
            assert found == pytest.approx(lift, rel=0.12), pair
        assert said["pair_lift"]["Tea & Teapots"] > 1.9 > 1 > said["pair_lift"]["Coffee & Tea"]


class TestCampaigns:
    def test_arms_are_a_fair_draw_and_an_extra_purchase_is_as_likely_as_said(self):
        campaign = next(one for one in RETAIL_SHOP.campaigns if one.campaign_id == "R05")
        last = np.full(100_000, campaign.day - 30)
        last[:20_000] = campaign.day - 90  # lapsed: not in this audience
        last[20_000:30_000] = -1  # not a customer yet
        drawn = draw_contacts(np.random.default_rng(4), campaign, last)
        assert len(drawn.customer) == round(0.75 * 70_000)
        assert drawn.customer.min() >= 30_000
        for position, (_, effect) in enumerate(campaign.effects):
            mine = drawn.arm == position
            low, high = binom.ppf([0.0005, 0.9995], mine.sum(), effect) if effect else (0, 0)
            assert low <= (drawn.extra_day[mine] >= 0).sum() <= high
        gap = (drawn.extra_day - drawn.day)[drawn.extra_day >= 0]
        assert (gap.min(), gap.max()) == (1, 25)

    @pytest.mark.parametrize("organisation", SHOPS)
    def test_the_planted_effect_lies_in_the_interval_that_the_sales_give(self, folders, truth, organisation):
        folder = folders[organisation]
        sales = pd.read_parquet(folder / "sales.parquet").drop_duplicates()
        sales = sales[(sales["total_amount"] >= 0) & sales["sold_at"].between("2023-11-01", END)]
        contacts = pd.read_parquet(folder / "campaign_contacts.parquet")
        campaigns = pd.read_parquet(folder / "campaigns.parquet").set_index("campaign_id")
        contacts["from"] = contacts["contacted_at"].fillna(
            contacts["campaign_id"].map(campaigns["started_at"])
        )
        merged = contacts.reset_index().merge(sales, on="customer_id")
        after = merged["sold_at"] - merged["from"]
        responded = merged.loc[after.between(pd.Timedelta(0), pd.Timedelta(days=30)), "index"].unique()
        contacts["responded"] = contacts.index.isin(responded)
        compared = 0
        for name, campaign in truth[organisation]["shop"]["campaigns"].items():
            arms = contacts[contacts["campaign_id"] == name].groupby("arm")["responded"].agg(["mean", "size"])
            if "control" not in arms.index:
                continue
            base, base_n = arms.loc["control"]
            for arm, effect in campaign["extra_purchase_probability"].items():
                share, n = arms.loc[arm]
                error = np.sqrt(share * (1 - share) / n + base * (1 - base) / base_n)
                assert abs(share - base - effect * (1 - base)) <= 3.3 * error
                compared += arm != "control"
        assert compared >= 2

    def test_the_software_company_keeps_more_of_the_accounts_it_called(self, folders, truth):
        contacts = pd.read_parquet(folders["demo-saas"] / "campaign_contacts.parquet")
        contacts = contacts[contacts["campaign_id"] == "S03"]
        accounts = pd.read_parquet(folders["demo-saas"] / "accounts.parquet")
        left = accounts.dropna(subset="churned_at")
        left = left[left["churned_at"].between("2025-04-01", "2025-07-01")]
        gone = contacts["customer_id"].isin(left["customer_id"]).groupby(contacts["arm"]).mean()
        said = truth["demo-saas"]["company"]["account_campaigns"]["S03"]["log_odds_of_leaving_for_3_months"]
        assert said == {"control": 0.0, "call": -0.8}
        assert gone["call"] < gone["control"]


class TestLeaving:
    NAMES = (
        "intercept", "login_fall", "detractor", "critical_ticket", "overdue_month", "seat_use",
        "Starter", "Business", "renewal",
    )  # fmt: skip

    def months_at_risk(self, folder):
        """Terms of the hazard of every month at risk, and whether the account left in it, from the tables."""
        accounts = pd.read_parquet(folder / "accounts.parquet")
        accounts = accounts[accounts["snapshot_at"].dt.is_month_end]
        called = pd.read_parquet(folder / "campaign_contacts.parquet").query(
            "arm not in ('control', 'unknown')"
        )
        month = accounts["snapshot_at"].dt.to_period("M")
        # Months in which a campaign works are left out: their hazard is another one.
        touched = accounts["customer_id"].isin(called["customer_id"]) & (month >= "2025-03")
        risk = accounts[accounts["churned_at"].isna() & (month < "2026-10") & ~touched].copy()
        left = accounts.dropna(subset="churned_at")
        leaving = set(zip(left["customer_id"], left["snapshot_at"].dt.to_period("M"), strict=True))
        following = risk["snapshot_at"].dt.to_period("M") + 1
        gone = np.array([pair in leaving for pair in zip(risk["customer_id"], following, strict=True)])
        before, now = risk["logins_previous_30d"].astype(float), risk["logins_30d"].astype(float)
        day = risk["snapshot_at"].dt.normalize()
        terms = np.column_stack(
            [
                np.ones(len(risk)),
                (1 - now / before.clip(lower=1)).clip(0, 1).fillna(0),
                -risk["nps"].astype(float).fillna(0) / 100,
                risk["critical_tickets_90d"].clip(upper=4),
                risk["days_overdue"].clip(upper=90) / 30,
                risk["seats_used"] / risk["seats_purchased"] - 0.7,
                risk["plan"] == "Starter",
                risk["plan"] == "Business",
                (risk["renews_at"] - day).dt.total_seconds() <= 31 * 86_400,
            ]
        ).astype(float)
        return terms, gone

    @pytest.mark.parametrize("organisation", ["demo-saas", "demo-vietnam"])
    def test_accounts_leave_at_the_hazard_of_the_truth(self, folders, truth, organisation):
        hazard = truth[organisation]["company"]["accounts"]["hazard"]
        weights = dict(zip(("Starter", "Team", "Business"), hazard["plan"], strict=True)) | hazard
        true = np.array([weights[name] for name in self.NAMES])
        terms, gone = self.months_at_risk(folders[organisation])

        def loglik(beta):
            odds = terms @ beta
            return (odds[gone]).sum() - np.logaddexp(0, odds).sum()

        assert len(gone) > 4_000
        assert_fits(loglik, true)

    def test_the_hazard_ranks_and_is_calibrated(self, folders, truth):
        hazard = truth["demo-saas"]["company"]["accounts"]["hazard"]
        weights = dict(zip(("Starter", "Team", "Business"), hazard["plan"], strict=True)) | hazard
        terms, gone = self.months_at_risk(folders["demo-saas"])
        risk = expit(terms @ [weights[name] for name in self.NAMES])
        fifth = pd.qcut(risk, 5, labels=False)
        table = pd.DataFrame({"risk": risk, "gone": gone}).groupby(fifth).agg(["sum", "size"])
        spread = np.sqrt(table["risk"]["sum"])
        assert (abs(table["gone"]["sum"] - table["risk"]["sum"]) <= 3.3 * spread).all()
        assert gone[fifth == 4].mean() > 4 * gone[fifth == 0].mean()

    def test_expected_and_real_departures_agree(self, truth):
        for organisation in ("demo-saas", "demo-vietnam"):
            drawn = truth[organisation]["drawn"]["accounts"]
            assert abs(drawn["churned"] - drawn["expected_churned"]) <= 3.3 * np.sqrt(
                drawn["expected_churned"]
            )
            assert 0.01 < drawn["churned"] / drawn["months_at_risk"] < 0.03


class TestFunnel:
    @pytest.mark.parametrize("organisation", ["demo-saas", "demo-vietnam"])
    def test_leads_qualify_with_the_weights_of_the_truth(self, folders, truth, organisation):
        leads = pd.read_parquet(folders[organisation] / "leads.parquet")
        deals = pd.read_parquet(folders[organisation] / "deals.parquet")
        leads = leads[leads["created_at"] < END - pd.Timedelta(days=120)]
        qualified = leads["lead_id"].isin(deals["lead_id"]).to_numpy()
        weights = truth[organisation]["company"]["funnel"]["lead_log_odds"]
        odds = sum(leads[name].map(weights[name]) for name in ("company_size", "role", "source"))
        counters = np.column_stack(
            [
                np.ones(len(leads)), odds,
                leads["email_opens"].clip(upper=10), leads["page_views"].clip(upper=30),
                leads["content_downloads"], leads["demo_requested"],
                leads["book_consultant"],
            ]
        ).astype(float)  # fmt: skip
        names = ("email_opens_up_to_10", "page_views_up_to_30", "content_downloads", "demo_requested")
        true = [weights["intercept"], 1.0, *(weights[name] for name in names), weights["book_consultant"]]

        def loglik(beta):
            odds = counters @ beta
            return odds[qualified].sum() - np.logaddexp(0, odds).sum()

        assert_fits(loglik, true)

    def test_deals_are_won_with_the_weights_of_the_truth(self, folders, truth):
        deals = pd.read_parquet(folders["demo-saas"] / "deals.parquet")
        deals = deals[deals["deal_id"].str.startswith("D")]
        deals = deals[deals["created_at"] < END - pd.Timedelta(days=250)].dropna(subset="outcome")
        funnel = truth["demo-saas"]["company"]["funnel"]
        weights, won = funnel["deal_log_odds"], (deals["outcome"] == "won").to_numpy()
        columns = {
            "intercept": 1.0,
            "interactions_up_to_10": deals["interactions"].clip(upper=10),
            "objections_handled_up_to_5": deals["objections_handled"].clip(upper=5),
            **{name: deals[name].astype(float) for name in (
                "champion_identified", "budget_confirmed", "decision_maker_engaged", "competitors_mentioned",
                "lead_score",
            )},
        }  # fmt: skip
        terms = np.column_stack([np.broadcast_to(column, len(deals)) for column in columns.values()])
        # Of the lost, a share is never closed and so not among the closed.
        offset = -np.log(1 - funnel["never_closed_probability"])

        def loglik(beta):
            odds = terms @ beta + offset
            return odds[won].sum() - np.logaddexp(0, odds).sum()

        assert_fits(loglik, [weights[name] for name in columns])

    def test_stages_that_were_skipped_or_gone_back_are_a_few(self, truth):
        drawn = truth["demo-saas"]["drawn"]
        assert 0.03 < drawn["stage_events"]["skipped_mql"] / drawn["deals"]["rows"] < 0.09
        assert drawn["stage_events"]["went_back_to_mql"] > 0


def test_a_campaign_without_arms_contacts_nobody(folders):
    listed = {campaign.campaign_id for campaign in RETAIL_SHOP.campaigns if not campaign.effects}
    contacts = pd.read_parquet(folders["demo-retail"] / "campaign_contacts.parquet")
    assert not set(contacts["campaign_id"]) & listed
    assert all(isinstance(campaign, Campaign) for campaign in SOFTWARE_COMPANY.campaigns)
