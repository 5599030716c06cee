"""Columns of leads beyond the contract: read where params name them, refused where they cannot be meant."""

import pandas as pd
import pytest

from analytics.data.contract import CONTRACT
from analytics.data.dataset import open_dataset
from analytics.errors import ParamsError, SourceError
from analytics.params import find_organisation

PARAMS = """
organisations:
  - id: desk
    source: {{path: ., owned: true, csv: {{delimiter: comma, dates: iso, nulls: [Select]}}, tables: {tables}}}
"""


@pytest.fixture
def opened(tmp_path):
    """Open a folder with three leads under a mapping of tables."""
    leads = {
        "lead_id": ["a", "b", "c"],
        "created_at": "2026-01-01",
        "City": [" Hue ", "Select", "7"],
        "secret": "x",
    }
    pd.DataFrame(leads).to_csv(tmp_path / "leads.csv", index=False)
    datasets = []

    def open_with(tables):
        (tmp_path / "params.yml").write_text(PARAMS.format(tables=tables))
        datasets.append(open_dataset(find_organisation("desk", tmp_path / "params.yml")))
        return datasets[-1]

    yield open_with
    for dataset in datasets:
        dataset.close()


def test_a_named_column_is_read_as_tidy_text_and_no_other_comes_along(opened):
    leads = opened("{leads: {features: {city: City}}}").leads
    assert list(leads.columns) == [*(column.name for column in CONTRACT["leads"].columns), "city"]
    found = leads.order_by("lead_id").to_pandas()["city"]
    assert found.fillna("missing").tolist() == ["Hue", "missing", "7"]


def test_words_can_be_translated(opened):
    leads = opened('{leads: {features: {city: {column: City, values: {"7": seven}}}}}').leads
    assert "seven" in leads.to_pandas()["city"].tolist()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("{leads: {features: {region: City}}}", "region is a column of the contract"),
        ("{leads: {features: {city: Town}}}", "none of that name"),
    ],
)
def test_a_column_that_cannot_be_meant_is_an_error(opened, tables, said):
    with pytest.raises(SourceError, match=said):
        opened(tables)


def test_other_tables_have_none(opened):
    with pytest.raises(ParamsError, match="leads only"):
        opened("{sales: {features: {city: City}}}")
