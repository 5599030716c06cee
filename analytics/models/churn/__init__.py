"""Churn: who is about to leave, how sure that is, and what the evidence is worth."""

from analytics.models.churn.report import definition_in_words, train_or_reuse
from analytics.models.churn.result import ChurnResult

__all__ = ["ChurnResult", "definition_in_words", "train_or_reuse"]
