"""Customer analytics: from an organisation's data to reports that people act on.

In a notebook of one's own, `open_frames` takes plain pandas frames to where every metric takes them, and
`show` shows a chart.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.frames import open_frames, show

__all__ = ["open_frames", "show"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: commands and workers start without it."""
    if name in __all__:
        from analytics import frames

        return getattr(frames, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
