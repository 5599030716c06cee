"""What a notebook gets from `open_report`, and what it leaves on the page and beside it."""

import json
from datetime import date

import nbformat
import pandas as pd
import pytest

from analytics.data.batches import write_batch
from analytics.errors import ContractError, ParamsError
from analytics.page.pieces import MIME, Headline, Notice, Statement, Table
from analytics.report import open_report
from tests.data.test_batches import predictions

PARAMS = """
organisations:
  - id: acme
    name: Acme & <b>Sons</b>
    currency: GBP
    timezone: Europe/London
    source: {path: acme, owned: true}
"""
BLOCKS = {"summary": ["sales"], "revenue_retention": ["accounts"]}


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """An organisation with one sale a month in 2026, and a notebook of two blocks."""
    (tmp_path / "acme").mkdir()
    days = [f"2026-{month:02}-15 12:00:00" for month in range(1, 11)]
    sales = pd.DataFrame(
        {
            "sale_id": [f"s{i}" for i in range(len(days))],
            "customer_id": "ada",
            "sold_at": pd.to_datetime(days),
            "total_amount": 10.0,
        }
    )
    sales.to_parquet(tmp_path / "acme" / "sales.parquet")
    (tmp_path / "params.yml").write_text(PARAMS)
    said = {"title": "Retention", "tables": ["sales"], "optional_tables": ["accounts"], "blocks": BLOCKS}
    notebook = nbformat.v4.new_notebook(metadata={"workbook": said})
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "retention.ipynb")
    monkeypatch.setenv("WORKBOOK_PARAMS", str(tmp_path / "params.yml"))
    monkeypatch.setenv("WORKBOOK_NOTEBOOKS", str(tmp_path / "notebooks"))
    monkeypatch.setenv("WORKBOOK_STARTED", "2026-11-20T06:00:00+00:00")
    monkeypatch.setenv("WORKBOOK_OUTPUT", str(tmp_path))
    return tmp_path


def kinds(shown):
    """What kinds of pieces a cell leaves."""
    said = shown._repr_mimebundle_().get(MIME)
    return [said["kind"], *(also["kind"] for also in said.get("also", []))] if said else []


def html(shown):
    return shown._repr_mimebundle_().get("text/html", "")


class TestOpening:
    def test_latest_is_the_day_after_the_newest_event(self, acme):
        report = open_report("retention", "acme", "all")
        assert report.timeframe.as_of == date(2026, 10, 16)

    def test_timeframes_before_the_first_sale_are_not_compared_with(self, acme):
        comparison = open_report("retention", "acme", "2026-Q3").comparison
        assert comparison.previous.label == "2026-Q2"
        assert comparison.year_earlier is None

    def test_says_what_it_is_made_from_and_escapes_names(self, acme):
        page = html(open_report("retention", "acme", "2026-Q3").opening())
        assert "9 sales since 15 January 2026; what is dated 1 October 2026 or later is not read" in page
        assert "Acme &amp; &lt;b&gt;Sons&lt;/b&gt;" in page

    @pytest.mark.parametrize(
        ("organisation", "timeframe", "as_of", "message"),
        [
            ("acne", "all", "latest", 'did you mean "acme"'),
            ("../acme", "all", "latest", "../acme"),
            ("acme", "last-quater", "latest", 'did you mean "last-quarter"'),
            ("acme", "all", "yesterday", 'neither a date such as 2026-10-31 nor "latest"'),
        ],
    )
    def test_a_name_that_is_not_known_is_refused(self, acme, organisation, timeframe, as_of, message):
        with pytest.raises(ParamsError, match=message):
            open_report("retention", organisation, timeframe, as_of=as_of)

    def test_a_parameter_is_held_to_what_the_notebook_declares(self, acme):
        said = {"parameters": {"churn_days": {"min": 1}, "cohort_period": {"allowed": ["month", "year"]}}}
        source = 'churn_days: int = 90  # days\ncohort_period: str = "month"  # month or year'
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
        notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"workbook": said})
        nbformat.write(notebook, acme / "notebooks" / "retention.ipynb")
        with pytest.raises(
            ParamsError,
            match=r'churn_days: 0 is .* smallest value is 1; cohort_period: "mnth" .*mean "month"',
        ):
            open_report(
                "retention", "acme", "all", parameters={"churn_days": 0, "cohort_period": "mnth", "search": 3}
            )
        open_report("retention", "acme", "all", parameters={"churn_days": 1, "cohort_period": "year"})


