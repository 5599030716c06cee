"""The command ``workbook models``: what was trained for whom, how good it is, and which is in use."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analytics.errors import ModelError, ParamsError, nearest

if TYPE_CHECKING:
    from analytics.models.comparison import Comparison
    from analytics.models.registry import KeptModel

Add = Callable[[Any, str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
_QUESTION = ("definition", "horizon_days", "eligible_days")
_FEW = 8  # of a long list that are shown
_WORDS = {"roc_auc": "ROC AUC", "brier": "Brier score", "log_loss": "log loss"}


def add_arguments(parser: argparse.ArgumentParser, add: Add) -> None:
    """Declare the four commands below ``workbook models``.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of ``workbook models``, which without another word lists.
    add : callable
        Adds a command: parsers, name, function, words.
    """
    commands = parser.add_subparsers(dest="models_command", metavar="COMMAND")
    listing = add(commands, "list", overview, "list the trained models, and which is in use")
    showing = add(commands, "show", show, "show a model's card")
    comparing = add(commands, "compare", compare, "compare two models on the same test window")
    using = add(commands, "use", use, "say which model is to be used")
    showing.add_argument("version", metavar="VERSION", help="or its beginning")
    comparing.add_argument("version", metavar="A", help="a version, or its beginning")
    comparing.add_argument("other", metavar="B", help="a version, or its beginning")
    using.add_argument("version", metavar="VERSION", nargs="?", help="or its beginning")
    using.add_argument("--latest", action="store_true", help="the newest again, whichever that is")
    for one in (listing, showing, comparing, using):
        one.add_argument("--organisation", metavar="O", help="only this one's models")
        one.add_argument("--kind", metavar="K", help="only models of this kind, such as churn")


def overview(given: argparse.Namespace) -> int:
    """List models."""
    models = _models(given)
    if not models:
        from analytics.params.kept import kept_folder

        _say(f"no model is kept in {kept_folder()}; the report churn_training trains one")
        return 0
    rows = [("organisation", "kind", "version", "trained before", "customers", "ROC AUC", "in use")]
    using = _in_use(models)
    rows += [
        (
            model.organisation,
            model.kind,
            model.version,
            model.reference_date.isoformat(),
            _count(model.card.get("customers")),
            _auc(model.card),
            "pinned" if model.pinned else "newest" if model in using else "",
        )
        for model in models
    ]
    _say(_columns(rows))
    return 0


def show(given: argparse.Namespace) -> int:
    """Show one model's card."""
    model = _one(given.version, given)
    _say(f"{model.kind} {model.version} of {model.organisation}")
    _say(f"  in {model.path}")
    card = {key: value for key, value in model.card.items() if key != "kept"}
    _say("\n".join(_lines(card, "  ")))
    return 0


def compare(given: argparse.Namespace) -> int:
    """Compare two models."""
    from analytics.models.comparison import compare_models
    from analytics.models.registry import load_model

    both = [_one(version, given) for version in (given.version, given.other)]
    first, second = (load_model(model.organisation, model.kind, model.version) for model in both)
    _say(_compared(compare_models(first, second, _rescore()), first.version, second.version))
    return 0


def use(given: argparse.Namespace) -> int:
    """Pin a model, or let the newest be used again."""
    from analytics.models.registry import use_model

    if bool(given.version) == bool(given.latest):
        raise ParamsError("say which model is to be used: a version, or --latest for the newest")
    if given.version:
        model = _one(given.version, given)
        use_model(model.organisation, model.kind, model.version)
        _say(f"{model.kind} {model.version} is used for {model.organisation} from its reference date on")
        return 0
    pinned = [model for model in _models(given) if model.pinned]
    for model in pinned:
        use_model(model.organisation, model.kind, None)
        _say(f"the newest {model.kind} model is used again for {model.organisation}")
    if not pinned:
        _say("no model was pinned; the newest is in use")
    return 0


# Which models -------------------------------------------------------------------------------------------


