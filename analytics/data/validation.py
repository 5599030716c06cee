"""Validation: one aggregate query for each table, and every violation at once.

The query counts what breaks each rule. Only where something does are further queries made: for the first
five ids, and to tell a row that is there twice from two rows that share a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analytics.data.contract_terms import Action, Rule
from analytics.data.mapping import FLAGS, Staged

EXAMPLES = 5
# The second of January: midnight of the first, in any time zone, is what programs write for no date.
FIRST_DAY = datetime(1970, 1, 2)  # noqa: DTZ001  local time of the organisation, which has no zone


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that rows break.

    Attributes
    ----------
    table, rule : str
        The table, and the rule's code in the contract.
    action : {"set aside", "refused", "kept"}
    rows : int
        How many rows break it.
    examples : tuple of str
        Ids of the first five, in their order; never another value.
    message : str
        What was found and what is allowed.
    """

    table: str
    rule: str
    action: Action
    rows: int
    examples: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Verdict:
    """What validation says of one table.

    Attributes
    ----------
    findings : tuple of Finding
    rows : int
        Rows of the organisation.
    used : int
        Rows that are left after those set aside.
    checked : mapping of rule code to int
        Rows that each rule was applied to; a rule that the source's own types rule out holds for all of them.
        Without the rules whose column, or whose other table, is not there.
    figures : mapping of str to value
        The aggregate query's answer, from which a database's fingerprint is made.
    first, newest : datetime, optional
        First event, and newest one not after the run's start.
    coming : datetime, optional
        First event after the run's start, whatever rules it breaks: from then on a run sees other data.
    trusted : frozenset of str
        Columns that need no precautions.
    failing : tuple of Rule
        Rules by which rows are set aside.
    duplicated : bool
        Whether equal rows must be merged.
    given : frozenset of str
        Contract columns that the source has.
    """

    findings: tuple[Finding, ...]
    rows: int
    used: int
    checked: Mapping[str, int]
    figures: Mapping[str, Any]
    first: datetime | None
    newest: datetime | None
    trusted: frozenset[str]
    failing: tuple[Rule, ...] = ()
    duplicated: bool = False
    unknown: bool = False
    coming: datetime | None = None
    given: frozenset[str] = frozenset()

    @property
    def untidy(self) -> bool:
        """Whether an id or a text needs tidying, so that what was counted of plain values may be wrong."""
        return any(_count(self.figures, name) for name in self.figures if name.startswith("untidy "))

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Findings for which the table is refused."""
        return tuple(finding for finding in self.findings if finding.action == "refused")


def validate(staged: Staged, known: Mapping[str, Any], started: datetime) -> Verdict:
    """Hold a table against the contract.

    Parameters
    ----------
    staged : Staged
    known : mapping of str to ibis.Table
        Canonical tables that are present, whose keys references must be among.
    started : datetime
        When the run started, in the organisation's time zone and without one.

    Returns
    -------
    Verdict
    """
    rules = {
        rule: fails
        for rule in staged.contract.rules
        if (fails := breaks(rule, staged, known, started)) is not None
    }
    aside = [fails for rule, fails in rules.items() if rule.action == "set aside"]
    passes = ~_any(aside) if aside else ibis.literal(True)
    key = [staged.table[name] for name in staged.contract.key]
    counts: dict[str, Any] = {"rows": _.count(), "used": _total(passes)}
    counts |= {rule.code: _total(fails) for rule, fails in rules.items()}
    counts |= {
        f"untidy {name}": _total(flag)
        for name in staged.given
        if (flag := staged.flag("untidy", name)) is not None
    }
    if key and not staged.numbered and not staged.lines:
        keyed = passes & ~_any([part.isnull() for part in key])
        counts |= {"keyed": _total(keyed), "keys": _key_value(key).nunique(where=keyed)}
    counts |= _span(staged, passes, started)
    if staged.dialect.name == "postgres":
        counts["checksum"] = _checksum(staged)
    row = staged.table.aggregate(**counts).to_pandas().iloc[0]
    figures = {str(name): _plain(value) for name, value in row.items()}
    return _verdict(staged, rules, passes, figures)


def breaks(rule: Rule, staged: Staged, known: Mapping[str, Any], started: datetime) -> Any:
    """Which rows break a rule: a boolean expression, or None where the rule cannot be broken here."""
    name = rule.columns[0]
    if rule.check == "line amount":
        return (staged.table["lines__"] > 0) if staged.lines else None
    if rule.check == "one customer":
        return staged.table["customers__"].fill_null(False) if staged.lines else None
    if rule.check in ("duplicate", "unique") or name not in staged.given:
        return None
    column = staged.table[name]
    if rule.check == "type":
        return staged.flag("unreadable", name)
    if rule.check == "finite":
        return staged.flag("infinite", name)
    if rule.check == "required":
        # What is there but cannot be read is counted by its own rule, once.
        spoiled = [flag for kind in FLAGS[:2] if (flag := staged.flag(kind, name)) is not None]
        return column.isnull() & ~_any(spoiled) if spoiled else column.isnull()
    if rule.check == "known":
        if rule.table not in known:
            return None
        return column.notnull() & ~column.isin(known[rule.table][_key_of(rule)])
    return _compared(rule, staged, column, started).fill_null(False)


def _compared(rule: Rule, staged: Staged, column: Any, started: datetime) -> Any:
    """Rules that compare a value; a missing value breaks none of them."""
    if rule.check == "range":
        too_low = column <= rule.low if rule.low_open else column < rule.low
        return too_low if rule.high is None else too_low | (column > rule.high)
    if rule.check == "one of":
        return ~column.isin(rule.allowed)
    if rule.check == "days":
        after = datetime.combine(started.date() + timedelta(days=2), time())
        return (column < ibis.timestamp(FIRST_DAY)) | (column >= ibis.timestamp(after))
    other = staged.table[rule.columns[1]]
    if rule.check == "not before":
        return column < other
    return column.notnull() & other.isnull()  # "only with"


def _key_of(rule: Rule) -> str:
    return {"customers": "customer_id", "sales": "sale_id", "deals": "deal_id", "campaigns": "campaign_id"}[
        rule.table
    ]


def _verdict(staged: Staged, rules: Mapping[Rule, Any], passes: Any, figures: Mapping[str, Any]) -> Verdict:
    rows, used = _count(figures, "rows"), _count(figures, "used")
    findings, failing = [], []
    for rule, fails in rules.items():
        count = _count(figures, rule.code)
        if count:
            examples = _examples(staged, staged.table.filter(fails))
            findings.append(_finding(staged, rule, count, rows, examples))
            if rule.action == "set aside":
                failing.append(rule)
    duplicates = 0
    if _count(figures, "keys") != _count(figures, "keyed"):
        twice, duplicates = _same_key(staged, passes, rows)
        findings += twice
    spoiled = {
        name for name in staged.given if _count(figures, f"{name}_type") or _count(figures, f"{name}_finite")
    }
    untidy = {name for name in staged.given if _count(figures, f"untidy {name}")}
    return Verdict(
        findings=tuple(findings),
        rows=rows,
        used=used - duplicates,
        checked=_checked(staged, rules, figures),
        figures=figures,
        first=figures.get("first"),
        newest=figures.get("newest"),
        coming=figures.get("coming"),
        trusted=frozenset(staged.given - spoiled - untidy),
        failing=tuple(failing),
        duplicated=duplicates > 0,
        unknown=any(finding.rule == "customer_id_known" for finding in findings),
        given=staged.given,
    )


def _checked(staged: Staged, rules: Mapping[Rule, Any], figures: Mapping[str, Any]) -> dict[str, int]:
    """Rows that each rule was applied to; those that the source's types rule out hold for all rows."""
    rows, checked = _count(figures, "rows"), {}
    for rule in staged.contract.rules:
        if rule.check in ("duplicate", "unique"):
            if "keyed" in figures:
                checked[rule.code] = _count(figures, "keyed")
        elif rule in rules or (rule.check in ("type", "finite") and rule.columns[0] in staged.given):
            checked[rule.code] = rows
    return checked


