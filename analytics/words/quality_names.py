"""What rules and effects are called where people read them, and what mends them."""

from __future__ import annotations

from collections.abc import Mapping

_WHOLE: Mapping[str, str] = {
    "duplicate": "the same row twice",
    "key_unique": "one key, several rows",
    "one_customer": "one sale, several customers",
    "line_amount_missing": "line without an amount",
    "sold_at_days": "sold on an impossible day",
    "closed_at_order": "closed before it was created",
    "outcome_closed": "outcome without a closing day",
    "column_missing": "a column is missing",
    "batch_whole": "a kept batch is broken",
    "row_repeated": "equal rows",
    "price_not_positive": "line without a price above 0",
    "late": "late",
    "guest_sales": "sales without a customer",
    "returns": "returns",
    "lines_of_guests": "lines of sales without a customer",
    "returned_lines": "returned lines",
    "profit_unknown": "sales without a profit",
    "units_unknown": "sales without units",
    "customers_with_returns_only": "customers with nothing but returns",
    "open_without_expected_close": "open deals without an expected close",
}
_BY_ENDING: Mapping[str, str] = {
    "_before_1970": "{} before 1970",
    "_in_future": "{} in the future",
    "_unknown": "{} not known elsewhere",
    "_markup": "{} with markup in it",
    "_outlier": "{} out of all proportion",
    "_known": "{} not known",
    "_range": "{} out of range",
    "_missing": "{} missing",
    "_type": "{} cannot be read",
    "_finite": "{} no finite number",
    "_allowed": "{} not an allowed word",
}
_REMEDIES: Mapping[str, str] = {
    "key": "Keep one row of each key at the source, or map the key to what tells the rows apart",
    "duplicate": "Stop the export that sends rows twice",
    "orphan": "Send the missing rows as well, or correct the id",
    "missing": "Fill it in at the source",
    "date": "Correct the date: a mistyped century or year is the usual reason",
    "range": "Correct the value, or its unit",
    "amount": "Correct the amount",
    "word": "Map the word in params, or correct it at the source",
    "unreadable": "Say in params how it is written; the reason names the choices",
    "outlier": "Look at these: a lost decimal point, another unit, or a real giant",
    "late": "Ask why nothing has come since its newest day",
    "text": "Look at the name: pages show it as text, other programs may not",
}
EFFECTS: Mapping[str, str] = {
    "stopped": "not made",
    "without_table": "made without the table",
    "left_out": "left out",
    "totals_only": "in totals, in no per-customer figure",
    "incomplete": "amount lacks a line",
    "no_order": "reduce revenue, are no orders",
    "no_profit": "in no profit and no margin",
    "no_units": "in no figure on units",
    "no_forecast": "in no dated forecast",
    "nobody": "in no per-customer figure",
}
"""What happens to rows in a report, by the word of `analytics.metrics.data_left_out.left_out`."""


def rule_name(rule: str) -> str:
    """What it is called when rows break a rule.

    Examples
    --------
    >>> rule_name("customer_id_known"), rule_name("nps_range"), rule_name("duplicate")
    ('customer_id not known', 'nps out of range', 'the same row twice')
    """
    if rule in _WHOLE:
        return _WHOLE[rule]
    for ending, words in _BY_ENDING.items():
        if rule.endswith(ending):
            return words.format(rule.removesuffix(ending))
    return rule.replace("_", " ")


def named(table: str, rule: str) -> str:
    """The same with its table.

    Examples
    --------
    >>> named("sales", "duplicate")
    'sales: the same row twice'
    """
    return f"{table}: {rule_name(rule)}"


def remedy(kind: str) -> str:
    """What mends rows that break a rule of a kind; empty where nothing is known.

    Examples
    --------
    >>> remedy("range")
    'Correct the value, or its unit'
    """
    return _REMEDIES.get(kind, "")
