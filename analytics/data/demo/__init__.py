"""Demonstration organisations whose true answers are known.

`write_demo` simulates three organisations from a fixed seed: a retailer, a software company, and one with
both on the Vietnamese market. Beside the tables of each stands ``truth.json``: the parameters of every
process, what was really drawn, and how many rows of each kind of dirt were planted. Nothing depends on the
clock.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analytics.data.demo.campaigns import campaign_columns
from analytics.data.demo.contracts import Software, company_truth, write_contract_block
from analytics.data.demo.folder import TableFiles, replaced_folder, write_json
from analytics.data.demo.organisations import RETAIL_SHOP, SOFTWARE_COMPANY, VIETNAM_COMPANY, VIETNAM_SHOP
from analytics.data.demo.season import END_DAY, FIRST_DAY
from analytics.data.demo.shop import Shop, shop_truth
from analytics.data.demo.shop_tables import write_shop_block
from analytics.data.demo.tally import Tally
from analytics.errors import ParamsError

__all__ = ["DEFAULT_SEED", "ORGANISATIONS", "write_demo"]

DEFAULT_SEED = 2311
CUSTOMERS_AT_ONCE = 50_000
FEWEST, MOST = 50, 5_000_000
VIETNAM_SHOPPER_SHARE = 0.75

ORGANISATIONS: dict[str, tuple[Shop | None, Software | None]] = {
    "demo-retail": (RETAIL_SHOP, None),
    "demo-saas": (None, SOFTWARE_COMPANY),
    "demo-vietnam": (VIETNAM_SHOP, VIETNAM_COMPANY),
}


def write_demo(
    out: Path,
    customers: int = 2_000,
    seed: int = DEFAULT_SEED,
    *,
    done: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the three demonstration organisations as folders of Parquet files.

    Parameters
    ----------
    out : Path
        Folder to write; it gets one folder for each organisation. It may be missing, empty or written by an
        earlier call, whose files are then replaced. It appears whole or stays as it was.
    customers : int, default 2000
        Customers of each organisation, 50 to 5,000,000. Memory grows with blocks of 50,000, not with this.
    seed : int, default 2311
        The same seed and size give the same bytes.
    done : callable, optional
        Told the id of each organisation when its tables are written.

    Returns
    -------
    list of Path
        The folders of the organisations, in the order demo-retail, demo-saas, demo-vietnam.

    Raises
    ------
    ParamsError
        If `customers` or `seed` is out of range, or `out` holds files that were not written by this function.
    """
    if not FEWEST <= customers <= MOST:
        raise ParamsError(
            f"customers is {customers}; allowed are {FEWEST:,} to {MOST:,} for each organisation"
        )
    if seed < 0:
        raise ParamsError(f"seed is {seed}; allowed are whole numbers from 0 on")
    out = Path(out)
    with replaced_folder(
        out, {"written_by": "workbook demo", "customers": customers, "seed": seed}
    ) as folder:
        for position, (name, (shop, company)) in enumerate(ORGANISATIONS.items()):
            truth = _write_organisation(folder / name, shop, company, customers, (seed, position))
            truth |= {"organisation": name, "seed": seed, "customers": customers}
            write_json(folder / name / "truth.json", truth)
            if done is not None:
                done(name)
    return [out / name for name in ORGANISATIONS]


def _write_organisation(
    folder: Path, shop: Shop | None, company: Software | None, customers: int, seed: tuple[int, int]
) -> dict[str, Any]:
    tally = Tally()
    shoppers = customers if company is None else round(VIETNAM_SHOPPER_SHARE * customers) if shop else 0
    truth: dict[str, Any] = {"first_day": FIRST_DAY.isoformat(), "end_day": END_DAY.isoformat()}
    with TableFiles(folder) as files:
        if shop is not None:
            truth["shop"] = shop_truth(shop)
            for number, (start, size) in enumerate(_blocks(shoppers)):
                write_shop_block(files, np.random.default_rng([*seed, 0, number]), shop, size, start, tally)
        if company is not None:
            truth["company"] = company_truth(company)
            for number, (start, size) in enumerate(_blocks(customers - shoppers)):
                rng = np.random.default_rng([*seed, 1, number])
                write_contract_block(files, rng, company, size, start, tally, first_number=shoppers)
        campaigns = (shop.campaigns if shop else ()) + (company.campaigns if company else ())
        files.write("campaigns", campaign_columns(campaigns))
    return truth | _realised(tally)


def _realised(tally: Tally) -> dict[str, Any]:
    drawn = tally.nested()
    return {"planted": drawn.pop("planted"), "drawn": drawn}


def _blocks(customers: int) -> list[tuple[int, int]]:
    """Start and size of each block of customers."""
    return [
        (start, min(CUSTOMERS_AT_ONCE, customers - start)) for start in range(0, customers, CUSTOMERS_AT_ONCE)
    ]
