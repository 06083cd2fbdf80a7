"""Reads of codes: what a scan finds, what a sheet prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import aliased

from webapp.core.errors import Gone, NotFound
from webapp.core.text import mask_name, normalise_code
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Holder, Shop
from webapp.places.queries import within
from webapp.qrcodes.digits import is_valid
from webapp.qrcodes.drawing import QrPath, qr_path
from webapp.qrcodes.models import Code
from webapp.users.queries import serving_names


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found. ``newest`` is the version in use now, None if there is none."""

    code_id: int
    kind: str
    state: str
    version: int
    ended_at: datetime | None
    holder_id: int
    holder_kind: str
    holder_active: bool
    number: str
    name: str
    area_id: int
    area_path: str
    community_id: int
    newest: int | None
    token: str


_active = aliased(Code)
_SCAN = (
    select(
        Code.id,
        Code.kind,
        Code.state,
        Code.version,
        Code.ended_at,
        Holder.id,
        Holder.kind,
        Holder.active,
        Holder.number,
        Holder.name,
        Area.id,
        Area.path,
        Holder.community_id,
        select(_active.version)
        .where(_active.holder_id == Code.holder_id, _active.kind == Code.kind, _active.state == "active")
        .scalar_subquery(),
        Code.token,
    )
    .join(Holder.__table__, Holder.id == Code.holder_id)
    .join(Area, Area.id == Holder.area_id)
    .where(Code.token == bindparam("token"))
)


def scanned(token: str) -> Scanned:
    """:raises NotFound: if nobody ever printed this token."""
    row = db.session.execute(_SCAN, {"token": normalise_code(token)}).one_or_none()
    if row is None:
        raise NotFound("这个码不是本系统的，请当心。可以输入门牌下方的八位编号，或告诉社区工作人员。")
    return Scanned(*row)


def token_of_digits(typed: str) -> str:
    """The token of a plate or card by the digits under it, however they are grouped.

    :raises NotFound: if no code has these digits; a slip of the finger is told apart.
    """
    digits = normalise_code(typed)
    if not is_valid(digits):
        raise NotFound("编号不对，请核对门牌下方的八位数字，再输一次。", field="code")
    token = db.session.scalar(select(Code.token).where(Code.digits == digits))
    if token is None:
        raise NotFound("没有这个编号的门牌，请核对后再输一次。", field="code")
    return token


def household_of_card(code: str, community_id: int) -> int:
    """The household whose card was held to a kiosk's scanner: the token, or the whole address in the QR.

    :raises NotFound: if it is no card, or another community's. :raises Gone: if the card was replaced or revoked.
    """
    token = code.strip().rstrip("/").rsplit("/", 1)[-1]
    try:
        found = scanned(token)
    except NotFound:
        found = None
    if found is None or found.kind != "card" or found.community_id != community_id or not found.holder_active:
        raise NotFound("没有认出这张卡。请用本社区的积分卡再扫一次，或点「输入户号」。")
    if found.state != "active":
        raise Gone("这张卡已经换过新卡，不能再用。请用新卡，或点「输入户号」。")
    return found.holder_id


def holder_numbers(keys: Sequence[int]) -> dict[int, str]:
    """Whose each of some codes is."""
    statement = select(Code.id, Holder.number).join(Holder, Holder.id == Code.holder_id).where(Code.id.in_(keys))
    return {key: number for key, number in db.session.execute(statement)}


def active_code(holder_id: int) -> Code | None:
    """The code in use of a holder."""
    statement = select(Code).where(Code.holder_id == holder_id, Code.state == "active")
    return db.session.scalars(statement).one_or_none()


