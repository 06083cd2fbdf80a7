"""The blueprint that the pages share."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("honours", __name__)
