"""Whole reports whose tables are in PostgreSQL have the figures of those that read files.

PostgreSQL makes no long number of a truth value and compares no text with a number: what other engines let
pass is seen only where a report's own queries run there.
"""

import json
from decimal import Decimal

import pandas as pd
import pytest
import yaml

from tests.data.conftest import write_postgres
from tests.notebooks.running import run_notebook
from tests.rendered import SHOP, SLUG, STARTED

SCHEMA = "reports"
EACH_TIME = ("campaign", "clv", "lead_scoring", "pipeline")
OTHERS = ("purchase_patterns", "retention", "revenue_forecast", "segmentation")


def plain(frame):
    """Amounts and instants in types that `write_postgres` knows."""
    for name, column in frame.items():
        known = column.dropna()
        if len(known) and isinstance(known.iloc[0], Decimal):
            frame[name] = column.astype("float64")
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            frame[name] = column.dt.tz_localize(None)
    return frame


@pytest.fixture(scope="module")
def on_postgres(rendered, postgres_url, tmp_path_factory):
    """Params of the organisation whose reports are rendered, with its tables in a database."""
    files = (rendered / "data" / SHOP).glob("*.parquet")
    write_postgres(postgres_url, SCHEMA, {file.stem: plain(pd.read_parquet(file)) for file in files})
    params = yaml.safe_load((rendered / "params.yml").read_text())
    (own,) = (one for one in params["organisations"] if one["id"] == SHOP)
    own["source"] = {"kind": "postgres", "url": "${TEST_POSTGRES_URL}", "schema": SCHEMA, "owned": True}
    path = tmp_path_factory.mktemp("postgres") / "params.yml"
    path.write_text(yaml.safe_dump(params | {"organisations": [own]}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_POSTGRES_URL", postgres_url)
        yield path


def differing(found, expected, at=""):
    """Where two figures of JSON differ by more than the order of a sum can do."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), at
        return [d for key in expected for d in differing(found[key], expected[key], f"{at}/{key}")]
    if isinstance(expected, list):
        assert len(found) == len(expected), at
        return [
            d for n, (one, other) in enumerate(zip(found, expected, strict=True))
            for d in differing(one, other, f"{at}/{n}")
        ]  # fmt: skip
    same = found == (pytest.approx(expected, rel=1e-6) if isinstance(expected, float) else expected)
    return [] if same else [(at, found, expected)]


@pytest.mark.parametrize("name", [*EACH_TIME, *(pytest.param(one, marks=pytest.mark.long) for one in OTHERS)])
def test_have_the_figures_of_files(rendered, on_postgres, tmp_path, models, name):
    (own,) = yaml.safe_load(on_postgres.read_text())["organisations"]
    asked = {"organisation": SHOP, "timeframe": SLUG, **own["parameters"].get(name, {})}
    ran = run_notebook(
        name, on_postgres, tmp_path / "out", started=STARTED.isoformat(), charts=False, **asked
    )
    expected = json.loads((rendered / "reports" / SHOP / SLUG / f"{name}.json").read_text())["data"]
    assert differing(ran.data, expected) == []
