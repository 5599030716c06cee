"""Typed params: organisations, sources, rule tables, parameters of notebooks; refused early when wrong."""

from analytics.params.jobs import Job, expand
from analytics.params.notebooks import NotebookCard, Parameter, notebook_folder, notebook_names, read_card
from analytics.params.organisation import Organisation
from analytics.params.rules import RfmSegments, load_rules
from analytics.params.source import ColumnMapping, CsvFormat, LineMapping, Source, TableMapping
from analytics.params.values import Shares
from analytics.params.workbook import Workbook, find_organisation, load_workbook

__all__ = [
    "ColumnMapping",
    "CsvFormat",
    "Job",
    "LineMapping",
    "NotebookCard",
    "Organisation",
    "Parameter",
    "RfmSegments",
    "Shares",
    "Source",
    "TableMapping",
    "Workbook",
    "expand",
    "find_organisation",
    "load_rules",
    "load_workbook",
    "notebook_folder",
    "notebook_names",
    "read_card",
]