def codes_of(holder_id: int) -> Sequence[Code]:
    """All codes of a holder, newest first."""
    statement = select(Code).where(Code.holder_id == holder_id).order_by(Code.version.desc())
    return db.session.scalars(statement).all()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which holders a sheet is for. ``area`` is a path; ``lane`` narrows courtyards, ``search`` a number or name."""

    kind: str = "courtyard"
    area: str = ""
    lane: str = ""
    search: str = ""


def holders_statement(scope: tuple[str, ...], wanted: Wanted) -> Select[Any]:
    """Holders of a kind within areas, in the order in which somebody walks past them: area, lane, position, number."""
    yard, shop = Courtyard.__table__.c, Shop.__table__.c
    lane = func.coalesce(yard.lane, shop.address, "")
    statement = (
        select(
            Holder.id,
            Holder.kind,
            Holder.number,
            Holder.name,
            Holder.area_id,
            Code.id,
            Code.token,
            Code.digits,
            Code.version,
        )
        .select_from(Holder.__table__)
        .join(Area, Area.id == Holder.area_id)
        .outerjoin(yard.id.table, yard.id == Holder.id)
        .outerjoin(shop.id.table, shop.id == Holder.id)
        .outerjoin(Code, (Code.holder_id == Holder.id) & (Code.state == "active"))
        .where(within(scope), Holder.kind == wanted.kind, Holder.active)
        .order_by(Area.path, lane, func.coalesce(yard.position, shop.position, 0), Holder.number)
    )
    if wanted.area:
        statement = statement.where(within((wanted.area,)))
    if wanted.lane:
        statement = statement.where(yard.lane == wanted.lane)
    if wanted.search:
        statement = statement.where(
            Holder.number.startswith(wanted.search, autoescape=True)
            | Holder.name.contains(wanted.search, autoescape=True)
            | Holder.initials.contains(f"|{wanted.search.lower()}", autoescape=True)
        )
    return statement


def lanes_in(scope: tuple[str, ...], area_path: str) -> Sequence[str]:
    """The lanes of the courtyards within an area."""
    statement = (
        select(Courtyard.lane)
        .join(Area, Area.id == Courtyard.area_id)
        .where(
            within(scope), within((area_path,)) if area_path else within(scope), Courtyard.lane != "", Courtyard.active
        )
        .distinct()
        .order_by(Courtyard.lane)
    )
    return db.session.scalars(statement).all()


def lacking(scope: tuple[str, ...], wanted: Wanted) -> int:
    """How many of the wanted holders have no code yet."""
    statement = holders_statement(scope, wanted).where(Code.id.is_(None)).order_by(None).subquery()
    return int(db.session.scalar(select(func.count()).select_from(statement)) or 0)


@dataclass(frozen=True, slots=True)
class Plate:
    """What is printed: a plate, or a household's card (``name`` is masked there). ``beside``: what else stands under the
    name, its honours."""

    number: str
    name: str
    digits: str
    version: int
    path: QrPath
    colour: str
    area: str
    head: str
    grid_worker: str
    beside: str = ""

    @property
    def long(self) -> bool:
        """Set in smaller type, so that a long name never pushes the digits off the plate."""
        return len(self.name) > 16 or len(self.number) > 12


def plates(
    scope: tuple[str, ...], wanted: Wanted, *, base_url: str, beside: Callable[[Sequence[int]], Mapping[int, str]]
) -> Iterator[Plate]:
    """The plates of a sheet, drawn one by one as they are printed, so that 3,600 need no more memory than twelve. ``beside``
    says what stands under the name of each of some holders."""
    rows = db.session.execute(holders_statement(scope, wanted).where(Code.id.is_not(None))).all()
    pairs = [(row.area_id, row[0] if row.kind == "courtyard" else None) for row in rows]
    names, labels = serving_names(pairs), _labels({row.area_id for row in rows})
    under = beside([row[0] for row in rows])
    return (_plate(row, names, labels, base_url, under.get(row[0], "")) for row in rows)


def _plate(row: Any, names: dict[Any, Any], labels: dict[int, tuple[str, str]], base_url: str, beside: str) -> Plate:
    serving = names[row.area_id, row[0] if row.kind == "courtyard" else None]
    label, colour = labels[row.area_id]
    return Plate(
        number=row.number,
        name=f"{mask_name(row.name)}家" if row.kind == "household" else row.name,
        digits=row.digits,
        version=row.version,
        path=qr_path(address(base_url, row.token)),
        colour=colour,
        area=label,
        head=serving.head,
        grid_worker=serving.grid_worker,
        beside=beside,
    )


def address(base_url: str, token: str) -> str:
    """What the QR carries, in capitals throughout: the smallest code (conventions.md, section 5)."""
    return f"{base_url.rstrip('/')}/q/{token}".upper()


def _labels(area_ids: set[int]) -> dict[int, tuple[str, str]]:
    """(绿色网格 · 三片区, colour) of each area, from one look at the tree."""
    areas = {area.id: area for area in db.session.scalars(select(Area))}
    labels = {}
    for area_id in area_ids:
        chain = [areas[int(part)] for part in areas[area_id].path.strip("/").split("/")]
        near = [area for area in chain if area.kind in ("grid", "micro_grid")] or chain[-1:]
        colour = next((area.colour for area in reversed(chain) if area.colour), None)
        labels[area_id] = (" · ".join(area.name for area in near), colour or "")
    return labels
