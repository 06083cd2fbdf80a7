"""A community with a paired kiosk, two households of one courtyard, cards, PINs, goods, and a book with every kind of line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.factories import CommunityTree
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.photo_store import PhotoStore
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.places.models import Area, Courtyard, Household, Station
from webapp.qrcodes.models import Code
from webapp.qrcodes.service import make_missing
from webapp.rankings import service as rankings
from webapp.records.service import make
from webapp.redemption.models import Item
from webapp.schemes.models import Scheme
from webapp.users.models import Device
from webapp.users.service import devices, pins

PHOTO = Image.new("RGB", (320, 240), (90, 140, 80))


@dataclass
class Kiosk:
    """What the tests need to know; ``pair`` and ``show_card`` act through the pages."""

    tree: CommunityTree
    station: Station
    device: Device
    pairing: str
    scheme: Scheme
    yard: Courtyard
    household: Household
    neighbour: Household
    soap: Item
    oil: Item
    pins: dict[int, str] = field(default_factory=dict)

    def card_of(self, household: Household) -> str:
        return str(db.session.scalar(select(Code.token).where(Code.holder_id == household.id, Code.state == "active")))

    def pair(self, client: Any) -> Any:
        assert client.post(f"/kiosk/pair/{self.pairing}").status_code == 303
        return client

    def show_card(self, client: Any, household: Household | None = None) -> Any:
        return client.post("/kiosk/card", data={"code": self.card_of(household or self.household)})

    def give_pin(self, client: Any, household: Household | None = None) -> Any:
        return client.post("/kiosk/pin", data={"pin": self.pins[(household or self.household).id]})

    @property
    def account(self) -> Any:
        return find_account(self.household.id, self.scheme.id)


def make_kiosk(var: Any, *, paper: str = "80", printer: str = "") -> Kiosk:
    now = clock.now()
    tree = factories.make_community()
    scheme = factories.make_scheme(area=tree.community)
    yard = factories.make_courtyard(area=tree.micro_grid, number="Y312", name="3 排 12 号院")
    home = factories.make_household(courtyard=yard, number="03-12-02", name="李秀梅")
    next_door = factories.make_household(courtyard=yard, number="03-12-03", name="王建国")
    station = factories.make_station(area=tree.community, name="党群服务中心", phone="0358-2001234")
    device, pairing = devices.add_device(
        station=station, name="1 号终端", paper=paper, printer=printer, actor=SYSTEM, now=now
    )
    soap = factories.make_item(area=tree.community, scheme=scheme, name="洗衣液 2 kg", limit_month=2, icon="spray-can")
    oil = factories.make_item(area=tree.community, scheme=scheme, name="食用油 5 L", price=850, left=3, icon="oil")
    kiosk = Kiosk(tree, station, device, pairing, scheme, yard, home, next_door, soap, oil)
    for household in (home, next_door):
        kiosk.pins[household.id] = pins.set_pin(household=household, actor=SYSTEM, now=now)
    make_missing(holder_ids=[home.id, next_door.id], actor=SYSTEM, now=now)
    factories.give_points(next_door, scheme, 7)
    fill_book(kiosk, var)
    db.session.commit()
    return kiosk


def fill_book(kiosk: Kiosk, var: Any) -> None:
    """Earned, deducted, with a photo, and one line that waits for review."""
    now = clock.now()
    factories.give_points(kiosk.household, kiosk.scheme, 123, now=now - timedelta(days=3))
    out = BytesIO()
    PHOTO.save(out, "JPEG")
    photo = PhotoStore(var / "photos").put(out.getvalue())
    clean = factories.make_rule(scheme=kiosk.scheme, title="门前屋后干净", points="+5")
    idea = factories.make_rule(scheme=kiosk.scheme, title="提的建议被采纳", points="+6")
    record(kiosk, clean, 5, "inspection", photos=(photo,), note="地面很干净")
    record(kiosk, idea, 6, "claim", note="路灯报修")


def record(kiosk: Kiosk, rule: Any, points: int, source: str, **more: Any) -> Any:
    return make(
        actor=SYSTEM,
        holder_id=kiosk.household.id,
        rule_version_id=rule.id,
        points=Points.whole(points),
        source=source,
        client_key=f"key-{factories.serial()}-0123456789abcdef",
        now=clock.now(),
        **more,
    )


def frozen(kiosk: Kiosk, month: int | None = None, community: Area | None = None) -> None:
    """What a publication does at its end."""
    given = {
        "community_id": (community or kiosk.tree.community).id,
        "month": month or clock.month_of(clock.now()),
        "minus_names": False,
        "now": clock.now(),
    }
    while rankings.freeze(**given) is None:
        pass


@pytest.fixture
def kiosk(app) -> Kiosk:
    return make_kiosk(app.config["VAR_DIR"])


@pytest.fixture
def at_kiosk(kiosk, client):
    """The browser of a paired kiosk."""
    return kiosk.pair(client)


@pytest.fixture
def visiting(kiosk, at_kiosk):
    """The same, and 李秀梅 has shown the card."""
    assert kiosk.show_card(at_kiosk).status_code == 303
    return at_kiosk
