"""Where an organisation's data are, and how its own names map to the contract's.

Everything here is text from a params file: a misspelt key is an error, and nothing is opened yet.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

Kind = Literal["folder", "package", "duckdb", "sqlite", "postgres"]
DateOrder = Literal["iso", "dmy", "mdy"]
Encoding = Literal["utf-8", "latin-1", "cp1252", "utf-16"]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "whitespace": " "}
DECIMAL_MARKS = {"point": ".", "comma": ","}
THOUSANDS_MARKS = {"none": "", "point": ".", "comma": ",", "space": " ", "apostrophe": "'"}

_IDENTIFIER = frozenset(string.ascii_letters + string.digits + "_")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _by_name(names: dict[str, str]) -> BeforeValidator:
    """Accept a mark itself (``;``) where its name (``semicolon``) is meant."""
    marks = {mark: name for name, mark in names.items() if mark}
    return BeforeValidator(lambda given: marks.get(given, given) if isinstance(given, str) else given)


class CsvFormat(_Frozen):
    """How an organisation's text files are written; said in the params, never guessed.

    Attributes
    ----------
    delimiter : {"comma", "semicolon", "tab", "pipe", "whitespace"}
        What stands between two values; ``whitespace`` is any run of blanks, without quoting. The
        character itself is accepted as well.
    encoding : {"utf-8", "latin-1", "cp1252", "utf-16"}
        UTF-8 with or without a byte order mark. ``latin-1`` is read as its superset ``cp1252``,
        which is what programs that say Latin-1 write.
    decimal : {"point", "comma"}
        What stands before the cents.
    thousands : {"none", "point", "comma", "space", "apostrophe"}
        What stands between groups of three digits; ``space`` includes the non-breaking ones.
    dates : {"iso", "dmy", "mdy"}
        Order of a date's parts. Year-first dates are always read; 03/04/2011 only where ``dmy`` or
        ``mdy`` is said.
    nulls : tuple of str
        Words that mean a missing value, besides nothing at all.

    Examples
    --------
    >>> CsvFormat(delimiter=";", decimal=",").delimiter
    'semicolon'
    """

    delimiter: Annotated[Literal["comma", "semicolon", "tab", "pipe", "whitespace"], _by_name(DELIMITERS)] = (
        "comma"
    )
    encoding: Encoding = "utf-8"
    decimal: Annotated[Literal["point", "comma"], _by_name(DECIMAL_MARKS)] = "point"
    thousands: Annotated[
        Literal["none", "point", "comma", "space", "apostrophe"], _by_name(THOUSANDS_MARKS)
    ] = "none"
    dates: DateOrder = "iso"
    nulls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _marks_differ(self) -> CsvFormat:
        if self.decimal == self.thousands:
            raise ValueError(
                f"decimal and thousands are both {self.decimal!r}: 1.234 would mean two numbers; "
                "give the one mark to decimal and another, or none, to thousands"
            )
        return self


class ColumnMapping(_Frozen):
    """One contract column: a source column, a constant, or the row's number.

    Attributes
    ----------
    column : str, optional
        Name in the source.
    value : str, int, float or bool, optional
        The same value for every row.
    row : bool, default False
        The file's name and the row's number in it: a key for a source that has none.
    whole : bool, default False
        For ids that an export turned into decimal numbers: ``17850.0`` is ``17850``.
    dates : {"iso", "dmy", "mdy"}, optional
        Order of the date's parts where it differs from the source's `CsvFormat`.
    values : mapping of str to str
        The contract's word for each of the source's words; other words stay as they are.
    """

    column: str | None = None
    value: str | int | float | bool | None = None
    row: bool = False
    whole: bool = False
    dates: DateOrder | None = None
    values: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"row": True} if given == "row" else {"column": given}
        return given

    @model_validator(mode="after")
    def _says_one_thing(self) -> ColumnMapping:
        if (self.column is not None) + (self.value is not None) + self.row != 1:
            raise ValueError(
                "say exactly one of column (a name in the source), value (a constant) or row: true"
            )
        if self.column is None and (self.whole or self.dates or self.values):
            raise ValueError("whole, dates and values need a column to apply to")
        return self


class LineMapping(_Frozen):
    """Line items, of which the sales are the sums.

    Attributes
    ----------
    amount : str, optional
        Column with a line's amount; without it, quantity × price.
    quantity, price : str, optional
        Columns; both are needed where there is no amount.
    profit : str, optional
        Column with a line's profit.
    product_id, product, category : str, optional
        Columns from which ``sale_items`` is made beside ``sales``.
    """

    quantity: str | None = None
    price: str | None = None
    amount: str | None = None
    profit: str | None = None
    product_id: str | None = None
    product: str | None = None
    category: str | None = None

    @model_validator(mode="after")
    def _has_an_amount(self) -> LineMapping:
        if self.amount is None and (self.quantity is None or self.price is None):
            raise ValueError("say amount, or both quantity and price, so that a line has an amount")
        return self


class TableMapping(_Frozen):
    """One contract table: the file or table it comes from and what its columns are called there.

    Attributes
    ----------
    from_ : str, optional
        In params ``from``. A file name or pattern (``exports/sales-*.csv``) inside the folder, or a
        table's name; by default the contract's name.
    columns : mapping of str to ColumnMapping
        Contract column to source column; a column that is not named keeps its name. ``org_id`` may
        be named here as well.
    lines : LineMapping, optional
        For ``sales`` only: the rows are line items.
    features : mapping of str to ColumnMapping
        For ``leads`` only: columns beyond the contract's that a model learns from, name to source column.
    """

    from_: str | None = Field(default=None, alias="from", min_length=1)
    columns: dict[str, ColumnMapping] = Field(default_factory=dict)
    lines: LineMapping | None = None
    features: dict[str, ColumnMapping] = Field(default_factory=dict)


class Source(_Frozen):
    """An organisation's source.

    Attributes
    ----------
    kind : {"folder", "package", "duckdb", "sqlite", "postgres"}, default "folder"
        A folder of Parquet or CSV files; the same inside an installed Python package; a database.
    path : Path, optional
        The folder or database file. For a package: a folder inside it.
    package : str, optional
        Name of the installed package, which is never imported.
    url : SecretStr, optional
        ``postgresql://user:password@host:port/database``; never shown.
    schema_ : str, optional
        In params ``schema``: schema of a database's tables.
    owned : bool, default False
        True where the whole source belongs to one organisation; otherwise every table needs an
        ``org_id``, and only the rows that carry the organisation's id are ever read.
    csv : CsvFormat
        How text files are written.
    tables : mapping of str to TableMapping
        What differs from the contract's own names.
    memory : str, default "1500MB"
        What the engine may keep in memory before it spills to disk (folders and DuckDB files).
    threads : int, optional
        How many threads the engine uses; changes no figure.
    """

    kind: Kind = "folder"
    path: Path | None = None
    package: str | None = None
    url: SecretStr | None = None
    schema_: str | None = Field(default=None, alias="schema")
    owned: bool = False
    csv: CsvFormat = CsvFormat()
    tables: dict[str, TableMapping] = Field(default_factory=dict)
    memory: str = Field(default="1500MB", pattern=r"^[1-9]\d*(MB|GB|MiB|GiB)$")
    threads: int | None = Field(default=None, ge=1)

    @field_validator("package")
    @classmethod
    def _is_a_package_name(cls, given: str | None) -> str | None:
        if given is not None and not (given and set(given) <= _IDENTIFIER):
            raise ValueError(f"{given!r} is not the name of a Python package")
        return given

    @model_validator(mode="after")
    def _has_an_address(self) -> Source:
        needed = {"package": "package", "postgres": "url"}.get(self.kind, "path")
        if getattr(self, needed) is None:
            raise ValueError(f"a source of kind {self.kind!r} needs {needed}")
        extra = {"path", "package", "url"} - {needed} - ({"path"} if self.kind == "package" else set())
        given = sorted(name for name in extra if getattr(self, name) is not None)
        if given:
            raise ValueError(
                f"a source of kind {self.kind!r} has no {' and no '.join(given)}; it has {needed}"
            )
        for name, table in self.tables.items():
            if table.lines is not None and name != "sales":
                raise ValueError(f"lines are for sales only, not for {name}: sale_items are made beside them")
            if table.features and name != "leads":
                raise ValueError(f"features are for leads only, not for {name}: no other model reads them")
        return self
