"""What is in the demonstration tables: planted dirt counted exactly, keys, sums, neutral names."""

import json
from itertools import pairwise

import pandas as pd
import pytest

from analytics.data.demo import write_demo

FIRST, END = pd.Timestamp("2023-11-01"), pd.Timestamp("2026-11-01")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    return {folder.name: folder for folder in write_demo(out, 800)}


@pytest.fixture(scope="module")
def table(folders):
    tables = {}

    def read(organisation, name):
        if (organisation, name) not in tables:
            frame = pd.read_parquet(folders[organisation] / f"{name}.parquet")
            tables[organisation, name] = frame
        return tables[organisation, name].copy()

    return read


@pytest.fixture(scope="module")
def truth(folders):
    return {
        name: json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        for name, folder in folders.items()
    }


def clean_sales(table, organisation):
    """The rows that remain when the contract's rules have set the others aside."""
    sales = table(organisation, "sales").drop_duplicates()
    return sales[sales["sold_at"].between(FIRST, END, inclusive="left")]


SHOPS = pytest.mark.parametrize("organisation", ["demo-retail", "demo-vietnam"])
COMPANIES = pytest.mark.parametrize("organisation", ["demo-saas", "demo-vietnam"])


class TestPlantedDirt:
    @SHOPS
    def test_rows_that_are_set_aside(self, table, truth, organisation):
        planted, sales = truth[organisation]["planted"]["sales"], table(organisation, "sales")
        assert sales.duplicated().sum() == planted["exact_duplicates"] >= 2
        assert (sales["sold_at"] >= pd.Timestamp("2050-01-01")).sum() == planted["future_dated"] >= 2
        assert (sales["sold_at"] < pd.Timestamp("1970-01-01")).sum() == planted["before_1970"] >= 2
        assert sales["sold_at"].between(END, pd.Timestamp("2050-01-01")).sum() == 0

    @SHOPS
    def test_rows_that_are_kept_and_counted(self, table, truth, organisation):
        planted, sales = truth[organisation]["planted"]["sales"], clean_sales(table, organisation)
        known = set(table(organisation, "customers")["customer_id"])
        assert sales["customer_id"].isna().sum() == planted["guest"]
        assert (~sales["customer_id"].dropna().isin(known)).sum() == planted["unknown_customer"] >= 1
        assert (sales["total_amount"] < 0).sum() == planted["returns"]
        assert sales["total_profit"].isna().sum() == planted["missing_profit"]
        assert len(sales) == truth[organisation]["drawn"]["sales"]["ordinary_rows"]

    @SHOPS
    def test_items_of_sales_that_do_not_exist(self, table, truth, organisation):
        lost = ~table(organisation, "sale_items")["sale_id"].isin(clean_sales(table, organisation)["sale_id"])
        assert lost.sum() == truth[organisation]["planted"]["sale_items"]["unknown_sale"] >= 2

    @SHOPS
    def test_customers_who_only_bring_things_back(self, table, truth, organisation):
        named = clean_sales(table, organisation).dropna(subset="customer_id")
        best = named.groupby("customer_id")["total_amount"].max()
        assert (best < 0).sum() == truth[organisation]["drawn"]["customers"]["return_only"] >= 1

    @SHOPS
    def test_contacts_of_a_campaign_that_does_not_exist(self, table, truth, organisation):
        contacts, campaigns = table(organisation, "campaign_contacts"), table(organisation, "campaigns")
        stray = ~contacts["campaign_id"].isin(campaigns["campaign_id"])
        assert stray.sum() == truth[organisation]["planted"]["campaign_contacts"]["unknown_campaign"]

    @COMPANIES
    def test_accounts_out_of_range(self, table, truth, organisation):
        accounts, planted = table(organisation, "accounts"), truth[organisation]["planted"]["accounts"]
        assert (accounts["nps"].abs() > 100).sum() == planted["nps_out_of_range"]
        assert (accounts["sentiment"].abs() > 1).sum() == planted["sentiment_out_of_range"]
        adoption = accounts["feature_adoption"]
        assert (~adoption.between(0, 1)).sum() == planted["feature_adoption_out_of_range"]
        assert (accounts["acv"] < 0).sum() == planted["acv_out_of_range"] >= 2

    @COMPANIES
    def test_deals_that_cannot_be(self, table, truth, organisation):
        deals, planted = table(organisation, "deals"), truth[organisation]["planted"]
        assert (deals["closed_at"] < deals["created_at"]).sum() == planted["deals"]["closed_before_created"]
        undated = deals["outcome"].notna() & deals["closed_at"].isna()
        assert undated.sum() == planted["deals"]["outcome_without_closed_at"]
        history = table(organisation, "deal_history")
        assert (~history["deal_id"].isin(deals["deal_id"])).sum() == planted["deal_history"]["unknown_deal"]

    def test_the_richest_customer_has_a_name_that_pages_must_escape(self, table):
        sales = clean_sales(table, "demo-retail").dropna(subset="customer_id")
        best = sales.groupby("customer_id")["total_amount"].sum().astype(float).idxmax()
        customers = table("demo-retail", "customers").set_index("customer_id")
        assert customers.loc[best, "name"] == "<img src=x onerror=alert(1)>"
        assert customers["name"].str.contains("<").sum() == 1


