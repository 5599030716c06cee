"""Tiny notebooks and params, so that the machinery is tested without the analytics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from analytics.errors import ContractError

PIECE = "application/vnd.workbook.piece+json"
PARAMETERS = """organisation: str = "acme"  # id of the organisation
timeframe: str = "2026-Q3"  # as in params
as_of: str = "latest"  # nothing on or after it is read
"""


def publish(state: str = "ready", reason: str = "", value: str = "43.7%") -> str:
    """Source of a cell that publishes a state and one headline figure."""
    record = {"kind": "publish", "state": state, "reason": reason}
    record["headlines"] = [{"label": "Customers who stayed", "value": value, "changes": []}]
    bundle = {PIECE: record, "text/plain": "published"}
    return f"from IPython.display import display\ndisplay({bundle!r}, raw=True)"


def write_notebook(
    folder: Path,
    name: str,
    *cells: str,
    parameters: str = PARAMETERS,
    workbook: Mapping[str, Any] | None = None,
) -> Path:
    """Write a notebook: title, parameters cell, the given code cells."""
    declared = nbformat.v4.new_code_cell(parameters)
    declared.metadata.tags = ["parameters"]
    title = f"# {name.capitalize()}\n\n**Question.** What happens?"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(title), declared, *map(nbformat.v4.new_code_cell, cells)]
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    if workbook is not None:
        notebook.metadata["workbook"] = dict(workbook)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def write_params(folder: Path, text: str, name: str = "params.yml") -> Path:
    """Write a params file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refuse_bolt(organisation, told):
    """A check that refuses one organisation; importable by the workers."""
    if organisation.id == "bolt":
        raise ContractError("sales.sale_id: 2 keys stand twice with different content")


def refuse_all(organisation, told):
    raise ContractError(f"sales of {organisation.id} have no occurred_at")
