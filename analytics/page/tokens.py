"""The colours of the workbook: one table of tokens, from which pages, charts and messages take theirs.

Light values are told apart by their last digits where two tokens look alike, so that a colour found in a
drawing leads back to exactly one token. Contrast against the page is at least 4.5 for words and 3 for
marks in both schemes; the first four categories stay apart under the common kinds of colour blindness.
"""

from __future__ import annotations

TOKENS: dict[str, tuple[str, str]] = {
    # surfaces and inks
    "paper": ("#ffffff", "#11171c"),
    "plate": ("#f5f7f9", "#1a2228"),
    "ink": ("#16212b", "#e8edf1"),
    "soft": ("#4d5964", "#b3bec7"),
    "mute": ("#5a6671", "#9aa6b0"),
    "rule": ("#c9d1d7", "#3a4751"),
    "grid": ("#e2e7eb", "#27323a"),
    "ghost": ("#83909b", "#6c7984"),
    # categories: c1 is the accent, c2 says worse or a second group, c6 is the quiet one
    "c1": ("#0f4c75", "#4fa6f7"),
    "c2": ("#b55b05", "#f0a150"),
    "c3": ("#228564", "#7fe9cf"),
    "c4": ("#9659a8", "#b27fbe"),
    "c5": ("#861f20", "#e2574d"),
    "c6": ("#515a64", "#a3aeb8"),
    # seven steps from low to high, and the ink for words on each
    "q1": ("#e6f2fb", "#1a2833"),
    "q2": ("#c9e2f6", "#1f3b50"),
    "q3": ("#a4cded", "#265170"),
    "q4": ("#7ab2dc", "#316c95"),
    "q5": ("#4d90c0", "#478aba"),
    "q6": ("#216c9d", "#69acde"),
    "q7": ("#0d496e", "#9fd1f8"),
    "oq1": ("#16212c", "#e8edf0"),
    "oq2": ("#16212d", "#e8edef"),
    "oq3": ("#16212e", "#e8edee"),
    "oq4": ("#16212f", "#ffffff"),
    "oq5": ("#16212a", "#0b1014"),
    "oq6": ("#fffffe", "#0b1015"),
    "oq7": ("#fffffd", "#0b1016"),
    # seven steps around nothing: d1 to d3 below (amber), d4 nothing, d5 to d7 above (marine)
    "d1": ("#9c5300", "#ee9b58"),
    "d2": ("#d18c56", "#a06434"),
    "d3": ("#f1ccb1", "#5a3a20"),
    "d4": ("#eef1f3", "#252e35"),
    "d5": ("#bbd9f0", "#234660"),
    "d6": ("#649fcb", "#377baa"),
    "d7": ("#0a5884", "#75b9eb"),
    # words of a change, and the states that stand on a ground of their own
    "good": ("#0f4c76", "#6db5f8"),
    "bad": ("#a04c00", "#f3ab62"),
    "warn": ("#7a4b00", "#f3c26b"),
    "warnbg": ("#fff5e0", "#2c2414"),
    "fail": ("#8f1d22", "#f58a82"),
    "failbg": ("#fdf0ef", "#2e1b1b"),
}
"""Token name to its light and its dark value."""

LIGHT: dict[str, str] = {name: light for name, (light, _) in TOKENS.items()}
DARK: dict[str, str] = {name: dark for name, (_, dark) in TOKENS.items()}
"""The values that drawings are made with."""

TOKEN_OF: dict[str, str] = {light: name for name, light in LIGHT.items()}
"""The way back from a light value to its token."""

STEPS = 7
"""Number of steps of the sequential and of the diverging scale."""

_NOT_DRAWN = frozenset({"plate", "warn", "warnbg", "fail", "failbg"})


def css(root: str = ":root") -> str:
    """Write the tokens as CSS variables, and the classes that drawings carry.

    Parameters
    ----------
    root : str
        Selector that gets the variables.

    Returns
    -------
    str
        Light values, dark values for screens that ask for them, and the classes ``f-NAME`` (fill) and
        ``s-NAME`` (stroke).

    Examples
    --------
    >>> css().startswith(":root{color-scheme:light dark;--paper:#ffffff;")
    True
    """
    light, dark = _values()
    classes = "".join(
        f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}"
        for name in TOKENS
        if name not in _NOT_DRAWN
    )
    return (
        f"{root}{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{{root}{{{dark}}}}}\n{classes}\n"
    )


def jupyterlab_css(root: str) -> str:
    """Write the tokens for the theme that JupyterLab is in, whatever the screen asks for.

    Parameters
    ----------
    root : str
        Selector that gets the variables.
    """
    light, dark = _values()
    return (
        f"[data-jp-theme-light=true] {root}{{color-scheme:light;{light}}}\n"
        f"[data-jp-theme-light=false] {root}{{color-scheme:dark;{dark}}}\n"
    )


def _values() -> tuple[str, str]:
    light, dark = (";".join(f"--{name}:{pair[i]}" for name, pair in TOKENS.items()) for i in (0, 1))
    return light, dark