class TestKeysAndSums:
    @pytest.mark.parametrize(
        ("organisation", "name", "key"),
        [
            ("demo-retail", "customers", ["customer_id"]),
            ("demo-retail", "payments", ["payment_id"]),
            ("demo-retail", "campaigns", ["campaign_id"]),
            ("demo-retail", "campaign_contacts", ["campaign_id", "customer_id"]),
            ("demo-saas", "accounts", ["customer_id", "snapshot_at"]),
            ("demo-saas", "leads", ["lead_id"]),
            ("demo-saas", "deals", ["deal_id"]),
            ("demo-vietnam", "customers", ["customer_id"]),
            ("demo-vietnam", "accounts", ["customer_id", "snapshot_at"]),
        ],
    )
    def test_keys_are_unique(self, table, organisation, name, key):
        assert not table(organisation, name).duplicated(key).any()

    @SHOPS
    def test_a_sale_has_one_row_once_the_copies_are_gone(self, table, organisation):
        assert clean_sales(table, organisation)["sale_id"].is_unique

    @SHOPS
    def test_the_lines_of_a_sale_add_up_to_it(self, table, organisation):
        sales = clean_sales(table, organisation).set_index("sale_id")
        lines = table(organisation, "sale_items").groupby("sale_id")
        amount = lines["amount"].sum().reindex(sales.index)
        assert (amount == sales["total_amount"]).all()
        assert (lines["quantity"].sum().reindex(sales.index) == sales["units"]).all()

    @SHOPS
    def test_payments_are_the_two_halves_of_a_sale_or_come_weeks_later(self, table, truth, organisation):
        payments = table(organisation, "payments")
        sales = clean_sales(table, organisation).set_index("sale_id")
        paid = payments.join(sales[["sold_at", "total_amount", "payment_method"]], on="sale_id")
        split = paid[paid["payment_method"].isna()]
        assert split["sale_id"].nunique() == truth[organisation]["drawn"]["payments"]["split_sales"] > 0
        assert split.groupby("sale_id").size().eq(2).all()
        sums = split.groupby("sale_id")["amount"].sum()
        assert (sums == sales.loc[sums.index, "total_amount"]).all()
        assert (split["paid_at"] == split["sold_at"]).all()
        later = paid[paid["payment_method"].notna()]
        assert (later["amount"] == later["total_amount"]).all()
        days = (later["paid_at"].dt.normalize() - later["sold_at"].dt.normalize()).dt.days
        assert days.between(10, 60).all()

    @SHOPS
    def test_profit_is_the_margin_of_the_categories(self, table, truth, organisation):
        items = table(organisation, "sale_items")
        margin = items["category"].map(truth[organisation]["shop"]["margins"])
        expected = (items["amount"].astype(float) * margin).groupby(items["sale_id"]).sum()
        sales = clean_sales(table, organisation).dropna(subset="total_profit").set_index("sale_id")
        off = sales["total_profit"].astype(float) - expected.reindex(sales.index)
        assert off.abs().max() <= 0.005 * 5 + 1e-9  # half a hundredth for each of at most five lines

    @SHOPS
    def test_the_sums_in_the_truth_are_those_of_the_rows(self, table, truth, organisation):
        sales, drawn = clean_sales(table, organisation), truth[organisation]["drawn"]["sales"]
        known = set(table(organisation, "customers")["customer_id"])
        assert sales["total_amount"].sum() * 100 == drawn["revenue_hundredths"]
        mine = sales[sales["customer_id"].isin(known)]
        assert mine["total_amount"].sum() * 100 == drawn["revenue_of_known_customers_hundredths"]
        assert sales["total_profit"].dropna().sum() * 100 == drawn["profit_hundredths"]

    @SHOPS
    def test_credit_classes_are_as_many_as_the_truth_says(self, table, truth, organisation):
        customers = table(organisation, "customers").query("customer_type != 'CONTRACT'")
        drawn = truth[organisation]["drawn"]["credit"]
        limit, owed = customers["credit_limit"].astype(float), customers["outstanding_balance"].astype(float)
        used = owed / limit.where(limit > 0) * 100
        assert (used > 100).sum() == drawn["over_limit"]
        assert used.between(70, 100).sum() == drawn["high"]
        assert ((used >= 30) & (used < 70)).sum() == drawn["medium"]
        assert (used < 30).sum() == drawn["low"]
        assert limit.isna().sum() == drawn["no_limit"]


