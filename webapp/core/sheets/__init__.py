"""Tables of the office: Excel and CSV in (checked cell by cell, hostile files refused) and out (never a formula)."""

from webapp.core.sheets.columns import Column, Row, RowError, Table
from webapp.core.sheets.delimited import write_csv
from webapp.core.sheets.reading import read_table
from webapp.core.sheets.values import CellValue
from webapp.core.sheets.writing import errors_workbook, template, write_table, write_table_to

__all__ = [
    "CellValue",
    "Column",
    "Row",
    "RowError",
    "Table",
    "errors_workbook",
    "read_table",
    "template",
    "write_csv",
    "write_table",
    "write_table_to",
]
