"""What a notebook says of itself: its title and question, its parameters, its needs.

Nothing is imported or executed for this: the file is read as JSON, its parameters cell as syntax.

The metadata of a notebook may hold, under ``workbook``:

``title``, ``question``
    Else the first heading and the line that begins with ``**Question.**``.
``tables``, ``optional_tables``
    Tables of the contract that the report needs, or uses where they are there.
``blocks``
    JSON block → tables without which it is null.
``needs``, ``provides``
    What must have been made by other notebooks before it, and what it makes for them.
``reports``
    Reports of the same organisation and timeframe whose published figures it reads, where they are there.
``opens_refused``
    True where the report is made although tables are refused, because the data are what it is about.
``parameters``
    Name → limits of a parameter: ``allowed`` (a list), ``min``, ``max``, ``adds_up_to``.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics.errors import ParamsError, nearest
from analytics.params.document import quoted, shown

FOLDER = "WORKBOOK_NOTEBOOKS"
GIVEN = ("organisation", "timeframe", "as_of")
"""Parameters that the batch fills in itself; params files cannot set them for one notebook."""

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "bool": bool,
    "int": int,
    "float": (int, float),
    "str": str,
    "list": list,
    "dict": dict,
}
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a notebook, as its parameters cell declares it.

    Parameters
    ----------
    name : str
    kind : str
        ``bool``, ``int``, ``float``, ``str``, ``list`` or ``dict``.
    optional : bool
        Whether None is a value.
    default : object
        The value without params.
    help : str
        The comment behind it: meaning, unit, allowed values.
    allowed : tuple
        The values that are accepted; empty where all are.
    minimum, maximum : float or None
        Limits, both included.
    adds_up_to : float or None
        What the items of a list, or the values of a mapping, must add up to.
    """

    name: str
    kind: str
    optional: bool
    default: Any
    help: str = ""
    allowed: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    adds_up_to: float | None = None

    def fault(self, value: Any) -> str:
        """Say what is wrong with a value; an empty text where it is accepted.

        Examples
        --------
        >>> Parameter("churn_days", "int", False, 90, minimum=1).fault(0)
        '0 is not allowed; the smallest value is 1'
        >>> Parameter("segment_type", "str", False, "all", allowed=("rfm", "tier", "all")).fault("tiers")
        '"tiers" is not allowed (did you mean "tier"?); allowed: rfm, tier, all'
        """
        if value is None and self.optional:
            return ""
        is_truth_value = isinstance(value, bool) and self.kind != "bool"
        if is_truth_value or not isinstance(value, _KINDS[self.kind]):
            return f"{_WORDS[self.kind]} is needed here, not {quoted(value)}"
        if self.allowed and value not in self.allowed:
            names = [str(item) for item in self.allowed]
            return f"{quoted(value)} is not allowed{nearest(str(value), names)}; allowed: {', '.join(names)}"
        if isinstance(value, (int, float)) and self.minimum is not None and not value >= self.minimum:
            return f"{quoted(value)} is not allowed; the smallest value is {self.minimum:g}"
        if isinstance(value, (int, float)) and self.maximum is not None and not value <= self.maximum:
            return f"{quoted(value)} is not allowed; the greatest value is {self.maximum:g}"
        return self._sum_fault(value)

    def _sum_fault(self, value: Any) -> str:
        if self.adds_up_to is None:
            return ""
        items = list(value.values()) if isinstance(value, dict) else list(value)
        if any(isinstance(item, bool) or not isinstance(item, (int, float)) or item < 0 for item in items):
            return "every share must be a number, 0 or greater"
        total, wanted = sum((Decimal(str(item)) for item in items), Decimal(0)), Decimal(str(self.adds_up_to))
        if total == wanted:
            return ""
        off = f"{abs(total - wanted).normalize():f} too {'little' if total < wanted else 'much'}"
        return (
            f"the shares add up to {total.normalize():f}, {off}; they must add up to {wanted.normalize():f}"
        )