class TestWhatARealShopWouldShow:
    @SHOPS
    def test_nobody_buys_before_registering(self, table, organisation):
        first = clean_sales(table, organisation).groupby("customer_id")["sold_at"].min()
        registered = table(organisation, "customers").set_index("customer_id")["registered_at"]
        both = pd.concat([first, registered], axis=1, join="inner").dropna()
        assert (both["registered_at"] <= both["sold_at"]).all()

    @SHOPS
    def test_no_sale_on_a_closed_day_or_outside_the_hours(self, table, truth, organisation):
        sales = clean_sales(table, organisation)
        kind = next(iter(truth[organisation]["shop"]["customer_types"].values()))
        assert not sales["sold_at"].dt.strftime("%Y-%m-%d").isin(kind["closed"]).any()
        open_hours = {
            hour
            for one in truth[organisation]["shop"]["customer_types"].values()
            for hour, weight in enumerate(one["hours"])
            if weight
        }
        assert set(sales["sold_at"].dt.hour) <= open_hours

    def test_december_is_the_busiest_month_of_each_whole_year(self, table):
        counts = clean_sales(table, "demo-retail")["sold_at"].dt.strftime("%Y-%m").value_counts()
        for year in ("2024", "2025"):
            assert counts[counts.index.str.startswith(year)].idxmax() == f"{year}-12"

    @SHOPS
    def test_most_customers_stay_from_quarter_to_quarter(self, table, organisation):
        sales = clean_sales(table, organisation).dropna(subset="customer_id")
        sales = sales[sales["total_amount"] >= 0]

        def active(at):
            recent = sales["sold_at"].between(at - pd.Timedelta(days=89), at, inclusive="left")
            return set(sales.loc[recent, "customer_id"])

        ends = [pd.Timestamp(f"{year}-{month:02}-01") for year in (2025, 2026) for month in (1, 4, 7, 10)]
        kept = [len(active(a) & active(b)) / len(active(a)) for a, b in pairwise(ends)]
        assert 0.6 <= sum(kept) / len(kept) <= 0.8

    def test_dong_amounts_are_whole_thousands_of_a_believable_size(self, table):
        amounts = clean_sales(table, "demo-vietnam").query("total_amount > 0")["total_amount"].astype(float)
        assert (amounts % 1_000 == 0).all()
        assert amounts.quantile(0.05) >= 150_000
        assert amounts.quantile(0.99) <= 40_000_000

    @pytest.mark.parametrize("organisation", ["demo-retail", "demo-saas", "demo-vietnam"])
    def test_names_and_addresses_are_nobodys(self, table, organisation):
        customers = table(organisation, "customers")
        plain = customers.loc[~customers["name"].str.startswith("<"), "name"]
        assert plain.str.fullmatch(r"(Customer|Company|Account) \d{5,}").all()
        assert customers["mobile"].str.fullmatch(r"\+999 \d{9}").all()
        assert customers["email"].str.endswith("@example.com").all()
        assert customers["mobile"].is_unique
        assert customers["email"].is_unique


