"""Trained models that stay between runs: written whole, never changed, loaded without running code.

A model is a folder ``models/<organisation>/<kind>/<version>/``: ``card.json`` says what it is,
``model.skops`` holds its estimators, and each frame of its evidence is a Parquet file. The card has the
checksums of all, so that a file that somebody changed is noticed before it is read.

What a card must hold: ``reference_date``, the day before which everything it was trained on lies. What
``workbook models`` shows beside it, where a card has them: ``data_window`` and ``test_window`` (two dates
each), ``customers``, ``features``, ``scores``, ``versions``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.errors import ModelError, nearest
from analytics.params.kept import kept_of

TRUSTED = (
    "numpy.dtype",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
)
"""Types that a model may hold beside those that skops trusts by itself: they hold numbers and run nothing."""

_CARD, _MODEL, _IN_USE = "card.json", "model.skops", "in_use.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REMEDY = "remove its folder, and the next run trains a model anew"


@dataclass(frozen=True)
class KeptModel:
    """A model as its card describes it.

    Attributes
    ----------
    organisation, kind, version : str
    path : pathlib.Path
        Its folder.
    card : mapping
        As it was saved: texts, numbers, lists and mappings; dates as ISO texts.
    pinned : bool
        Whether somebody said that this one is to be used.
    """

    organisation: str
    kind: str
    version: str
    path: Path
    card: Mapping[str, Any]
    pinned: bool = False

    @property
    def reference_date(self) -> date:
        """The day before which everything that it was trained on lies."""
        return date.fromisoformat(self.card["reference_date"])


@dataclass(frozen=True)
class StoredModel(KeptModel):
    """A model with its estimators and the frames of its evidence."""

    estimators: Mapping[str, Any] = field(default_factory=dict, repr=False)
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)


def save_model(
    organisation: str,
    kind: str,
    version: str,
    card: Mapping[str, Any],
    estimators: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame],
) -> StoredModel:
    """Keep a model, and give it back as it was kept.

    Parameters
    ----------
    organisation : str
        Id; no other organisation's models are ever read or written.
    kind : str
        What it is for: ``churn``. Letters, digits, ``.``, ``-`` and ``_``, as in a version.
    version : str
        Made from what it was trained on, so that the same training gives the same version.
    card : mapping
        Plain values; dates are written in ISO form, missing numbers as null. ``reference_date`` is needed.
    estimators : mapping of str to estimator
        Of scikit-learn and numpy only: others would not be loaded again.
    frames : mapping of str to DataFrame
        Column names are texts; the index is not kept.

    Returns
    -------
    StoredModel
        As `load_model` gives it, read from the very bytes that were written. The same version again leaves
        what is there.

    Raises
    ------
    ModelError
        If the version is there with another card, or an estimator holds what could not be loaded again.
    """
    said = _plain(card)
    if not isinstance(said.get("reference_date"), str):
        raise ModelError(f"the card of {kind} {version} has no reference_date")
    folder = _folder(organisation, kind) / _named(version)
    if folder.exists():
        there = _read_card(folder).card
        if {key: value for key, value in there.items() if key != "kept"} != said:
            raise ModelError(
                f"{kind} {version} of {organisation} is kept already, with another card; a version says what "
                f"a model was trained on and is never written twice: {_REMEDY}"
            )
        return load_model(organisation, kind, version)
    content = _content(estimators, frames)
    read = _read_back(content, f"{kind} {version} of {organisation}")  # refuses what cannot be loaded again
    before = [model.card["kept"]["number"] for model in list_models(organisation, kind)]
    files = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}
    said["kept"] = {"number": max(before, default=0) + 1, "card": _digest(said), "files": files}
    content[_CARD] = _as_json(said)
    _write_whole(folder, content)
    return _stored(_read_card(folder), *read)


def load_model(organisation: str, kind: str, version: str) -> StoredModel:
    """Load a model, after its files were held against the checksums of its card.

    Parameters
    ----------
    organisation, kind, version : str

    Returns
    -------
    StoredModel

    Raises
    ------
    ModelError
        If there is no such version, if a file was changed or is missing, or if it holds a type that is not
        trusted. No code of a file is ever run.
    """
    folder = _folder(organisation, kind) / _named(version)
    if not folder.is_dir():
        known = [model.version for model in list_models(organisation, kind)]
        listed = f"; there are {', '.join(known)}" if known else "; none is kept yet"
        raise ModelError(f"{organisation} has no {kind} model {version}{nearest(version, known)}{listed}")
    model = _read_card(folder)
    content = {}
    for name, expected in model.card["kept"]["files"].items():
        try:
            content[name] = (folder / _named(name)).read_bytes()
        except OSError:
            raise ModelError(f"{kind} {version} of {organisation} lacks its file {name}; {_REMEDY}") from None
        if hashlib.sha256(content[name]).hexdigest() != expected:
            raise ModelError(
                f"{name} of {kind} {version} of {organisation} is not the file that was written with the "
                f"model; it is not read: {_REMEDY}"
            )
    return _stored(model, *_read_back(content, f"{kind} {version} of {organisation}"))


def list_models(organisation: str, kind: str | None = None) -> list[KeptModel]:
    """List what is kept for an organisation, the oldest training first.

    Parameters
    ----------
    organisation : str
    kind : str, optional
        By default all kinds.

    Returns
    -------
    list of KeptModel
        Ordered by kind, reference date and the order in which they were saved.

    Raises
    ------
    ModelError
        If a card cannot be read.
    """
    kinds = [_folder(organisation, kind)] if kind is not None else _folders(kept_of(organisation))
    models = [
        _read_card(folder) for place in kinds for folder in _folders(place) if (folder / _CARD).is_file()
    ]
    return sorted(models, key=lambda m: (m.kind, m.reference_date, m.card["kept"]["number"], m.version))


def model_in_use(
    organisation: str, kind: str, reference_date: date, alike: Mapping[str, Any] | None = None
) -> KeptModel | None:
    """Return the model to use on a day: the pinned one, else the newest.

    Parameters
    ----------
    organisation, kind : str
    reference_date : datetime.date
        Only models trained on what lies before it are looked at, pinned or not.
    alike : mapping, optional
        What the card must say, ``{"definition": "contract", "horizon_days": 90}`` for instance: a model with
        another definition answers another question.

    Returns
    -------
    KeptModel or None
        To be loaded by `load_model`.
    """
    wanted = _plain(alike or {})
    fitting = [
        model
        for model in list_models(organisation, kind)
        if model.reference_date <= reference_date
        and all(model.card.get(key) == value for key, value in wanted.items())
    ]
    return next((model for model in fitting if model.pinned), fitting[-1] if fitting else None)


def use_model(organisation: str, kind: str, version: str | None) -> None:
    """Pin a model, or with None let the newest be used again.

    Parameters
    ----------
    organisation, kind : str
    version : str or None

    Raises
    ------
    ModelError
        If there is no such version, or its files were changed.
    """
    place = _folder(organisation, kind)
    if version is None:
        (place / _IN_USE).unlink(missing_ok=True)
        return
    load_model(organisation, kind, version)
    temporary = place / f".{_IN_USE}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(_as_json({"version": version}))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(place / _IN_USE)


# Folders and cards --------------------------------------------------------------------------------------


def _named(name: str) -> str:
    """Refuse what could lead out of the folder, or hide in it."""
    if not _NAME.fullmatch(name):
        raise ModelError(
            f'"{name[:80]}" is no name of a model, a kind or a frame: letters, digits, dots, hyphens and _'
        )
    return name


def _folder(organisation: str, kind: str) -> Path:
    return kept_of(organisation) / _named(kind)


def _folders(place: Path) -> list[Path]:
    """Folders under good names; what a killed run left begins with a dot."""
    if not place.is_dir():
        return []
    return sorted(path for path in place.iterdir() if path.is_dir() and _NAME.fullmatch(path.name))


def _read_card(folder: Path) -> KeptModel:
    organisation, kind, version = folder.parts[-3:]
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        date.fromisoformat(card["reference_date"])
        kept = card["kept"]
        whole = isinstance(kept["number"], int) and _MODEL in kept["files"] and kept["card"] == _digest(card)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ModelError(
            f"the card of {kind} {version} of {organisation} is not as it was written; {_REMEDY}"
        )
    return KeptModel(organisation, kind, version, folder, card, pinned=_pinned(folder.parent) == version)


def _pinned(place: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((place / _IN_USE).read_text(encoding="utf-8"))["version"])
    return None


def _write_whole(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write a folder under another name, and give it its own when every file is on the disk."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        for name, data in content.items():
            with (temporary / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        temporary.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return  # another run was quicker with the same version
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _digest(card: Mapping[str, Any]) -> str:
    """Checksum of what a card says, without what the registry adds."""
    return hashlib.sha256(_as_json({key: card[key] for key in sorted(card) if key != "kept"})).hexdigest()


def _as_json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    """Values as they come back from JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != value.min.time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise ModelError(f"a card holds plain values, not a {type(value).__name__}")


