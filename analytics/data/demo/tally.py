"""Running counts of what was written: the realised side of `truth.json`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class Tally:
    """Named sums that grow block by block; a dot in a name makes a nested object.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.add("sales.returns", 2)
    >>> tally.add("sales.returns", 1)
    >>> tally.nested()
    {'sales': {'returns': 3}}
    """

    def __init__(self) -> None:
        self._sums: dict[str, int | float] = defaultdict(int)

    def add(self, name: str, amount: Any) -> None:
        """Add a number to the sum of this name."""
        self._sums[name] += amount.item() if hasattr(amount, "item") else amount

    def __getitem__(self, name: str) -> Any:
        return self._sums[name]

    def nested(self) -> dict[str, Any]:
        """All sums, as nested dictionaries; floats rounded to six places."""
        tree: dict[str, Any] = {}
        for name, amount in self._sums.items():
            *parents, leaf = name.split(".")
            branch = tree
            for parent in parents:
                branch = branch.setdefault(parent, {})
            branch[leaf] = round(amount, 6) if isinstance(amount, float) else amount
        return tree
