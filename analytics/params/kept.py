"""Where the workbook keeps what it makes for later runs: trained models, dated batches of their predictions.

One folder for each organisation, named by its id, under ``models/``; `WORKBOOK_MODELS` names another place.
Nothing is read from a folder but the organisation's own.
"""

from __future__ import annotations

import os
from pathlib import Path

from analytics.errors import ParamsError
from analytics.params.values import is_id

MODELS = "WORKBOOK_MODELS"


def kept_folder() -> Path:
    """Return the folder of all that is kept: ``$WORKBOOK_MODELS``, else ``models`` beside the params.

    Returns
    -------
    pathlib.Path
        Absolute; it need not exist.
    """
    if given := os.environ.get(MODELS):
        return Path(given).absolute()
    home = Path(__file__).resolve().parents[2]
    return (home if (home / "params").is_dir() else Path.cwd()) / "models"


def kept_of(organisation: str) -> Path:
    """Return the folder of one organisation.

    Parameters
    ----------
    organisation : str
        Its id.

    Returns
    -------
    pathlib.Path
        It need not exist.

    Raises
    ------
    ParamsError
        If this is no id, so that no name leads out of the folder.

    Examples
    --------
    >>> kept_of("demo-retail").name
    'demo-retail'
    >>> kept_of("../other")
    Traceback (most recent call last):
    analytics.errors.ParamsError: "../other" is no id of an organisation: small letters, digits and hyphens
    """
    if not is_id(organisation):
        raise ParamsError(
            f'"{organisation[:80]}" is no id of an organisation: small letters, digits and hyphens'
        )
    return kept_folder() / organisation