@dataclass(frozen=True, slots=True)
class NotebookCard:
    """What a notebook says of itself.

    Parameters
    ----------
    path : pathlib.Path
        The notebook's file; its stem is the name of the report.
    title, question : str
    parameters : mapping of str to Parameter
        In the order of the parameters cell.
    required, optional : tuple of str
        Tables that the report needs, and those that it uses where they are there.
    blocks : mapping of str to tuple of str
        JSON block → tables without which it is null.
    needs, provides : tuple of str
        What other notebooks must have made before it runs; what it makes for others.
    default_timeframe : str
        Its timeframe where params name none.
    reports : tuple of str
        Reports whose published figures it reads; none of them is made for its sake.
    opens_refused : bool
        Whether it is made although ``customers`` or ``sales`` are refused: it says why.
    """

    path: Path
    title: str
    question: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    default_timeframe: str = "last-month"
    reports: tuple[str, ...] = ()
    opens_refused: bool = False

    @property
    def name(self) -> str:
        """Name of the report: the stem of the file."""
        return self.path.stem

    @property
    def tables(self) -> tuple[str, ...]:
        """All tables that the report may read."""
        return self.required + self.optional

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a parameter from params; an empty text where it is accepted."""
        if name in GIVEN:
            return f"{name} is given to every notebook by the batch; it cannot be set here"
        if name not in self.parameters:
            open_to_params = [known for known in self.parameters if known not in GIVEN]
            listed = f"; it has {', '.join(open_to_params)}" if open_to_params else "; it has none"
            return f"{self.path.name} has no parameter {name}{nearest(name, open_to_params)}{listed}"
        return self.parameters[name].fault(value)

    def refuse(self, values: Mapping[str, Any]) -> None:
        """Refuse values that the notebook does not accept, all at once.

        Raises
        ------
        ParamsError
            If a value is not what its parameter is declared to be; names that it has not are let pass.
        """
        faults = {
            name: self.parameters[name].fault(values[name]) for name in values if name in self.parameters
        }
        if wrong := [f"{name}: {fault}" for name, fault in faults.items() if fault]:
            raise ParamsError("; ".join(wrong))


def notebook_folder() -> Path:
    """Return the folder of the notebooks: ``$WORKBOOK_NOTEBOOKS``, else the project's own."""
    if given := os.environ.get(FOLDER):
        return Path(given)
    beside_the_package = Path(__file__).resolve().parents[2] / "notebooks"
    return beside_the_package if beside_the_package.is_dir() else Path.cwd() / "notebooks"