class TestAccounts:
    @COMPANIES
    def test_snapshots_lie_on_month_ends_and_an_account_leaves_with_its_last_one(self, table, organisation):
        accounts = table(organisation, "accounts").query("acv >= 0 and nps != 140")
        accounts = accounts[accounts["sentiment"].abs() <= 1].query("feature_adoption <= 1")
        assert accounts["snapshot_at"].dt.is_month_end.all()
        assert accounts["snapshot_at"].nunique() == 36
        gone = accounts.dropna(subset="churned_at")
        assert (gone["churned_at"].dt.to_period("M") == gone["snapshot_at"].dt.to_period("M")).all()
        live = accounts[accounts["churned_at"].isna()].groupby("snapshot_at").size()
        assert live.iloc[-1] > live.iloc[0]  # the company grows

    @COMPANIES
    def test_every_account_of_the_data_comes_from_a_won_deal_of_its_lead(self, table, organisation):
        leads = table(organisation, "leads").dropna(subset="customer_id")
        deals = table(organisation, "deals").query("outcome == 'won'").dropna(subset="closed_at")
        deals = deals[deals["closed_at"] >= deals["created_at"]]
        customers = table(organisation, "customers").set_index("customer_id")
        joined = leads.merge(deals, on="lead_id", suffixes=("", "_deal"))
        assert len(joined) == len(leads) > 0
        assert (joined["converted_at"] == joined["closed_at"]).all()
        registered = customers.loc[joined["customer_id"], "registered_at"].to_numpy()
        assert (registered == joined["converted_at"].to_numpy()).all()

    @COMPANIES
    def test_an_account_that_left_for_good_raises_no_ticket_afterwards(self, table, organisation):
        accounts, activities = table(organisation, "accounts"), table(organisation, "activities")
        accounts = accounts[accounts["snapshot_at"].dt.is_month_end]
        last = accounts.sort_values("snapshot_at").groupby("customer_id").tail(1).set_index("customer_id")
        gone = last[last["churned_at"].notna() & last.index.isin(activities["subject_id"])]["churned_at"]
        mine = activities[activities["subject_id"].isin(gone.index)]
        final = mine.groupby("subject_id")["occurred_at"].max()
        assert len(gone) > 10
        # The month in which an account leaves has no snapshot of its use, and so no ticket either.
        assert (final < gone.reindex(final.index).dt.to_period("M").dt.start_time).all()

    @COMPANIES
    def test_tickets_are_counted_over_the_last_three_months(self, table, organisation):
        activities, accounts = table(organisation, "activities"), table(organisation, "accounts")
        last = accounts[
            (accounts["snapshot_at"] >= END - pd.Timedelta(days=1)) & accounts["churned_at"].isna()
        ]
        recent = activities[activities["occurred_at"] >= pd.Timestamp("2026-08-01")]
        tickets = recent[recent["kind"].isin(["ticket", "critical_ticket"])].groupby("subject_id").size()
        returned = accounts.dropna(subset="churned_at")["customer_id"]
        steady = last[~last["customer_id"].isin(returned)].set_index("customer_id")["support_tickets_90d"]
        assert (tickets.reindex(steady.index, fill_value=0) == steady).all()

    @COMPANIES
    def test_stages_of_a_lead_agree_with_the_leads(self, table, truth, organisation):
        events, leads = table(organisation, "stage_events"), table(organisation, "leads")
        entered = events[events["subject_id"].str.startswith("L")]
        first = entered[entered["stage"] == "Lead"]
        assert sorted(first["subject_id"]) == sorted(leads["lead_id"])
        became = entered[entered["stage"] == "Customer"]["subject_id"]
        assert sorted(became) == sorted(leads.dropna(subset="converted_at")["lead_id"])
        drawn = truth[organisation]["drawn"]["stage_events"]
        by_stage = entered.groupby("stage")["subject_id"].agg(set)
        assert len(by_stage["SQL"] - by_stage["MQL"]) == drawn["skipped_mql"] - len(
            by_stage["SQL"] & set(_back_without_mql(entered))
        )

    @COMPANIES
    def test_nothing_happens_after_the_last_day(self, table, organisation):
        moments = {
            "accounts": ["snapshot_at", "churned_at", "started_at"],
            "leads": ["created_at", "converted_at"],
            "deals": ["created_at", "stage_entered_at", "last_activity_at", "closed_at"],
            "deal_history": ["changed_at"],
            "stage_events": ["entered_at"],
            "activities": ["occurred_at"],
        }
        for name, columns in moments.items():
            for column in columns:
                assert table(organisation, name)[column].max() < END, (name, column)


def _back_without_mql(entered):
    """Subjects whose only MQL entry lies after their SQL entry: they skipped it first and went back later."""
    first = entered.pivot_table("entered_at", "subject_id", "stage", aggfunc="min")
    return first.index[first["MQL"] > first["SQL"]]
