"""A community at work behind a real server, and what must be true of its book afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from tests import factories
from tests.faults.serving import Answer, Caller, Load, Server
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db, start_writing
from webapp.ledger.models import Account, Entry, Hold
from webapp.places.models import Station
from webapp.qrcodes.models import Code
from webapp.qrcodes.service import make_missing
from webapp.records.models import Record
from webapp.redemption.models import Item, StockMovement, Voucher
from webapp.users.models import User
from webapp.users.passwords import slow_hash
from webapp.users.service import devices, pins

INSPECTORS, KIOSKS = 4, 2
PLENTY = 9_000


@dataclass
class Office:
    """A community at work, its server, and all that its clients need to know."""

    server: Server
    load: Load
    rule: int
    scored: list[int]
    sign_ins: list[tuple[str, str]]  # login and password
    pairings: list[str]
    cards: list[tuple[str, str]]  # card and PIN
    item: int
    looks: list[Callable[[], Answer]] = field(default_factory=list)  # a page of each client that only reads

    def open_for_business(self, *, running: bool = True) -> None:
        """Everybody signs in; they begin to send their forms, unless the test sends them itself."""
        for number in range(len(self.sign_ins)):
            self._inspector(number)
        for number in range(len(self.pairings)):
            self._kiosk(number)
        if running:
            self.load.begin()

    def look_around(self) -> list[int]:
        """How each client's page that only reads is answered, and a stranger's."""
        return [self.look(), *(look().status for look in self.looks)]

    def look(self) -> int:
        """How a page that only reads is answered."""
        return Caller(self.server).get("/sign-in").status

    def _inspector(self, number: int) -> None:
        caller, path = Caller(self.server), f"/phone/score/{self.scored[number]}"
        login, password = self.sign_ins[number]
        caller.get("/sign-in")
        answer = caller.post("/sign-in", login=login, password=password)
        assert answer.status == 303, answer.text[-800:]
        assert caller.get(path).status == 200

        def score(key: str) -> Answer:
            return caller.post(path, rule=str(self.rule), note=key, _once=key)

        self.load.client(f"score-{number}", score)
        self.looks.append(lambda: caller.get(path))

    def _kiosk(self, number: int) -> None:
        caller = self.at_kiosk(number)

        def redeem(key: str) -> Answer:
            return caller.post("/kiosk/redeem", item=str(self.item), quantity="1", expected="10", _once=key)

        self.load.client(f"redeem-{number}", redeem)
        self.looks.append(lambda: caller.get("/kiosk/balance"))

    def at_kiosk(self, number: int) -> Caller:
        """A kiosk at which a household has shown its card and given its PIN."""
        caller = Caller(self.server)
        card, pin = self.cards[number]
        caller.get(f"/kiosk/pair/{self.pairings[number]}")
        assert caller.post(f"/kiosk/pair/{self.pairings[number]}").status == 303
        caller.get("/kiosk/")
        assert caller.post("/kiosk/card", code=card).location == "/kiosk/balance"
        caller.get("/kiosk/pin")
        assert caller.post("/kiosk/pin", pin=pin).location == "/kiosk/balance"
        return caller


PASSWORD = "kill-nine-in-the-night"


def make_office(var: Path, url: str, *, inspectors: int = INSPECTORS, kiosks: int = KIOSKS) -> Office:
    now, tree = clock.now(), factories.make_community()
    scheme = factories.make_scheme(area=tree.community)
    yard = factories.make_courtyard(area=tree.micro_grid)
    homes = [factories.make_household(courtyard=yard) for _ in range(inspectors + kiosks)]
    rule = factories.make_rule(scheme=scheme, points="+1")
    item = factories.make_item(area=tree.community, scheme=scheme, left=PLENTY, price=1)
    users = [inspector(tree) for _ in range(inspectors)]
    station = factories.make_station(area=tree.community)
    buyers = homes[inspectors:]
    for home in buyers:
        factories.give_points(home, scheme, PLENTY)
    make_missing(holder_ids=[home.id for home in buyers], actor=SYSTEM, now=now)
    server = Server(var, url)
    return Office(
        server,
        Load(server),
        rule.id,
        [home.id for home in homes],
        [(user.login, PASSWORD) for user in users],
        [new_kiosk(station, number) for number in range(kiosks)],
        [(card_of(home.id), pins.set_pin(household=home, actor=SYSTEM, now=now)) for home in buyers],
        item.id,
    )


def inspector(tree: factories.CommunityTree) -> User:
    return factories.make_user(post="inspector", area=tree.community, password_hash=slow_hash(PASSWORD))


def new_kiosk(station: Station, number: int) -> str:
    """Its pairing token."""
    _, token = devices.add_device(
        station=station, name=f"{number + 1} 号终端", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    return token


def card_of(household_id: int) -> str:
    token: str = db.session.scalars(select(Code.token).where(Code.holder_id == household_id)).one()
    return token


# What must be true afterwards -----------------------------------------------------------------------------------------


def count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)


def check_records(done: dict[str, str]) -> None:
    """Each answered form is one record, each record one line of its household and one of its courtyard."""
    wanted = {key: int(place.rsplit("/", 1)[1]) for key, place in done.items() if key.startswith("score")}
    kept = db.session.execute(select(Record.note, Record.id)).all()
    assert len(kept) == len(wanted)
    assert {note: id_ for note, id_ in kept} == wanted
    for cause in ("record", "up:record"):
        posted = db.session.scalars(select(Entry.cause_id).where(Entry.cause_kind == cause)).all()
        assert sorted(posted) == sorted(wanted.values()), cause


def check_vouchers(done: dict[str, str], item_id: int) -> None:
    """Each answered redemption is one voucher, one hold and one movement of the stock."""
    wanted = sorted(int(place.rsplit("/", 1)[1]) for key, place in done.items() if key.startswith("redeem"))
    assert sorted(db.session.scalars(select(Voucher.id))) == wanted
    assert sorted(db.session.scalars(select(Hold.cause_id).where(Hold.state == "active"))) == wanted
    taken = select(StockMovement.voucher_id).where(StockMovement.kind == "redeemed")
    assert sorted(db.session.scalars(taken)) == wanted
    left = db.session.get_one(Item, item_id).left
    moved = select(func.sum(StockMovement.change)).where(StockMovement.item_id == item_id)
    assert left == count(moved) == PLENTY - len(wanted)


def check_points() -> None:
    """What is held is what open vouchers hold, and nobody spends what they have not."""
    for account in db.session.scalars(select(Account)):
        issued = select(func.sum(Voucher.points)).where(Voucher.account_id == account.id, Voucher.state == "issued")
        assert account.held == count(issued)
        assert account.balance - account.held >= 0


def check_all(office: Office) -> None:
    assert not office.load.errors, office.load.errors[:2]
    verified = office.server.command("ledger", "verify")
    assert (verified.returncode, verified.stdout[:4]) == (0, "OK: "), verified.stderr
    start_writing()
    check_records(office.load.done)
    check_vouchers(office.load.done, office.item)
    check_points()
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
    db.session.rollback()
