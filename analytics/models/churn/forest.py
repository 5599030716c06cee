"""A random forest as its trees alone: small to keep, and asked without the checks around each tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forest:
    """What a fitted random forest says, from its trees.

    **Why** not scikit-learn's own object: it wraps each tree in an estimator whose checks take longer than
    the tree, and whose settings are three quarters of what is kept of it.

    Attributes
    ----------
    trees : sequence of sklearn.tree._tree.Tree
        ``tree_`` of each of the forest's estimators.
    """

    trees: Sequence[Any]

    @classmethod
    def of(cls, fitted: RandomForestRegressor) -> Forest:
        """Take the trees of a forest fitted to outcomes of 0 and 1."""
        return cls([each.tree_ for each in fitted.estimators_])

    def predict_proba(self, matrix: Floats) -> Floats:
        """Mean share who stayed and who left over all trees, as scikit-learn's ``predict`` to the bit.

        Parameters
        ----------
        matrix : numpy.ndarray of shape (n, k)
            Missing is NaN; there are no infinite values.

        Returns
        -------
        numpy.ndarray of shape (n, 2)
        """
        single = matrix.astype(np.float32)
        total = np.zeros(len(matrix))
        for tree in self.trees:
            total += tree.predict(single)[:, -1]  # the only column, or in trees of two classes the second
        left = total / len(self.trees)
        return np.column_stack([1 - left, left])
