"""Plain pandas frames take the way of every source."""

import gc
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.charts import forms, theme
from analytics.errors import ContractError, ParamsError
from analytics.metrics.cohorts import cohort_analysis
from analytics.metrics.purchases import purchases


@pytest.fixture
def sales():
    random = np.random.default_rng(3)
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 180 * 24, 300), unit="h")
    return pd.DataFrame(
        {
            "sale_id": range(300),
            "customer_id": [f"c{n:02}" for n in random.integers(0, 40, 300)],
            "sold_at": days,
            "total_amount": random.gamma(2, 20, 300).round(2),
        }
    )


def test_figures_are_those_of_plain_pandas(sales):
    shop = analytics.open_frames("all", sales=sales)
    assert purchases(shop.sales).count().execute() == len(sales)
    assert float(shop.sales.total_amount.sum().execute()) == pytest.approx(sales["total_amount"].sum())
    first = sales.groupby("customer_id")["sold_at"].min().dt.strftime("%Y-%m").value_counts()
    found = cohort_analysis(shop.sales, shop.timeframe).set_index("cohort")["initial_customers"]
    assert found.drop("average").to_dict() == first.to_dict()


def test_nothing_on_or_after_as_of_counts(sales):
    shop = analytics.open_frames("all", sales=sales, as_of="2026-03-01")
    assert str(shop.timeframe.reference_date) == "2026-03-01"


def test_the_frame_is_not_changed_and_nothing_is_left_behind(sales, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sales.copy()
    shop = analytics.open_frames(sales=sales)
    pd.testing.assert_frame_equal(sales, before)
    assert list(tmp_path.glob("frames-*"))
    shop.dataset.close()
    del shop
    gc.collect()
    assert not list(tmp_path.glob("frames-*"))


def test_a_table_outlives_the_frames_that_it_came_from(sales):
    table = analytics.open_frames(sales=sales).sales
    gc.collect()
    assert table.count().execute() == len(sales)


@pytest.mark.parametrize(
    ("setting", "said"), [({"currency": "EURO"}, "currency: .EURO. is no"), ({"timezone": "Mars"}, "IANA")]
)
def test_a_setting_that_cannot_be_meant_is_refused(sales, setting, said):
    with pytest.raises(ParamsError, match=said):
        analytics.open_frames(sales=sales, **setting)


def test_a_table_that_was_not_given_has_no_rows(sales):
    assert analytics.open_frames(sales=sales).customers.count().execute() == 0


def test_rows_that_break_the_contract_are_set_aside(sales):
    rows = pd.concat([sales, sales.head(2)], ignore_index=True)
    shop = analytics.open_frames(sales=rows)
    assert shop.sales.count().execute() == len(sales)
    assert shop.dataset.left_out["sales"] == 2


@pytest.mark.parametrize(
    ("tables", "timeframe", "error", "said"),
    [
        ({}, "all", ParamsError, "no table was given"),
        ({"sale": pd.DataFrame()}, "all", ParamsError, 'did you mean "sales"'),
        ({"sales": pd.DataFrame({"sale_id": ["1"]})}, "all", ContractError, "sold_at"),
        ({"sales": None}, "last-weak", ParamsError, "last-weak"),
        ({"sales": [1]}, "all", ParamsError, "sales is a list; a pandas.DataFrame is needed"),
        (
            {"sales": pd.DataFrame({"sale_id": [1, "x"]})},
            "all",
            ContractError,
            "of several types .sale_id: ob",
        ),
        ({"sales": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "all", ContractError, "stands twice"),
    ],
)
def test_what_cannot_be_meant_is_refused(sales, tables, timeframe, error, said):
    given = {name: sales if frame is None else frame for name, frame in tables.items()}
    with pytest.raises(error, match=said):
        analytics.open_frames(timeframe, **given)


def test_frames_without_a_row_that_can_be_used_are_refused_with_what_helps_in_a_frame(sales):
    """As pandas reads 06.01.2025 with ``thousands="."``: a number, which is a moment in 1970."""
    wrong = sales.assign(sold_at=pd.to_datetime([6_012_025] * len(sales)))
    with pytest.raises(ContractError, match=r"no row of sales .*1970[\s\S]*dayfirst=True"):
        analytics.open_frames(sales=wrong)
    with pytest.raises(ContractError, match=r"no column sold_at[\s\S]*frame\.rename"):
        analytics.open_frames(sales=sales.rename(columns={"sold_at": "Datum"}))


def test_what_was_opened_is_said_in_one_line(sales):
    said = f"<Frames all: sales {len(sales):,} rows, 0 set aside>"
    assert repr(analytics.open_frames(sales=sales)) == said


def test_other_names_are_refused_with_what_was_meant():
    with pytest.raises(AttributeError, match="open_frame"):
        analytics.open_frame  # noqa: B018


def test_a_chart_is_shown_with_its_look_and_its_words():
    lines = [forms.Series("a", [1.0, 2.0], end="2")]
    chart = theme.both(forms.line, "c", "Line to 2", labels=["x", "y"], series=lines, words=str, title="a")
    html = analytics.show(chart, "It grew")._repr_mimebundle_()["text/html"]
    assert html.startswith("<style>")
    assert 'aria-label="Line to 2"' in html
    assert "It grew" in html
    assert "There is nothing to draw." in str(analytics.show(None))


def test_importing_the_package_imports_no_engine():
    asked = "import sys, analytics; print('ibis' in sys.modules, 'matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