def notebook_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of all notebooks of a folder, in alphabetical order."""
    where = folder or notebook_folder()
    return tuple(sorted(path.stem for path in where.glob("*.ipynb")))


def read_card(notebook: str, folder: Path | None = None) -> NotebookCard:
    """Read what a notebook says of itself.

    Parameters
    ----------
    notebook : str
        Name of the report, ``retention`` for ``retention.ipynb``.
    folder : pathlib.Path, optional
        Where the notebooks are; by default `notebook_folder`.

    Returns
    -------
    NotebookCard

    Raises
    ------
    ParamsError
        If there is no such notebook, or its metadata or parameters cell cannot be understood.
    """
    where = folder or notebook_folder()
    known = notebook_names(where)
    if notebook not in known:
        listed = f"; there are {', '.join(known)}" if known else f"; {shown(where)} holds none"
        raise ParamsError(f'there is no notebook "{notebook}"{nearest(notebook, known)}{listed}')
    path = where / f"{notebook}.ipynb"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = [(cell["cell_type"], _source(cell), cell.get("metadata", {})) for cell in content["cells"]]
        said = content.get("metadata", {}).get("workbook", {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParamsError(f"{shown(path)} is not a notebook: {type(error).__name__}") from None
    return _card(path, cells, said)


def _card(path: Path, cells: list[tuple[str, str, Any]], said: Mapping[str, Any]) -> NotebookCard:
    """Put together what cells and metadata say."""
    prose = "\n".join(source for kind, source, _ in cells if kind == "markdown")
    heading = re.search(r"^# +(.+)$", prose, re.MULTILINE)
    asked = re.search(r"^\*\*Question\.\*\* +(.+?)(?:\n\n|\Z)", prose, re.MULTILINE | re.DOTALL)
    limits = said.get("parameters", {})
    declared = [source for _, source, metadata in cells if "parameters" in metadata.get("tags", [])]
    parameters = {p.name: p for p in _declared(path, declared[0], limits)} if declared else {}
    if strangers := sorted(limits.keys() - parameters.keys()):
        raise ParamsError(
            f"{shown(path)}: its metadata limit a parameter {', '.join(strangers)} that it does not declare"
        )
    return NotebookCard(
        path=path,
        title=said.get("title")
        or (heading[1].strip() if heading else path.stem.replace("_", " ").capitalize()),
        question=said.get("question") or (" ".join(asked[1].split()) if asked else ""),
        parameters=parameters,
        required=tuple(said.get("tables", ())),
        optional=tuple(said.get("optional_tables", ())),
        blocks={block: tuple(tables) for block, tables in said.get("blocks", {}).items()},
        needs=tuple(said.get("needs", ())),
        provides=tuple(said.get("provides", ())),
        default_timeframe=said.get("default_timeframe", "last-month"),
        reports=tuple(said.get("reports", ())),
        opens_refused=bool(said.get("opens_refused", False)),
    )


def _declared(path: Path, source: str, limits: Mapping[str, Mapping[str, Any]]) -> Iterable[Parameter]:
    """Read ``name: type = default  # help`` line by line."""
    try:
        statements = ast.parse(source).body
        comments = {
            token.start[0]: token.string.lstrip("# ").strip()
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParamsError(f"{shown(path)}: the parameters cell is not Python: {error.args[0]}") from None
    for statement in statements:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value
        ):
            name, annotation, value = statement.target.id, ast.unparse(statement.annotation), statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, annotation, value = statement.targets[0].id, "", statement.value
        else:
            raise ParamsError(
                f"{shown(path)}: line {statement.lineno} of the parameters cell is not "
                '"name: type = default  # meaning"'
            )
        try:
            default = ast.literal_eval(value)
        except ValueError:
            raise ParamsError(f"{shown(path)}: the default of {name} is not a plain value") from None
        yield _parameter(path, name, annotation, default, comments.get(statement.end_lineno or 0, ""), limits)


def _parameter(
    path: Path,
    name: str,
    annotation: str,
    default: Any,
    comment: str,
    limits: Mapping[str, Mapping[str, Any]],
) -> Parameter:
    # Papermill reads "Optional[float]", in quotation marks or not, but drops a line with "float | None".
    annotation = re.sub(r"^Optional\[(.+)\]$", r"\1 | None", annotation.strip("'\""))
    words = [word.strip() for word in (annotation or type(default).__name__).split("|")]
    kinds = [word.partition("[")[0] for word in words if word != "None"]
    if len(kinds) != 1 or kinds[0] not in _KINDS:
        raise ParamsError(f"{shown(path)}: the type of {name} is none of {', '.join(_KINDS)}")
    given = limits.get(name, {})
    if strangers := sorted(given.keys() - {"allowed", "min", "max", "adds_up_to"}):
        raise ParamsError(f"{shown(path)}: unknown limit {', '.join(strangers)} of parameter {name}")
    return Parameter(
        name=name,
        kind=kinds[0],
        optional="None" in words,
        default=default,
        help=comment,
        allowed=tuple(given.get("allowed", ())),
        minimum=given.get("min"),
        maximum=given.get("max"),
        adds_up_to=given.get("adds_up_to"),
    )


def _source(cell: Mapping[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