def _finding(staged: Staged, rule: Rule, count: int, rows: int, examples: tuple[str, ...]) -> Finding:
    shown = f" ({', '.join(examples)}{', …' if count > len(examples) else ''})" if examples else ""
    message = (
        f"{staged.contract.name} ({staged.origin}): {rule.text}; {count:,} of {rows:,} rows "
        f"{'do' if count != 1 else 'does'} not{shown}"
    )
    return Finding(staged.contract.name, rule.code, rule.action, count, examples, message)


def _same_key(staged: Staged, passes: Any, rows: int) -> tuple[list[Finding], int]:
    """Tell rows that are there twice from different rows that share a key."""
    contract = staged.contract
    merge = next((rule for rule in contract.rules if rule.check == "duplicate"), None)
    unique = next(rule for rule in contract.rules if rule.check == "unique")
    columns = [column.name for column in contract.columns]
    key = list(contract.key)
    present = staged.table.filter(passes, *(staged.table[name].notnull() for name in key)).select(columns)
    twice = present.group_by(key).aggregate(copies__=_.count()).filter(_.copies__ > 1)
    findings, extra = [], 0
    conflicts = twice
    if merge is not None:
        repeated = present.semi_join(twice.select(key), key)
        kinds = repeated.distinct().group_by(key).aggregate(kinds__=_.count())
        both = twice.inner_join(kinds, key).select(*key, _.copies__, _.kinds__)
        sums = both.aggregate(extra=(_.copies__ - _.kinds__).sum()).to_pandas().iloc[0]
        extra = 0 if pd.isna(sums["extra"]) else int(sums["extra"])
        if extra:
            examples = _examples(staged, both.filter(_.copies__ > _.kinds__))
            findings.append(_finding(staged, merge, extra, rows, examples))
        conflicts = both.filter(_.kinds__ > 1)
    count = int(conflicts.count().to_pandas())
    if count:
        examples = _examples(staged, conflicts)
        shown = ", ".join(examples) + (", …" if count > len(examples) else "")
        message = (
            f"{contract.name} ({staged.origin}): {unique.text}; {count:,} "
            f"{'key is' if count == 1 else 'keys are'} used by several rows with different content ({shown})"
            f"; {_mended(contract.name, key)}"
        )
        findings.append(Finding(contract.name, unique.code, unique.action, count, examples, message))
    return findings, extra


