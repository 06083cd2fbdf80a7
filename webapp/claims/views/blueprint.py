"""The blueprint that the pages share, and what goes before their forms."""

from __future__ import annotations

from flask import Blueprint, request

from webapp.records.service import MOST_PHOTOS
from webapp.web import photos

bp = Blueprint("claims", __name__)
WITH_PHOTOS = ("claims.claim", "claims.claim_for", "claims.rectify")


@bp.before_request
def take_photos() -> None:
    if request.method == "POST" and request.endpoint in WITH_PHOTOS:
        photos.take(MOST_PHOTOS)