class TestNoData:
    def test_before_the_first_sale_the_page_is_a_masthead_and_an_empty_frame(self, acme):
        report = open_report("retention", "acme", "2025-06")
        assert kinds(report.opening()) == ["masthead", "empty"]
        assert kinds(report.section("summary", Statement("Nobody stayed"))) == []
        assert report.publish(summary={"x": 0}, revenue_retention=None).parts[0].state == "no data"
        assert json.loads((acme / "retention.json").read_text())["data"]["summary"] is None

    def test_a_block_whose_table_is_absent_is_null_and_shows_no_section(self, acme):
        report = open_report("retention", "acme", "2026-Q3")
        assert kinds(report.section("revenue_retention", Statement("Revenue stayed"))) == []
        report.publish(summary={"x": 0}, revenue_retention={"grr": 1.0})
        body = json.loads((acme / "retention.json").read_text())
        assert body["success"] is True
        assert body["data"] == {"summary": {"x": 0}, "revenue_retention": None}
        assert "Not shown, for want of the table accounts: revenue retention." in html(report.notes())

    def test_a_section_without_rows_says_so(self, acme):
        report = open_report("retention", "acme", "2026-Q3")
        page = html(report.section("summary", Statement("Nobody stayed"), table=Table((), ())))
        assert "No data for this in 2026-Q3." in page

    def test_a_timeframe_that_has_not_begun_is_said(self, acme):
        report = open_report("retention", "acme", "2027-Q1")
        assert "This timeframe has not begun" in html(report.opening())


class TestPublishing:
    def test_the_files_say_what_they_are_about(self, acme):
        report = open_report("retention", "acme", "2026-Q3", parameters={"churn_days": 90, "search": "Ada"})
        report.publish(summary={"retention_rate": 100.0}, revenue_retention=None)
        meta = json.loads((acme / "retention.json").read_text())["meta"]
        assert meta["timeframe"] == {"label": "2026-Q3", "start": "2026-07-01", "end": "2026-10-01"}
        assert meta["reference_date"] == "2026-10-01"
        assert meta["currency"] == "GBP"
        assert meta["rows_used"]["sales"] == 9
        assert meta["parameters"]["churn_days"] == 90
        assert meta["parameters"]["search"] == "••••"
        assert (acme / "retention.xlsx").is_file()

    def test_meta_holds_every_field_of_the_specification(self, acme):
        path = acme / "acme" / "sales.parquet"
        undated = pd.DataFrame({"sale_id": ["s10"], "customer_id": "ada", "total_amount": 10.0})
        fingerprint = open_report("retention", "acme", "2026-Q3").meta()["data_fingerprint"]
        pd.concat([pd.read_parquet(path), undated]).to_parquet(path)
        report = open_report("retention", "acme", "2026-Q3")
        report.publish(summary={"retention_rate": 100.0}, revenue_retention=None)
        meta = json.loads((acme / "retention.json").read_text())["meta"]
        assert meta.keys() >= {
            "organisation", "timeframe", "reference_date", "currency", "parameters", "rows_used",
            "rows_left_out", "data_fingerprint", "versions",
        }  # fmt: skip
        assert (meta["organisation"], meta["rows_used"], meta["rows_left_out"]) == (
            "acme", {"sales": 9}, {"sales": 1},
        )  # fmt: skip
        assert meta["data_fingerprint"] != fingerprint
        assert meta["versions"]["pandas"] == pd.__version__

    def test_rows_from_the_reference_date_on_are_not_counted(self, acme):
        report = open_report("retention", "acme", "2026-Q2")
        sales = report.sales.execute()
        used = int((sales["sold_at"] < "2026-07-01").sum())
        assert 0 < used < len(sales)
        assert report.meta()["rows_used"]["sales"] == used
        assert f"Made from</dt><dd>{used} sales" in html(report.opening()).replace("\n", "")

    def test_a_block_that_the_metadata_promises_must_be_given(self, acme):
        report = open_report("retention", "acme", "2026-Q3")
        with pytest.raises(ParamsError, match="publishes no block revenue_retention"):
            report.publish(summary={})

    def test_without_a_folder_from_the_batch_nothing_is_written(self, acme, monkeypatch):
        monkeypatch.delenv("WORKBOOK_OUTPUT")
        open_report("retention", "acme", "2026-Q3").publish(summary={}, revenue_retention=None)
        assert not (acme / "retention.json").exists()

    def test_the_index_is_told_the_cards_and_a_notice_makes_it_a_warning(self, acme):
        report = open_report("retention", "acme", "2026-Q3")
        report.opening(Notice("3 of 10 rows were left out"))
        report.cards(Headline("retention_rate", "Customers who stayed", "71.3%"))
        said = report.publish(summary={}, revenue_retention=None).parts[0]
        assert (said.state, said.reason) == ("warning", "3 of 10 rows were left out")
        assert said.headlines[0].value == "71.3%"
        assert said.blocks == ("summary",)


