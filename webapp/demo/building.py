"""Building a town: areas, people, shops, schemes, codes. Everything goes through the features' own services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from sqlalchemy import select

from webapp.board import service as boards
from webapp.board.models import Board
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import Points
from webapp.core.text import mask_name
from webapp.demo.towns import COLOUR_NAMES, COLOURS, MICRO, Community, Town
from webapp.demo.words import LANES, STREETS, Names
from webapp.extensions import db
from webapp.inspections.service import load_sheet
from webapp.places import service as places
from webapp.places.models import Area, Courtyard, Household, Person, Shop, Station
from webapp.qrcodes.service import make_missing
from webapp.redemption.models import Item
from webapp.redemption.service import catalogue, stock
from webapp.redemption.service.catalogue import ItemText
from webapp.schemes.models import Scheme
from webapp.schemes.service import load_preset
from webapp.users import passwords
from webapp.users.models import POSTS, Device
from webapp.users.permissions import grants_of
from webapp.users.service import appointments, devices, pins, staff

#: One password for everybody in the demonstration; a real installation has no such thing.
PASSWORD = "shanzhi-demo-2026"  # noqa: S105  # shown on the start page
WITH_PIN = 24  # households of each town that demo.json lists

#: name, unit, points, icon, on the shelf, a month (domain.md, section 16)
GOODS = (
    ("洗衣液 2 kg", "瓶", 20, "spray-can", 60, 2),
    ("卫生纸 1 提", "提", 15, "tissue", 80, 2),
    ("洗洁精 1 kg", "瓶", 8, "droplets", 60, 2),
    ("香皂 1 块", "块", 5, "soap", 100, 3),
    ("大米 10 kg", "袋", 120, "rice", 20, 1),
    ("洗衣粉 1.5 kg", "袋", 20, "package", 50, 2),
    ("食用油 5 L", "桶", 85, "oil", 24, 1),
    ("保温杯", "个", 45, "gift", 12, 1),
)


@dataclass
class Built:
    """What stands, for the history that is laid over it and for demo.json."""

    community: Area
    household_scheme: Scheme
    courtyard_scheme: Scheme
    shop_scheme: Scheme
    recorders: list[Actor] = field(default_factory=list)
    clerk: Actor = SYSTEM
    logins: list[dict[str, str]] = field(default_factory=list)
    courtyards: list[Courtyard] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    shops: list[Shop] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    pins: dict[int, str] = field(default_factory=dict)
    kiosks: list[tuple[Device, str]] = field(default_factory=list)
    boards: list[Board] = field(default_factory=list)


class Builder:
    """Builds one town in the order in which a real one is registered. ``now`` is the present; it was set up before."""

    def __init__(self, town: Town, now: datetime) -> None:
        self.town = town
        self.now = now
        self.begun = now - timedelta(days=town.days + 5)
        self.random = Random(20261120)  # noqa: S311  # the same town each time is the purpose
        self.names = Names(self.random)
        self.password_hash = passwords.slow_hash(PASSWORD)

    def build(self) -> list[Built]:
        county = self._area(None, "county", self.town.county)
        street = self._area(county, "street", self.town.street)
        shop_scheme = load_preset("shop", area=county, actor=SYSTEM, now=self.begun)
        built = [self._community(street, plan, shop_scheme) for plan in self.town.communities]
        self._staff(built[0], county, "administrator", "admin", self.names.young())
        self._staff(built[0], county, "county_officer", "county", self.names.young())
        db.session.commit()
        return built

    def _area(self, parent: Area | None, kind: str, name: str, **more: str | int | None) -> Area:
        return places.add_area(actor=SYSTEM, now=self.begun, parent=parent, kind=kind, name=name, **more)  # type: ignore[arg-type]  # the same keywords

    def _community(self, street: Area, plan: Community, shop_scheme: Scheme) -> Built:
        area = self._area(street, "community", plan.name, phone=plan.phone)
        scheme = load_preset("household", area=area, actor=SYSTEM, now=self.begun)
        scheme.lapse_month, scheme.lapse_day = self._lapse_day()
        assert scheme.rolls_up_to is not None
        built = Built(area, scheme, scheme.rolls_up_to, shop_scheme)
        load_sheet(actor=SYSTEM, scheme=built.courtyard_scheme, now=self.begun)
        micro_grids = self._grids(area, plan)
        self._serve(built, plan, micro_grids)
        self._courtyards(built, plan, micro_grids)
        self._shops(built, plan, micro_grids)
        self._stations(built, plan)
        self._goods(built)
        self._codes(built)
        db.session.commit()
        return built

    def _lapse_day(self) -> tuple[int, int]:
        """The end of next month: near enough that residents are being warned."""
        today = clock.local_date(self.now)
        last = (today.replace(day=1) + timedelta(days=70)).replace(day=1) - timedelta(days=1)
        return last.month, min(last.day, 28 if last.month == 2 else 31)

    def _grids(self, area: Area, plan: Community) -> list[Area]:
        micro_grids = []
        for number in range(plan.grids):
            colour = COLOURS[number % len(COLOURS)]
            grid = self._area(
                area, "grid", COLOUR_NAMES[colour], colour=colour, number=f"{number + 1}", position=number
            )
            for place in range(plan.micro_grids):
                micro_grids.append(self._area(grid, "micro_grid", MICRO[place], number=f"{place + 1}", position=place))
        return micro_grids

    # People who serve ----------------------------------------------------------------------------------------------

    def _serve(self, built: Built, plan: Community, micro_grids: list[Area]) -> None:
        area, first = built.community, "" if len(self.town.communities) == 1 else f"-{built.community.id}"
        secretary = self._staff(built, area, "secretary", f"secretary{first}", "张建国")
        built.clerk = self._staff(built, area, "clerk", f"clerk{first}", self.names.young())
        built.recorders.append(secretary)
        self._appoint(self._person(area, self.names.elder()), "group_head", area)
        for number, grid in enumerate(dict.fromkeys(micro.parent for micro in micro_grids), start=1):
            if grid is not None:
                worker = self._staff(built, grid, "grid_worker", f"grid{number}{first}", self.names.young())
                built.recorders.append(worker)
        for number in range(1, plan.inspectors + 1):
            inspector = self._staff(built, area, "inspector", f"inspector{number}{first}", self.names.young())
            built.recorders.append(inspector)
        for number in range(plan.lane_heads):
            place = micro_grids[number % len(micro_grids)]
            self._appoint(self._person(place, self.names.elder()), "lane_head", place)

    def _person(self, area: Area, name: str) -> Person:
        return places.add_person(
            actor=SYSTEM, now=self.begun, name=name, area=area, phone=self._office_phone(), staff=True
        )

    def _office_phone(self) -> str:
        return f"0358-555{self.random.randrange(1000, 9999)}"

    def _appoint(self, person: Person, post: str, area: Area, courtyard: Courtyard | None = None) -> None:
        appointments.appoint(
            person=person,
            post=post,
            area=area,
            courtyard=courtyard,
            phone=person.phone,
            starts_on=self.begun.date(),
            ends_on=None,
            actor=SYSTEM,
            now=self.begun,
        )

    def _staff(self, built: Built, area: Area, post: str, login: str, name: str) -> Actor:
        person = self._person(area if area.kind != "county" else built.community, name)
        user, _ = staff.add_user(person=person, login=login, actor=SYSTEM, now=self.begun)
        staff.choose_password(
            user=user,
            present_hash=user.password_hash,
            password=self.password_hash,
            keep_token="",
            actor=SYSTEM,
            now=self.begun,
        )
        self._appoint(person, post, area)
        built.logins.append({"post": POSTS[post], "login": login, "password": PASSWORD, "area": area.name})
        grants = grants_of([(post, area.path)])
        label = f"{mask_name(name)} {POSTS[post]}"
        return Actor("staff", label, user_id=user.id, person_id=person.id, name=name, where="演示", grants=grants)

    # Holders ---------------------------------------------------------------------------------------------------------

    def _courtyards(self, built: Built, plan: Community, micro_grids: list[Area]) -> None:
        per_area = -(-plan.courtyards // len(micro_grids))
        left = plan.households
        for number in range(plan.courtyards):
            place = micro_grids[number // per_area]
            row, gate = number // 10 + 1, number % 10 + 1
            yard = places.add_courtyard(
                actor=SYSTEM,
                now=self.begun,
                area=place,
                number=f"{row}-{gate:02}",
                name=f"{row} 排 {gate} 号院",
                lane=f"{LANES[row % len(LANES)]}",
                address=f"{LANES[row % len(LANES)]} {gate} 号",
                position=gate,
            )
            built.courtyards.append(yard)
            doors = min(left, -(-left // (plan.courtyards - number)))
            left -= doors
            self._households(built, yard, f"{row:02}-{gate:02}", doors)

    def _households(self, built: Built, yard: Courtyard, prefix: str, doors: int) -> None:
        for door in range(1, doors + 1):
            name, phone = self.names.elder(), self.names.phone()
            renter = door > 2 and self.random.random() < 0.5
            household = places.add_household(
                actor=SYSTEM,
                now=self.begun,
                number=f"{prefix}-{door:02}",
                name=name,
                courtyard=yard,
                tenure="renter" if renter else "owner",
                phone=phone,
            )
            built.households.append(household)
            head = self._resident(household, name, "户主", phone)
            for _ in range(self.random.choice((0, 1, 1, 2))):
                self._resident(household, self.names.of_family(name[0]), "家人", "")
            if door == 1:
                self._appoint(head, "courtyard_head", db.session.get_one(Area, yard.area_id), yard)

    def _resident(self, household: Household, name: str, relation: str, phone: str) -> Person:
        return places.add_person(
            actor=SYSTEM,
            now=self.begun,
            name=name,
            household=household,
            phone=phone,
            relation=relation,
            party_member=self.random.random() < 0.08,
            volunteer=self.random.random() < 0.1,
        )

    def _shops(self, built: Built, plan: Community, micro_grids: list[Area]) -> None:
        per_area = -(-plan.shops // len(micro_grids))
        for number, (name, trade) in enumerate(islice(self.names.shops(), plan.shops)):
            street = STREETS[number // 30 % len(STREETS)]
            shop = places.add_shop(
                actor=SYSTEM,
                now=self.begun,
                area=micro_grids[number // per_area],
                number=f"{2001 + number}",
                name=name,
                trade=trade,
                address=f"{street} {number % 30 * 2 + 2} 号",
                keeper=self.names.elder(),
                phone=self.names.phone(),
                position=number,
                owner=self._shopkeeper(built) if number == 0 else None,
            )
            built.shops.append(shop)

    def _shopkeeper(self, built: Built) -> Person | None:
        """Somebody of a household with a PIN keeps the first shop, and sees it on their phone."""
        return db.session.scalars(select(Person).where(Person.household_id == built.households[0].id)).first()

    def _stations(self, built: Built, plan: Community) -> None:
        for number, name in enumerate(("党群服务中心", "便民驿站")[: plan.stations], start=1):
            station = places.add_station(
                actor=SYSTEM,
                now=self.begun,
                area=built.community,
                name=name,
                address=f"{LANES[number]} 1 号",
                phone=built.community.phone,
                hours="8:30–18:00",
            )
            built.stations.append(station)
            made = devices.add_device(
                station=station, name=f"{number} 号终端", paper="80", printer="", actor=SYSTEM, now=self.now
            )
            built.kiosks.append(made)
        wall = boards.add_board(actor=SYSTEM, station=built.stations[0], name="大厅电视", seconds=15, now=self.now)
        built.boards.append(wall)

    def _goods(self, built: Built) -> None:
        for position, (name, unit, price, icon, left, limit) in enumerate(GOODS):
            text = ItemText(
                name=name, price=Points.whole(price), unit=unit, icon=icon, limit_month=limit, position=position
            )
            item = catalogue.add_item(
                area=built.community, scheme=built.household_scheme, text=text, actor=SYSTEM, now=self.begun
            )
            stock.receive(item=item, quantity=left, note="首批采购", actor=SYSTEM, now=self.begun)
            built.items.append(item)

    def _codes(self, built: Built) -> None:
        holders = [*built.courtyards, *built.households, *built.shops]
        make_missing(holder_ids=[holder.id for holder in holders], actor=SYSTEM, now=self.begun)
        for household in built.households[:WITH_PIN]:
            built.pins[household.id] = pins.set_pin(household=household, actor=SYSTEM, now=self.begun)
