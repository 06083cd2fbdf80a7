"""Two counties with three communities in which one thing of every kind stands, so that every address can be filled in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.conftest import KEY
from tests.factories import CommunityTree
from tests.records.conftest import actor_of
from webapp.board.service import add_board
from webapp.claims import service as claims
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.photo_store import PhotoStore
from webapp.core.points import Points
from webapp.extensions import db
from webapp.honours import queries as honour_queries
from webapp.honours import service as honours
from webapp.honours.service import KindRule
from webapp.inspections import service as inspections
from webapp.ledger.models import Entry, Lapse
from webapp.ledger.queries import find_account
from webapp.places.models import Area, Courtyard, Household, Person, Shop, Station
from webapp.places.service.kin import declare_kin
from webapp.qrcodes.models import Code
from webapp.qrcodes.service import make_missing
from webapp.ratings.models import RatingFlag
from webapp.records import service as records
from webapp.records.models import Record
from webapp.redemption.models import Item
from webapp.redemption.service import vouchers
from webapp.reviews import service as reviews
from webapp.reviews.models import CommunityMonth
from webapp.schemes.models import Rule, Scheme
from webapp.simulator import service as simulator
from webapp.users.models import User
from webapp.users.service import devices, pins, residents

MONTH = 202611
PUBLISHED = datetime(2026, 11, 25, 2, tzinfo=UTC)
#: When the visits of the checks take place.
DAY = datetime(2026, 11, 26, 2, tzinfo=UTC)
UNKNOWN = "f" * 64


@dataclass
class Grid:
    """What stands in one grid. ``mark`` is a syllable in the names of all that stands there."""

    mark: str
    area: Area
    courtyard: Courtyard
    household: Household
    head: Household
    person: Person
    shop: Shop
    worker: User
    pin: str = ""
    deduction: Record | None = None
    reported: Record | None = None
    claim: Record | None = None
    brought: Record | None = None
    fresh: Record | None = None
    photos: dict[str, str] = field(default_factory=dict)


@dataclass
class Community:
    tree: CommunityTree
    grids: list[Grid]
    schemes: dict[str, Scheme]
    station: Station
    item: Item
    rule: Rule
    secretary: User
    month: CommunityMonth | None = None
    values: dict[str, Any] = field(default_factory=dict)


def photo(var: Path, number: int) -> str:
    out = io.BytesIO()
    Image.frombytes("L", (16, 16), sha256(str(number).encode()).digest() * 8).resize((64, 64)).save(out, "JPEG")
    return str(PhotoStore(var / "photos").put(out.getvalue()))


def make_grid(area: Area, mark: str, names: dict[str, str]) -> Grid:
    """``names``: other names for who lives there, by ``household``, ``person``, ``shop``…"""
    yard = factories.make_courtyard(area=area, name=names.get("courtyard", f"{mark}里 3 号院"), lane=f"{mark}巷")
    household = factories.make_household(courtyard=yard, name=names.get("household", "刘红梅"), number=f"{mark}-01")
    head = factories.make_household(courtyard=yard, name=names.get("head", "曹大锋"), number=f"{mark}-02")
    who = factories.make_person(household=head, name=names.get("head", "曹大锋"))
    factories.make_appointment(person=who, post="courtyard_head", area=area, courtyard=yard)
    grid = Grid(
        mark,
        area,
        yard,
        household,
        head,
        factories.make_person(household=household, name=names.get("person", "张三丰"), identity_tail="713X"),
        factories.make_shop(area=area, name=names.get("shop", f"{mark}五金店"), keeper=names.get("keeper", "王建国")),
        factories.make_user(post="grid_worker", area=area, name="李秀兰"),
    )
    grid.pin = pins.set_pin(household=household, actor=SYSTEM, now=PUBLISHED - timedelta(days=20))
    return grid


def make_community(
    var: Path, street: Area, mark: str, names: dict[str, str] | None = None, grids: int = 1
) -> Community:
    names = names or {}
    tree = factories.make_community(
        street=street, name=names.get("community", f"{mark}社区"), grids=grids, micro_grids=1
    )
    home = factories.make_scheme(area=tree.community)
    assert home.rolls_up_to is not None
    schemes = {"household": home, "courtyard": home.rolls_up_to}
    schemes["shop"] = factories.make_scheme(area=tree.community, code="shop")
    version = factories.make_rule(
        scheme=home, title=names.get("rule", f"{mark}门前干净"), points="-3..-1", rectify_days=30
    )
    made = Community(
        tree,
        [make_grid(area, f"{mark}{'东西'[i]}", names) for i, area in enumerate(tree.micro_grids)],
        schemes,
        factories.make_station(area=tree.community, name=names.get("station", f"{mark}驿站")),
        factories.make_item(
            area=tree.community,
            scheme=home,
            name=names.get("item", f"{mark}洗衣液"),
            price=2,
            picture=photo(var, tree.community.id * 40),
        ),
        version.rule,
        factories.make_user(post="secretary", area=tree.community, name="张建国"),
    )
    Filling(made, var, names).fill()
    return made


class Filling:
    """Everything that happens in a community until it has one thing of every kind."""

    def __init__(self, made: Community, var: Path, names: dict[str, str]) -> None:
        self.made, self.var, self.names, self.pictures = made, var, names, 0
        self.secretary = actor_of(made.secretary, "secretary", made.tree.community.path)

    def fill(self) -> None:
        inspections.load_sheet(actor=SYSTEM, scheme=self.made.schemes["courtyard"], now=PUBLISHED)
        for grid in self.made.grids:
            self._before(grid)
        self._publish()
        self._community()
        for grid in self.made.grids:
            self._after(grid)
        db.session.commit()

    def _picture(self) -> str:
        self.pictures += 1
        return photo(self.var, self.made.tree.community.id * 40 + self.pictures)

    def _record(self, grid: Grid, rule_version: int, points: int, now: datetime, **more: Any) -> Record:
        given: dict[str, Any] = {
            "actor": actor_of(grid.worker, "grid_worker", grid.area.path),
            "holder_id": grid.household.id,
            "rule_version_id": rule_version,
            "points": Points.whole(points),
            "source": "inspection",
            "note": self.names.get("note", f"{grid.mark}看到的"),
            "client_key": f"town-{factories.serial()}",
            "now": now,
        }
        return records.make(**{**given, **more}).record

    def _version(self, code: str = "") -> int:
        from webapp.schemes.queries import current_rules

        found = current_rules(self.made.schemes["household"].id, clock.local_date(PUBLISHED))
        wanted = code or self.made.rule.code
        return next(one.version_id for one in found if one.code == wanted)

    def _before(self, grid: Grid) -> None:
        """What the publication of the month holds."""
        now = PUBLISHED - timedelta(days=3)
        for holder, scheme in ((grid.household, "household"), (grid.head, "household"), (grid.shop, "shop")):
            factories.give_points(holder, self.made.schemes[scheme], 60, now=now)
        grid.photos["record"] = self._picture()
        grid.deduction = self._record(grid, self._version(), -1, now, photos=[grid.photos["record"]])
        grid.reported = self._record(grid, self._version(), -2, now + timedelta(minutes=1))

    def _publish(self) -> None:
        given: dict[str, Any] = {"actor": self.secretary, "community": self.made.tree.community, "month": MONTH}
        reviews.note_meeting(**given, attendees="书记", minutes="", now=PUBLISHED)
        row = reviews.publish(**given, now=PUBLISHED)
        while not reviews.go_on(month_id=row.id, key=KEY, now=PUBLISHED).done:
            pass
        self.made.month = row

    def _community(self) -> None:
        """What belongs to the community as a whole."""
        made, now = self.made, PUBLISHED + timedelta(hours=1)
        device, pairing = devices.add_device(
            station=made.station, name="1 号终端", paper="80", printer="", actor=SYSTEM, now=DAY - timedelta(hours=1)
        )
        board = add_board(actor=SYSTEM, station=made.station, name="大厅电视", seconds=15, now=now)
        draft = simulator.begin(scheme=made.schemes["household"], name="修订稿", note="", actor=SYSTEM, now=now)
        day = clock.local_date(DAY) + timedelta(days=35)
        lapse = Lapse(
            scheme_id=made.schemes["household"].id,
            year=day.year,
            planned_on=day,
            due_on=day,
            announced_at=now,
            seen_at=now,
            not_before=now,
        )
        db.session.add(lapse)
        found = inspections.start(actor=self.secretary, community=made.tree.community, month=MONTH, now=now)
        db.session.flush()
        made.values = {
            "device_id": device.id,
            "pairing": pairing,
            "board_id": board.id,
            "board": board.code,
            "draft_id": draft.id,
            "year": lapse.year,
            "round_id": found.id,
            **self._honour(now),
        }

    def _honour(self, now: datetime) -> dict[str, Any]:
        rule = KindRule(
            name=self.names.get("honour", "最美庭院"),
            period="month",
            by_league=False,
            places=5,
            minimum=Points.whole(0),
            no_veto=False,
            months=12,
        )
        kind = honours.add_kind(
            actor=SYSTEM,
            community=self.made.tree.community,
            scheme=self.made.schemes["courtyard"],
            rule=rule,
            now=now,
        )
        lines = honour_queries.candidates(kind, honour_queries.month_of_kind(kind, MONTH), SYSTEM)
        best = [one.holder_id for one in lines if one.open][:1]
        given = honours.decide(actor=SYSTEM, kind=kind, month=MONTH, holder_ids=best, note="开会定的", now=now)
        undecided = honours.add_kind(
            actor=SYSTEM,
            community=self.made.tree.community,
            scheme=self.made.schemes["shop"],
            rule=replace(rule, name="美德商铺"),
            now=now,
        )
        return {"kind_id": kind.id, "undecided": undecided.id, "honour_id": given[0].id, "honour": given[0].code}

    def _after(self, grid: Grid) -> None:
        """What waits for somebody of the grid."""
        made, now = self.made, DAY - timedelta(hours=2)
        worker = actor_of(grid.worker, "grid_worker", grid.area.path)
        at_home = residents.actor_of(grid.household.id, grid.household.name, "127.0.0.1")
        holders = [grid.household.id, grid.head.id, grid.shop.id, grid.courtyard.id]
        make_missing(holder_ids=holders, actor=SYSTEM, now=now)
        grid.fresh = self._record(grid, self._version(), -1, DAY - timedelta(minutes=2))
        grid.photos["claim"] = self._picture()
        grid.claim = self._claim(grid, at_home, [grid.photos["claim"]])
        grid.brought = self._claim(grid, worker, [])
        grid.photos["after"] = self._picture()
        assert grid.reported is not None
        records.report_rectified(
            actor=at_home,
            record_id=grid.reported.id,
            photos=[grid.photos["after"]],
            note="",
            client_key=f"after{grid.mark}",
            now=now,
        )
        self._walk(grid, worker, now)
        declare_kin(actor=SYSTEM, now=now, person=grid.worker.person, household=grid.head, relation="兄弟")
        flag = RatingFlag(shop_id=grid.shop.id, day=clock.local_date(DAY), reason="同一网络", created_at=now)
        db.session.add(flag)
        objection = reviews.lodge(
            actor=at_home, month_id=made.month.id, line=self._line(grid), kind="not_happened", reason="", now=now
        )
        voucher = vouchers.redeem(
            actor=at_home,
            household_id=grid.household.id,
            item_id=made.item.id,
            quantity=1,
            expected=Points.whole(2),
            key=KEY,
            now=now,
        )
        db.session.flush()
        made.values[grid.mark] = {
            "flag_id": flag.id,
            "objection_id": objection.id,
            "voucher_id": voucher.id,
            "line": self._line(grid),
        }

    def _claim(self, grid: Grid, actor: Actor, photos: list[str]) -> Record:
        (made,) = claims.claim(
            actor=actor,
            holder_ids=[grid.household.id],
            rule_version_id=self._version("2.1"),
            points=None,
            happened_on=clock.local_date(DAY) - timedelta(days=1),
            note=self.names.get("note", f"{grid.mark}参加居民会议"),
            photos=photos,
            form_key=f"claim-{grid.mark}-{actor.kind}",
            now=DAY - timedelta(hours=3),
        )
        return made

    def _walk(self, grid: Grid, worker: Actor, now: datetime) -> None:
        round_id = self.made.values["round_id"]
        from webapp.inspections.models import Round

        text = db.session.get_one(Round, round_id).sheet.text
        marks = [Points(item.full) for item in text.items]
        marks[0] = Points(text.items[0].full - text.items[0].step)
        grid.photos["round"] = self._picture()
        inspections.score(
            actor=worker,
            round_id=round_id,
            courtyard_id=grid.courtyard.id,
            marks=marks,
            note=self.names.get("note", ""),
            photos=[grid.photos["round"]],
            seen=0,
            now=now,
        )

    def _line(self, grid: Grid) -> int:
        from webapp.reviews.models import PublicationLine

        statement = select(PublicationLine.number).where(PublicationLine.record_id == grid.deduction.id)
        return int(db.session.scalars(statement).one())


def card_of(holder_id: int) -> str:
    return str(db.session.scalar(select(Code.token).where(Code.holder_id == holder_id, Code.state == "active")))


def entry_of(grid: Grid, scheme: Scheme) -> tuple[int, int]:
    """(account, seq) of the household's newest entry."""
    account = find_account(grid.household.id, scheme.id)
    assert account is not None
    return account.id, int(db.session.scalar(select(db.func.max(Entry.seq)).where(Entry.account_id == account.id)) or 1)
