"""Lead scoring: a calibrated chance to convert, held against later leads, and the point rules of a market."""

from analytics.models.lead_scoring.report import lead_scores, score_frame
from analytics.models.lead_scoring.result import LeadResult

__all__ = ["LeadResult", "lead_scores", "score_frame"]
