"""What a source may say in a params file, and what is refused before anything is opened."""

import pytest
from pydantic import ValidationError

from analytics.params.source import ColumnMapping, CsvFormat, Source, TableMapping


def test_a_url_is_never_shown():
    source = Source(kind="postgres", url="postgresql://me:sesame@host/db")
    assert "sesame" not in f"{source} {source!r} {source.model_dump()} {source.model_dump_json()}"


def test_marks_may_be_written_as_themselves():
    form = CsvFormat(delimiter="\t", decimal=",", thousands=".")
    assert (form.delimiter, form.decimal, form.thousands) == ("tab", "comma", "point")


def test_a_column_is_a_name_or_the_row():
    columns = TableMapping(columns={"sale_id": "row", "sold_at": "date"}).columns
    assert columns["sale_id"].row
    assert columns["sold_at"].column == "date"
    assert ColumnMapping(column="row").column == "row"  # for a source that calls a column so


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (Source, {}, "a source of kind 'folder' needs path"),
        (Source, {"kind": "postgres", "path": "x"}, "needs url"),
        (Source, {"kind": "sqlite", "path": "x", "url": "postgresql://h"}, "has no url; it has path"),
        (Source, {"kind": "package", "package": "a.b", "path": "x"}, "is not the name of a Python package"),
        (Source, {"kind": "folders", "path": "x"}, "Input should be 'folder'"),
        (Source, {"path": "x", "owner": True}, "Extra inputs are not permitted"),
        (Source, {"path": "x", "memory": "lots"}, "String should match pattern"),
        (Source, {"path": "x", "tables": {"deals": {"lines": {"amount": "a"}}}}, "lines are for sales only"),
        (Source, {"path": "x", "tables": {"sales": {"lines": {"quantity": "n"}}}}, "both quantity and price"),
        (CsvFormat, {"decimal": ",", "thousands": ","}, "decimal and thousands are both 'comma'"),
        (CsvFormat, {"dates": "ymd"}, "Input should be 'iso', 'dmy' or 'mdy'"),
        (ColumnMapping, {"column": "a", "value": 1}, "say exactly one of column"),
        (ColumnMapping, {}, "say exactly one of column"),
        (ColumnMapping, {"row": True, "whole": True}, "need a column to apply to"),
    ],
)
def test_what_is_refused(model, given, message):
    with pytest.raises(ValidationError, match=message):
        model.model_validate(given)


def test_a_source_cannot_be_changed():
    source = Source(path="x")
    with pytest.raises(ValidationError, match="frozen"):
        source.owned = True