def _mended(table: str, key: list[str]) -> str:
    """Say how a key that is used twice is mended."""
    said = f"keep one row of each, or map {' and '.join(key)} to what tells the rows apart"
    lines = "; where the rows are the lines of sales, say so: tables: sales: lines: {quantity: …, price: …}"
    return said + lines if table == "sales" else said


def _examples(staged: Staged, failing: Any) -> tuple[str, ...]:
    """Ids of the first five rows that break a rule, in order of the ids."""
    names = [
        name
        for name in (staged.contract.key or (staged.contract.columns[0].name,))
        if name in failing.columns
    ]
    ids = [name for name in names if staged.contract[name].type == "id"] or names[:1]
    frame = failing.select(ids).distinct().order_by(ids).limit(EXAMPLES).to_pandas()
    return tuple("/".join(shown_id(value) for value in row) for row in frame.itertuples(index=False))


_TELEPHONE = re.compile(r"\+[0-9][0-9 ()./-]{6,}|\(?0[0-9()./-]* [0-9 ()./-]{6,}")


def shown_id(value: Any) -> str:
    """An id as messages and pages show it: an e-mail address or a telephone number but for its end.

    Examples
    --------
    >>> [shown_id(value) for value in ("00123", "ada@example.com", "+44 7700 900123", None)]
    ['00123', '•••• .com', '•••• 0123', 'missing']

    Digits alone may be any number; with a nought in front and spaces between them they are a telephone's.

    >>> [shown_id(value) for value in ("0044 7700 900456", "(020) 7946 0958", "00 12", "2024-10 000123456")]
    ['•••• 0456', '•••• 0958', '00 12', '2024-10 000123456']
    """
    if pd.isna(value):
        return "missing"
    text = str(value)
    personal = "@" in text or _TELEPHONE.fullmatch(text)
    return f"•••• {text[-4:]}" if personal else text


def _key_value(key: list[Any]) -> Any:
    """One value for a key, so that one count of distinct values tells whether it is unique."""
    value = key[0]
    if len(key) > 1:
        parts = [part.cast("string") for part in key]
        value = parts[0].concat(*(piece for part in parts[1:] for piece in ("\x1f", part)))
    return value


@ibis.udf.scalar.builtin(name="hashtextextended", signature=(("string", "int64"), "int64"))  # type: ignore[untyped-decorator]
def _hash_text(text: str, seed: int) -> int:  # type: ignore[empty-body]
    """PostgreSQL's own function."""


def _checksum(staged: Staged) -> Any:
    """A sum over all values, for the fingerprint of a database that has no file to look at."""
    names = sorted({*staged.given, *staged.features})
    texts = [staged.table[name].cast("string").fill_null("\x1e") for name in names]
    row = texts[0].concat(*(piece for text in texts[1:] for piece in ("\x1f", text)))
    return _hash_text(row, 0).sum().cast("string")


def _span(staged: Staged, passes: Any, started: datetime) -> dict[str, Any]:
    event = staged.contract.event
    if not event or event not in staged.given:
        return {}
    column = staged.table[event]
    return {
        "first": column.min(where=passes),
        "newest": column.max(where=passes & (column <= ibis.timestamp(started))),
        "coming": column.min(where=column > ibis.timestamp(started)),
    }


def _any(flags: list[Any]) -> Any:
    result = flags[0]
    for flag in flags[1:]:
        result = result | flag
    return result


def _total(flag: Any) -> Any:
    return _.count(where=flag)


def _count(figures: Mapping[str, Any], name: str) -> int:
    return int(figures.get(name) or 0)


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value
