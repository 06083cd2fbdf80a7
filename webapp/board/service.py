"""The verbs of wall screens: put up, changed, given another address, revoked."""

from __future__ import annotations

from datetime import datetime

from webapp.audit.service import log
from webapp.board.models import SECONDS, Board
from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.core.text import normalise, random_code
from webapp.extensions import db
from webapp.places.models import Area, Station

CODE_LENGTH = 10  # base32 characters: 50 bits, typed once with a remote control; it opens nothing that is not public


def add_board(*, actor: Actor, station: Station, name: str, seconds: int, now: datetime) -> Board:
    """A new wall screen of a station.

    :raises NotAllowed: outside the actor's areas. :raises Invalid: without a name, or for another time than SECONDS.
    """
    actor.must("devices.manage", _path(station))
    board = Board(station_id=station.id, code=random_code(CODE_LENGTH), created_at=now)
    _apply(board, name, seconds)
    db.session.add(board)
    db.session.flush()
    _log(actor, "board:added", board, station, now)
    return board


def change_board(*, actor: Actor, board: Board, name: str, seconds: int, now: datetime) -> Board:
    """:raises Invalid: without a name, or for another time than SECONDS."""
    actor.must("devices.manage", _path(board.station))
    _apply(board, name, seconds)
    db.session.flush()
    _log(actor, "board:changed", board, board.station, now)
    return board


def renew_address(*, actor: Actor, board: Board, now: datetime) -> None:
    """Another address; the old one opens nothing any more. A revoked screen is in use again."""
    actor.must("devices.manage", _path(board.station))
    board.code, board.revoked_at = random_code(CODE_LENGTH), None
    db.session.flush()
    _log(actor, "board:address-renewed", board, board.station, now)


def revoke(*, actor: Actor, board: Board, now: datetime) -> None:
    """The screen says that it is out of use, from its next page on."""
    actor.must("devices.manage", _path(board.station))
    board.revoked_at = board.revoked_at or now
    db.session.flush()
    _log(actor, "board:revoked", board, board.station, now)


def _apply(board: Board, name: str, seconds: int) -> None:
    name = normalise(name)
    if not name:
        raise Invalid("请写名称，例如 大厅电视。", field="name")
    if seconds not in SECONDS:
        raise Invalid("请选择每页停留多久。", field="seconds")
    board.name, board.seconds = name, seconds


def _path(station: Station) -> str:
    return db.session.get_one(Area, station.area_id).path


def _log(actor: Actor, action: str, board: Board, station: Station, now: datetime) -> None:
    log(actor, action, now=now, object_kind="board", object_id=board.id, area_path=_path(station), name=board.name)
