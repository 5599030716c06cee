"""What was said of a table is said once in a run, and again where anything that it rests on has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from analytics.data import dataset, verdicts
from analytics.data.reading import TableReading
from analytics.params.run import CHECKED

HEAD = "sale_id,customer_id,sold_at,total_amount\n"
PEOPLE = "customer_id,name\na,A\n"
DIRTY = HEAD + "1,a,2026-01-01,1\n1,a,2026-01-01,1\n2,zz,2026-02-01,2\n3,a,1950-01-01,3\n"


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """The folder of a run."""
    folder = tmp_path / "checked"
    monkeypatch.setenv(CHECKED, str(folder))
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Names of the tables that validation was asked about, in order."""
    names = []
    validate = dataset.validate

    def noted(staged, *more):
        names.append(staged.contract.name)
        return validate(staged, *more)

    monkeypatch.setattr(dataset, "validate", noted)
    return names


def told(opened):
    return {
        name: value for name, value in vars(opened).items() if name not in ("tables", "_source", "_staged")
    }


class TestVerdictsOfARun:
    @pytest.mark.parametrize("text", [DIRTY, HEAD + "1,a,2026-01-01,1\n"], ids=["dirty", "clean"])
    def test_are_asked_for_once_and_say_the_same(self, checked, asked, from_csv, opened, rows, text):
        first = from_csv(sales=text, customers=PEOPLE)
        assert sorted(set(asked)) == ["customers", "sales"]
        asked.clear()
        again = opened(first._source.source)
        assert asked == []
        assert told(again) == told(first)
        assert rows(again.sales) == rows(first.sales)

    def test_hold_on_every_engine_that_is_a_file(self, checked, asked, engine, opened, rows):
        columns = {"sale_id": ["1", "2"], "customer_id": ["a", None], "total_amount": [1.0, 2.0]}
        sales = pd.DataFrame(columns | {"sold_at": datetime(2026, 1, 1)})
        source = engine({"sales": sales}, owned=True)
        first = opened(source)
        asked.clear()
        again = opened(source)
        assert asked == ([] if first._source.files else ["sales"])  # a server is asked again
        assert told(again) == told(first)
        assert rows(again.sales) == rows(first.sales)

    def test_bring_the_reading_with_them(self, checked, engine, opened, rows, monkeypatch):
        columns = {"sale_id": ["1", "1", "2", "3"], "customer_id": ["a", "a", None, "a"]}
        sales = pd.DataFrame(columns | {"total_amount": 1.0, "sold_at": datetime(2026, 1, 1)})
        sales.loc[3, "sold_at"] = datetime(1950, 1, 1)
        source = engine({"sales": sales}, owned=True)
        first = opened(source)
        staged = []
        read = TableReading.stage
        monkeypatch.setattr(TableReading, "stage", lambda *a: staged.append(a) or read(*a))
        again = opened(source)
        files = first._source.files
        # A server is asked again, and text is parsed by every session.
        assert bool(staged) == (not files or files[0].suffix == ".csv")
        assert sorted(rows(again.sales)) == sorted(rows(first.sales))
        assert (again.rows, again.left_out) == ({"sales": 2}, {"sales": 2})
        assert again.sales.schema() == first.sales.schema()

    def test_are_not_taken_for_other_content(self, checked, asked, from_csv):
        from_csv(sales=HEAD + "1,a,2026-01-01,1\n")
        asked.clear()
        assert from_csv(sales=DIRTY).left_out["sales"] > 0
        assert "sales" in asked

    def test_are_not_taken_where_only_what_a_table_refers_to_has_changed(self, checked, asked, from_csv):
        from_csv(sales=HEAD + "1,a,2026-01-01,1\n", customers=PEOPLE)
        asked.clear()
        found = from_csv(sales=HEAD + "1,a,2026-01-01,1\n", customers="customer_id,name\nb,B\n")
        assert asked == ["customers", "sales"]
        assert any(finding.rule == "customer_id_known" for finding in found.findings)

    def test_are_not_taken_for_another_start_another_organisation_or_other_params(self, checked, from_csv):
        opened = from_csv(sales=HEAD + "1,a,2026-01-01,1\n")
        source, files = opened._source, opened._source.files
        begin = datetime(2026, 1, 2)
        this = verdicts.Verdicts(source, begin)
        other = source.source.model_copy(update={"owned": not source.source.owned})
        keys = {
            this.key("sales", files, ["customers"]),
            this.key("sales", files, []),
            this.key("deals", files, ["customers"]),
            verdicts.Verdicts(source, begin.replace(day=3)).key("sales", files, ["customers"]),
            verdicts.Verdicts(replace(source, organisation="bolt"), begin).key("sales", files, ["customers"]),
            verdicts.Verdicts(replace(source, source=other), begin).key("sales", files, ["customers"]),
        }
        assert len(keys) == 6
        assert this.key("sales", files, ["customers"]) in keys

    def test_that_cannot_be_read_are_asked_for_again(self, checked, asked, from_csv):
        first = from_csv(sales=DIRTY)
        for file in checked.iterdir():
            file.write_text("{", encoding="utf-8")
        asked.clear()
        assert told(from_csv(sales=DIRTY)) == told(first)
        assert "sales" in asked

    def test_hold_no_value_of_a_row_but_ids(self, checked, from_csv):
        from_csv(sales=DIRTY.replace("1950-01-01", "Ada Lovelace"), check=True)
        assert list(checked.iterdir())
        assert not [file for file in checked.iterdir() if "Ada" in file.read_text(encoding="utf-8")]


def test_outside_a_run_nothing_is_remembered(asked, from_csv, monkeypatch):
    monkeypatch.delenv(CHECKED, raising=False)
    from_csv(sales=DIRTY)
    asked.clear()
    from_csv(sales=DIRTY)
    assert "sales" in asked
