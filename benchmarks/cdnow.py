"""The published sample of CDNOW, 2,357 customers: 39 weeks, and the 39 that followed."""

import importlib
import warnings
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from analytics.metrics.purchases import as_table
from analytics.metrics.visits import visit_history

HOLDOUT, END = date(1997, 10, 1), date(1998, 7, 1)


def sales():
    """Each row a sale, as in the contract; the file comes with the package lifetimes."""
    folder = Path(find_spec("lifetimes").origin).parent  # importing it would warn
    names = ["master_id", "customer_id", "day", "units", "total_amount"]
    rows = pd.read_csv(
        folder / "datasets" / "CDNOW_sample.txt",
        header=None,
        sep=r"\s+",
        names=names,
        dtype={"customer_id": str},
    )
    rows["sold_at"] = pd.to_datetime(rows["day"].astype(str), format="%Y%m%d")
    rows["sale_id"] = [str(i) for i in range(len(rows))]
    return rows[["sale_id", "customer_id", "sold_at", "total_amount"]]


def histories():
    """The first 39 weeks, with what came in the second 39."""
    return visit_history(as_table(sales()), HOLDOUT, until=END)


def lifetimes_package():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it sets an option of pandas that is going away
        return importlib.import_module("lifetimes")
