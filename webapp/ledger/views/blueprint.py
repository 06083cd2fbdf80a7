"""The book's pages, all under one name."""

from flask import Blueprint

bp = Blueprint("ledger", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
