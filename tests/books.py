"""Books of rows for laws whose every example is a query: few examples, each of which says much."""

from hypothesis import strategies as st


def books_of(rows, *, most, least=0, **options):
    """Small books, where the edges are, and full ones, in which everything happens to everybody.

    Hypothesis draws five rows on average, however many a list may hold, unless it must hold more.
    """
    small = st.lists(rows, min_size=least, max_size=6, **options)
    return small | st.lists(rows, min_size=most // 2, max_size=most, **options)