# Estimators and frames ----------------------------------------------------------------------------------


def _content(estimators: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Write estimators and frames as bytes, by the names of their files."""
    from skops.io import dumps

    content: dict[str, bytes] = {_MODEL: dumps(dict(estimators))}
    for name, frame in frames.items():
        content[f"{_named(name)}.parquet"] = frame.to_parquet(index=False, compression="zstd")
    return content


def _read_back(content: Mapping[str, bytes], what: str) -> tuple[Mapping[str, Any], dict[str, pd.DataFrame]]:
    """The estimators and the frames of a model's files."""
    frames = {
        name.removesuffix(".parquet"): _frame(data)
        for name, data in content.items()
        if name.endswith(".parquet")
    }
    return _estimators(content[_MODEL], what), frames


def _stored(
    model: KeptModel, estimators: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]
) -> StoredModel:
    """A model with what was read of its files."""
    described = {name: getattr(model, name) for name in KeptModel.__dataclass_fields__}
    return StoredModel(**described, estimators=estimators, frames=frames)


def _refuse_untrusted(model: bytes, what: str) -> None:
    from skops.io import get_untrusted_types

    if strange := sorted(set(get_untrusted_types(data=model)) - set(TRUSTED)):
        raise ModelError(
            f"{what} holds {', '.join(strange)}, which is not among the types that are loaded; a model is "
            "made of scikit-learn's and numpy's own"
        )


def _estimators(model: bytes, what: str) -> Mapping[str, Any]:
    from skops.io import loads
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        found: Mapping[str, Any] = loads(model, trusted=list(TRUSTED))
    except UntrustedTypesFoundException:
        _refuse_untrusted(model, what)  # says which types
        raise
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes of the reader
        raise ModelError(
            f"the estimators of {what} cannot be read ({type(error).__name__}); {_REMEDY}"
        ) from None
    return found


def _frame(data: bytes) -> pd.DataFrame:
    from io import BytesIO

    return pd.read_parquet(BytesIO(data))
