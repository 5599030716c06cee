"""A search that needs no gradient and serves many small problems at once.

Every round tries points around the best one so far of each problem, in a cube that shrinks. The points are
an additive recurrence that fills the cube evenly, not random numbers: the same series gives the same forecast
on every machine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analytics.models.forecast.paths import Floats, Ints

Loss = Callable[[Floats, Ints], Floats]
"""``loss(points (d, n), problems (n,)) -> (n,)``: the loss of each point in the problem beside it."""

_EDGE = 1e-3  # points keep off the faces of the cube


def even_points(count: int, dimensions: int, start: int = 0) -> Floats:
    """Points that fill the unit cube evenly.

    Parameters
    ----------
    count, dimensions : int
    start : int
        How many points of the sequence are passed over.

    Returns
    -------
    ndarray of shape (dimensions, count)

    References
    ----------
    .. [1] M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018: multiples of the
       powers of the root of x^(d+1) = x + 1.

    Examples
    --------
    >>> even_points(3, 1).round(3)
    array([[0.118, 0.736, 0.354]])
    """
    root = 1.5
    for _ in range(40):
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    found: Floats = (0.5 + steps[:, None] * np.arange(start + 1, start + count + 1)) % 1
    return found


def refine(
    loss: Loss, start: Floats, *, rounds: int, tries: int, radius: float, shrink: float
) -> tuple[Floats, Floats]:
    """Better the best point of each problem.

    Parameters
    ----------
    loss : callable
    start : ndarray of shape (d, n_problems)
        In the unit cube.
    rounds, tries : int
        How often, and how many points for each problem and round.
    radius, shrink : float
        Half the edge of the first cube, and the factor by which it shrinks each round.

    Returns
    -------
    best : ndarray of shape (d, n_problems)
    losses : ndarray of shape (n_problems,)
        Never above the loss of the start.
    """
    dimensions, problems = start.shape
    every = np.arange(problems)
    best, least = start.copy(), loss(start, every)
    for number in range(rounds):
        around = 2 * even_points(tries * problems, dimensions, number * tries * problems) - 1
        around = around.reshape(dimensions, tries, problems)
        # Half of the tries stay near: the optimum is often in a corner that wide steps overshoot.
        around *= radius * np.linspace(1.0, 0.15, tries)[None, :, None]
        tried = np.clip(best[:, None, :] + around, _EDGE, 1 - _EDGE)
        losses = loss(tried.reshape(dimensions, -1), np.tile(every, tries)).reshape(tries, problems)
        first: NDArray[np.intp] = losses.argmin(axis=0)
        better = losses[first, every] < least
        least = np.where(better, losses[first, every], least)
        best = np.where(better, tried[:, first, every], best)
        radius *= shrink
    return best, least
