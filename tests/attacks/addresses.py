"""Every address of the application, filled in with things of one place: what each parameter stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from tests.attacks.town import MONTH, UNKNOWN, Community, Grid, card_of, entry_of
from webapp.extensions import db
from webapp.reviews.sealing import code_of
from webapp.users.models import Appointment


@dataclass(frozen=True)
class Site:
    """A community, and one of its grids."""

    community: Community
    grid: Grid

    @property
    def held(self) -> dict[str, Any]:
        return {**self.community.values, **self.community.values[self.grid.mark]}


Value = Callable[[Site], Any]


def _of(name: str) -> Value:
    return lambda site: site.held[name]


#: Parameter -> the thing that stands there. A parameter of a new route is added here, or the route fails.
VALUES: dict[str, Value] = {
    "account_id": lambda site: entry_of(site.grid, site.community.schemes["household"])[0],
    "appointment_id": lambda site: _appointment(site.grid.worker.person_id),
    "area_id": lambda site: site.grid.area.id,
    "board_id": _of("board_id"),
    "category_id": lambda site: site.community.rule.category_id,
    "code": lambda site: code_of(site.community.month.signature or "").replace(" ", ""),
    "community_id": lambda site: site.community.tree.community.id,
    "courtyard_id": lambda site: site.grid.courtyard.id,
    "device_id": _of("device_id"),
    "draft_id": _of("draft_id"),
    "filename": lambda _: "css/tokens.css",
    "flag_id": _of("flag_id"),
    "hash_": lambda site: site.community.item.picture,
    "holder_id": lambda site: site.grid.household.id,
    "honour_id": _of("honour_id"),
    "household_id": lambda site: site.grid.household.id,
    "item_id": lambda site: site.community.item.id,
    "kind_id": _of("kind_id"),
    "month": lambda _: MONTH,
    "month_id": lambda site: site.community.month.id,
    "names": lambda _: "tokens",
    "number": lambda site: site.held["line"],
    "objection_id": _of("objection_id"),
    "person_id": lambda site: site.grid.person.id,
    "record_id": lambda site: site.grid.deduction.id,
    "reference": _of("slip"),
    "register": lambda _: "households",
    "round_id": _of("round_id"),
    "rule_id": lambda site: site.community.rule.id,
    "scheme_id": lambda site: site.community.schemes["household"].id,
    "seq": lambda site: entry_of(site.grid, site.community.schemes["household"])[1],
    "sha256": lambda site: site.grid.photos["record"],
    "shop_id": lambda site: site.grid.shop.id,
    "slip_id": _of("slip_id"),
    "station_id": lambda site: site.community.station.id,
    "token": lambda site: card_of(site.grid.shop.id),
    "voucher_id": _of("voucher_id"),
    "year": _of("year"),
}
_claim: Value = lambda site: site.grid.claim.id
_worker: Value = lambda site: site.grid.worker.person_id
_round_photo: Value = lambda site: site.grid.photos["round"]
_yard_scheme: Value = lambda site: site.community.schemes["courtyard"].id
_no_upload: Value = lambda _: UNKNOWN
#: Where a parameter stands for something else: (endpoint, parameter).
ELSEWHERE: dict[tuple[str, str], Value] = {
    ("board.screen", "code"): _of("board"),
    ("board.screen", "number"): lambda _: 1,
    ("claims.claim_for", "holder_id"): lambda site: site.grid.head.id,
    ("claims.desk_return", "record_id"): _claim,
    ("claims.head_return", "record_id"): _claim,
    ("claims.one_of_mine", "record_id"): _claim,
    ("claims.phone_return", "record_id"): _claim,
    ("claims.photo", "sha256"): lambda site: site.grid.photos["claim"],
    ("claims.withdraw", "record_id"): _claim,
    ("claims.withdraw_for", "record_id"): lambda site: site.grid.brought.id,
    ("honours.check", "code"): _of("honour"),
    ("honours.check_capitals", "code"): _of("honour"),
    ("honours.choose", "kind_id"): _of("undecided"),
    ("inspections.desk_photo", "sha256"): _round_photo,
    ("inspections.edit_sheet", "scheme_id"): _yard_scheme,
    ("inspections.rectify", "record_id"): lambda site: site.grid.reported.id,
    ("inspections.result", "record_id"): lambda site: site.grid.fresh.id,
    ("inspections.result_photo", "sha256"): _round_photo,
    ("inspections.return_rectified", "record_id"): lambda site: site.grid.reported.id,
    ("inspections.round_photo", "sha256"): _round_photo,
    ("inspections.sheet", "scheme_id"): _yard_scheme,
    ("inspections.undo", "record_id"): lambda site: site.grid.fresh.id,
    ("kiosk.claimed", "record_id"): _claim,
    ("kiosk.pair", "token"): _of("pairing"),
    ("kiosk.why_waiting", "record_id"): _claim,
    ("kiosk.withdraw_claim", "record_id"): _claim,
    ("kiosk.withdraw_claim_now", "record_id"): _claim,
    ("places.confirm_import", "sha256"): _no_upload,
    ("places.end_kin", "household_id"): lambda site: site.grid.head.id,
    ("places.end_kin", "person_id"): _worker,
    ("places.import_errors", "sha256"): _no_upload,
    ("places.preview", "sha256"): _no_upload,
    ("qrcodes.card_sign_in", "token"): lambda site: card_of(site.grid.household.id),
    ("reviews.public", "token"): lambda site: site.community.month.token,
    ("reviews.public_rankings", "token"): lambda site: site.community.month.token,
    ("schemes.confirm_import", "sha256"): _no_upload,
    ("schemes.import_errors", "sha256"): _no_upload,
    ("schemes.preview", "sha256"): _no_upload,
    **{(f"users.{view}", "person_id"): _worker for view in ("person", "set_active", "appoint", "end_sign_in")},
    ("users.add_login", "person_id"): lambda site: site.grid.person.id,
    ("users.reset_password", "person_id"): _worker,
}


def _appointment(person_id: int) -> int:
    return int(db.session.scalars(select(Appointment.id).where(Appointment.person_id == person_id)).one())


def rules_of(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def address(app: Flask, rule: Rule, site: Site) -> str:
    """The rule's address, each parameter filled with the site's own thing.

    Raises:
        KeyError: for a parameter that nobody has said what it stands for.
    """
    given = {
        name: ELSEWHERE.get((rule.endpoint, name), VALUES[name] if (rule.endpoint, name) not in ELSEWHERE else None)
        for name in rule.arguments
    }
    path = rule.build({name: value(site) for name, value in given.items() if value}, append_unknown=False)
    assert path is not None
    return str(path[1])
