"""One of each piece, with the same words in every place that takes words."""

from functools import lru_cache

from analytics.charts import forms, theme
from analytics.page import pieces as p


@lru_cache
def chart(words: str) -> p.Chart:
    series = [forms.Series(words, [1.0, 2.0, 3.0], end=words), forms.Series(words, [3, 2, 1], colour="ghost")]
    return theme.both(
        forms.line,
        "c",
        words,
        labels=[words] * 3,
        series=series,
        words=lambda v: f"{v:g}",
        title=words,
        event=(1, words),
    )


def headline(words: str) -> p.Headline:
    changes = tuple(p.Change(words, words, verdict=verdict) for verdict in ("better", "close", "none"))
    return p.Headline(words, words, words, words, changes, (1.0, 2.0, 3.0), 0, link="segmentation.html")


def table(words: str, folded: str = "") -> p.Table:
    columns = (p.Column(words), p.Column(words, number=True), p.Column(words, bar=True))
    return p.Table(
        columns,
        ((words, p.Link(words, "segmentation.html"), 30.0), (words, words, words)),
        words,
        (words, words, -5.0),
        100,
        folded,
    )


def heat(words: str) -> p.Heat:
    cells = (p.HeatCell(words, 3, "shown"), p.HeatCell(state="hidden"), p.HeatCell())
    return p.Heat(words, (words,) * 5, ((words, words, cells),), (words, words, (words,) * 3), words)


def every_piece(words: str) -> list[p.Piece]:
    statement = p.Statement(words, words, words, words)
    return [
        p.Masthead(words, words, ((words, words),) * 4),
        p.Notice(words, words),
        p.Notice(words, words, "failure"),
        p.Summary(((words, p.Bold(words)), (words,))),
        p.Cards((headline(words),), words),
        p.Section("trend", statement, chart(words), None, table(words)),
        p.Section("cohorts", statement, None, heat(words), table(words, folded=words)),
        p.Section("regions", statement, missing=words),
        p.Empty(words, words),
        p.Notes(((words, words),), (words,), (words,), ((words, words),)),
        p.Publication("ready", words, (headline(words),)),
    ]