class TestWhatIsKept:
    """Predictions that the workbook made, or that came from outside and break the contract."""

    @pytest.fixture
    def open_roi(self, acme, models):
        """A report that uses predictions where they are there; ``outside`` are those of the source."""
        said = {"optional_tables": ["predictions"], "blocks": {"metrics": ["predictions"], "other": []}}
        notebook = nbformat.v4.new_notebook(metadata={"workbook": said})
        nbformat.write(notebook, acme / "notebooks" / "roi.ipynb")

        def call(timeframe="2026-Q3", outside=None):
            if outside is not None:
                outside.to_parquet(acme / "acme" / "predictions.parquet")
            return open_report("roi", "acme", timeframe)

        return call

    def test_a_report_reads_the_batches_dated_up_to_its_reference_date(self, open_roi):
        write_batch("acme", "predictions", predictions(date(2026, 10, 1), "b1"))
        write_batch("acme", "predictions", predictions(date(2026, 10, 2), "b2"))
        report = open_roi()
        assert set(report.predictions.batch_id.to_pandas()) == {"b1"}
        assert report.meta()["rows_used"] == {"predictions": 2}
        assert "2 predictions since" in html(report.opening())

    def test_probabilities_above_1_are_refused_in_words_on_the_page_and_the_rest_is_shown(self, open_roi):
        outside = predictions().assign(churn_probability=[1.7, 0.5])
        report = open_roi(outside=outside)
        page = html(report.opening())
        assert "The table predictions was refused" in page
        assert "churn_probability is from 0 to 1; 1 of 2 rows does not" in page
        assert report.predictions.count().to_pandas() == 0
        assert report.missing("metrics") == ("predictions",)
        assert report.meta()["rows_used"] == {}
        assert "has no such table" not in page

    def test_where_nothing_is_left_to_show_the_page_says_why(self, open_roi, acme):
        said = {"optional_tables": ["predictions"], "blocks": {"metrics": ["predictions"]}}
        nbformat.write(
            nbformat.v4.new_notebook(metadata={"workbook": said}), acme / "notebooks" / "roi.ipynb"
        )
        report = open_roi(outside=predictions().assign(churn_probability=[1.7, 0.5]))
        assert report.empty.startswith("the data break the contract: predictions (predictions.parquet)")
        assert "Mend the source" in html(report.opening())

    def test_a_table_without_which_the_report_is_nothing_stops_it(self, open_roi, acme):
        said = {"tables": ["predictions"], "blocks": {"metrics": ["predictions"], "other": []}}
        nbformat.write(
            nbformat.v4.new_notebook(metadata={"workbook": said}), acme / "notebooks" / "roi.ipynb"
        )
        report = open_roi(outside=predictions().assign(churn_probability=[1.7, 0.5]))
        with pytest.raises(ContractError, match="churn_probability is from 0 to 1"):
            report.predictions  # noqa: B018 - asking for it is what is refused