def _models(given: argparse.Namespace) -> list[KeptModel]:
    from analytics.models.registry import list_models
    from analytics.params.kept import kept_folder
    from analytics.params.values import is_id

    folder, kind = kept_folder(), getattr(given, "kind", None)
    known = (
        sorted(p.name for p in folder.iterdir() if p.is_dir() and is_id(p.name)) if folder.is_dir() else []
    )
    wanted = getattr(given, "organisation", None)
    if wanted is not None and wanted not in known:
        listed = f"; there are {', '.join(known)}" if known else ""
        raise ParamsError(f'no model is kept for "{wanted[:80]}"{nearest(wanted, known)}{listed}')
    return [model for name in known if wanted in (None, name) for model in list_models(name, kind)]


def _one(version: str, given: argparse.Namespace) -> KeptModel:
    """The model of a version, or of the only version that begins so."""
    models = _models(given)
    found = [model for model in models if model.version == version]
    found = found or [model for model in models if model.version.startswith(version)]
    if len(found) == 1:
        return found[0]
    if not found:
        names = [model.version for model in models]
        raise ModelError(
            f'there is no model "{version[:80]}"{nearest(version, names)}; `workbook models list` lists them'
        )
    places = ", ".join(f"{model.organisation} {model.kind} {model.version}" for model in found[:5])
    raise ModelError(f'several models are meant by "{version}": {places}; add --organisation or --kind')


def _in_use(models: Sequence[KeptModel]) -> list[KeptModel]:
    """The newest for each question, where none is pinned for it."""
    newest: dict[tuple[Any, ...], KeptModel] = {}
    for model in models:
        question = (model.organisation, model.kind, *(str(model.card.get(key)) for key in _QUESTION))
        if question not in newest or not newest[question].pinned:
            newest[question] = model
    return list(newest.values())


def _rescore() -> Any:
    """Return what applies a churn model to features anew."""
    try:
        from analytics.models.churn.scoring import rescore
    except ImportError:
        return None
    return rescore


# Words --------------------------------------------------------------------------------------------------


def _compared(found: Comparison, first: str, second: str) -> str:
    """Say what a comparison shows, the verdict first."""
    auc = found.measures.set_index("measure").loc["roc_auc"]
    names = {"first": first, "second": second}
    verdict = (
        f"{names[str(auc['better'])]} tells apart better who leaves"
        if auc["better"] in names
        else "in how well they tell apart who leaves, the two differ no more than by chance"
    )
    rows = [("measure", first, second, "difference", "95 % interval", "better")]
    rows += [
        (
            _WORDS[str(row["measure"])],
            f"{row['first']:.4f}",
            f"{row['second']:.4f}",
            _signed(row["difference"]),
            f"{_signed(row['low'])} to {_signed(row['high'])}",
            names.get(str(row["better"]), "–"),
        )
        for row in found.measures.to_dict("records")
    ]
    lines = [
        f"{found.customers:,} customers from {found.window[0]} to {found.window[1]}, {found.churned:,} of "
        f"whom left: {verdict}",
        "",
        _columns(rows),
    ]
    if found.rescored:
        lines.append(f"{found.rescored} was tested on an earlier window; it was applied anew to this one.")
    return "\n".join(lines)


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")


def _auc(card: Mapping[str, Any]) -> str:
    scores = card.get("scores")
    found = scores.get("roc_auc") if isinstance(scores, Mapping) else None
    return f"{found:.3f}" if isinstance(found, float) else "–"


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"


def _lines(card: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A card as indented lines, mappings below their key."""
    width = max((len(key) for key in card), default=0)
    for key, value in card.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{key}"
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{indent}{key.ljust(width)}  {_said(value)}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        shown = [_said(item) for item in value[:_FEW]]
        return ", ".join([*shown, f"… ({len(value)} in all)"] if len(value) > _FEW else shown) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return "–" if value is None else str(value)


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
