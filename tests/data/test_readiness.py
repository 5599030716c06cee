"""Whether a notebook is ready, in words and in full."""

from datetime import date
from pathlib import Path

import pytest

from analytics.data.contract import CONTRACT
from analytics.data.readiness import COLUMNS, HISTORY, readiness
from analytics.params.notebooks import NotebookCard, notebook_names

SALES = "sale_id,sold_at,total_amount,total_profit\n1,2026-01-01,1,1\n2,2026-05-31,1,1\n"
TWICE = "sale_id,sold_at,total_amount\n1,2026-01-01,1\n1,2026-01-01,2\n"
LEADS = "lead_id,created_at\nl,2026-01-01\nl,2026-01-01\n"


def card(name="any", *, required=(), optional=(), blocks=None, opens_refused=False):
    path = Path(f"{name}.ipynb")
    return NotebookCard(
        path, name, required=required, optional=optional, blocks=blocks or {}, opens_refused=opens_refused
    )


@pytest.mark.parametrize(
    ("asked", "state", "words"),
    [
        (card(required=("sales",)), "ready", "ready"),
        (card(required=("sales", "deals")), "lacks tables", "lacks deals"),
        (card(optional=("deals", "accounts")), "lacks tables", "lacks deals or accounts"),
        (card(optional=("deals", "sales")), "ready", "ready"),
        (card(blocks={"a_b": ("deals",), "c": ("sales",)}), "partly ready", "ready, without a b"),
        (card(required=("leads",)), "refused", "refused, because of leads"),
        (
            card(required=("sales",), optional=("leads",)),
            "partly ready",
            "ready, without leads, which is refused",
        ),
        (card(optional=("sales", "leads"), opens_refused=True), "ready", "ready"),
    ],
)  # fmt: skip
def test_in_words(from_csv, asked, state, words):
    found = readiness(asked, from_csv(sales=SALES, leads=LEADS, check=True))
    assert found.state == state
    assert found.words == words


def test_refused_sales_stop_every_report_but_one_that_opens_refused_data(from_csv):
    dataset = from_csv(sales=TWICE, leads="lead_id,created_at\nl,2026-01-01\n", check=True)
    assert readiness(card(required=("leads",)), dataset).state == "refused"
    assert readiness(card(optional=("sales",), opens_refused=True), dataset).state == "ready"


def test_columns_that_the_source_has_not(from_csv):
    found = readiness(card("campaign", required=("sales",)), from_csv(sales=SALES))
    assert (found.columns, found.state) == (("sales.units",), "partly ready")


@pytest.mark.parametrize(("until", "state"), [(date(2026, 7, 2), "too short"), (date(2026, 7, 3), "ready")])
def test_a_history_that_is_too_short(from_csv, until, state):
    found = readiness(card("revenue_forecast", required=("sales",)), from_csv(sales=SALES), until)
    assert found.state == state
    assert (found.days, found.needed_days) == ((182, 183) if state == "too short" else (None, None))


def test_what_is_known_of_notebooks_is_of_notebooks_that_there_are():
    assert COLUMNS.keys() | HISTORY.keys() <= set(notebook_names())
    for name in {name for names in COLUMNS.values() for name in names}:
        table, _, column = name.partition(".")
        assert column in CONTRACT[table]


def test_every_report_that_shows_or_weighs_profit_lacks_something_without_it():
    """Profit on a card, in a lifetime value, in the worth of a customer who may leave."""
    with_profit = {"campaign", "clv", "interventions", "lifecycle", "purchase_patterns", "roi"}
    assert {name for name, columns in COLUMNS.items() if "sales.total_profit" in columns} == with_profit
