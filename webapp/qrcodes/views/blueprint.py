"""The blueprint of plates and cards."""

from flask import Blueprint

bp = Blueprint("qrcodes", __name__)
