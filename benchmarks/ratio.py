"""One comparison: a ratio of two things measured in the same run, and the bound that it must keep."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Ratio:
    """A figure with its bound.

    Attributes
    ----------
    name : str
        What is compared with what.
    value : float
    least, most : float or None
        Bounds; one of them, or none where the figure is only shown.
    figures : mapping
        What the ratio was made of.
    """

    name: str
    value: float
    least: float | None = None
    most: float | None = None
    figures: dict = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether it keeps its bound."""
        at_least = self.least is None or self.value >= self.least
        return at_least and (self.most is None or self.value <= self.most)

    @property
    def bound(self) -> str:
        if self.least is not None:
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if self.most is not None else "none"

    def as_json(self) -> dict:
        return asdict(self) | {"bound": self.bound, "kept": self.kept}


def table(ratios: list[Ratio]) -> str:
    """Set ratios in columns; a figure that misses its bound says so."""
    rows = [("", "measured", "bound", "")]
    rows += [(r.name, f"{r.value:.2f}", r.bound, "" if r.kept else "MISSED") for r in ratios]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:{widths[2]}}  {d}".rstrip() for a, b, c, d in rows
    )
