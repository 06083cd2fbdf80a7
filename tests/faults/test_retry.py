"""Answers get lost: mixed operations over HTTP, 40 % of the answers cut, whole batches sent again, and each happened once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.conftest import KEY, Browser, both_databases
from tests.factories import (
    give_points,
    make_community,
    make_household,
    make_item,
    make_rule,
    make_scheme,
    make_shop,
    make_station,
    make_user,
)
from tests.faults.office import card_of, new_kiosk
from tests.personas import sign_in, sign_in_resident
from tests.reviews.conftest import GOOD, PUBLISHED, make_month
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.ledger.verify import verify_all
from webapp.qrcodes.service import make_missing
from webapp.ratings.models import Rating
from webapp.ratings.service import ticket_for
from webapp.records.models import Record
from webapp.redemption.models import Item, StockMovement, Voucher
from webapp.reviews.models import Objection
from webapp.users.service import pins
from webapp.web.application import Application
from webapp.web.models import SentForm

CUT, BATCH, TIMES = 0.4, 20, 3


@dataclass
class Operation:
    """A form that is sent until its answer arrives. ``other``: what a second body under the same key would say."""

    kind: str
    client: FlaskClient
    address: str
    form: dict[str, str]
    other: dict[str, str]
    where: dict[str, Any] = field(default_factory=dict)

    def send(self, **changed: str) -> tuple[int, str | None]:
        answer = self.client.post(self.address, data=self.form | changed, environ_overrides=self.where)
        return answer.status_code, answer.location


class Trade:
    """Who works in a community with a published month, and the forms that they send."""

    def __init__(self, app: Application) -> None:
        app.test_client_class = Browser
        self.app, self.numbers = app, iter(range(1, 1_000_000))
        month = make_month()
        self.scheme, self.community = month.street.schemes["household"], month.street.tree.community
        self.yard, self.home = month.street.courtyard, month.street.household
        self.rule_id = make_rule(scheme=self.scheme, points="+1").id
        give_points(self.home, self.scheme, 90_000)
        self.home_id = self.home.id
        self.item_id = make_item(area=self.community, scheme=self.scheme, left=50_000, price=1).id
        self.shop_id = make_shop(area=month.street.tree.micro_grid).id
        self.objecting = f"/home/objections/new/{month.row.id}/{GOOD}"
        make_missing(holder_ids=[self.home_id, self.shop_id], actor=SYSTEM, now=clock.now())
        self.plate = f"/q/{card_of(self.shop_id)}/rate"
        self.inspector = sign_in(app.test_client(), make_user(post="inspector", area=self.community))
        self.clerk = sign_in(app.test_client(), make_user(post="clerk", area=self.community))
        self.kiosk = self._kiosk()
        self.phone = sign_in_resident(app.test_client(), self.home)  # a new PIN ends sign-ins
        self.vouchers: list[str] = []
        self.before = self.effects()

    def _kiosk(self) -> FlaskClient:
        pairing = new_kiosk(make_station(area=self.community), 0)
        pin = pins.set_pin(household=self.home, actor=SYSTEM, now=clock.now())
        kiosk = self.app.test_client()
        kiosk.post(f"/kiosk/pair/{pairing}")
        kiosk.post("/kiosk/card", data={"code": card_of(self.home_id)})
        assert kiosk.post("/kiosk/pin", data={"pin": pin}).location == "/kiosk/balance"
        return kiosk

    def key(self) -> str:
        return f"retry-{next(self.numbers):018}"

    def score(self) -> Operation:
        key = self.key()
        form = {"rule": str(self.rule_id), "note": key, "_once": key}
        return Operation("score", self.inspector, f"/phone/score/{self.home_id}", form, {"note": "别的"})

    def claim(self) -> Operation:
        key = self.key()
        form = {"rule": str(self.rule_id), "happened_on": clock.today().isoformat(), "note": key, "_once": key}
        return Operation("claim", self.phone, "/home/claims/new", form, {"note": "别的"})

    def redeem(self) -> Operation:
        form = {"item": str(self.item_id), "quantity": "1", "expected": "10", "_once": self.key()}
        return Operation("redeem", self.kiosk, "/kiosk/redeem", form, {"quantity": "2", "expected": "20"})

    def stock(self) -> Operation:
        form = {"kind": "received", "quantity": "1", "note": "进货", "_once": self.key()}
        return Operation("stock", self.clerk, f"/desk/goods/{self.item_id}/stock", form, {"quantity": "100"})

    def hand_over(self) -> Operation:
        if not self.vouchers:
            return self.redeem()
        address = f"/desk/vouchers/{self.vouchers.pop()}/hand-over"
        return Operation("hand over", self.clerk, address, {"_once": self.key()}, {"more": "1"})

    def rate(self) -> Operation:
        """Somebody else each time, with a phone and an address of their own."""
        number = next(self.numbers)
        phone = self.app.test_client()
        phone.set_cookie("rater", f"phone-{number}")
        ticket = ticket_for(self.shop_id, key=KEY, now=clock.now())
        form = {"stars": "5", "comment": "好", "ticket": ticket, "_once": self.key()}
        where = {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        return Operation("rate", phone, self.plate, form, {"stars": "1"}, where)

    def object(self) -> Operation:
        """A neighbour who has not objected yet."""
        neighbour = sign_in_resident(self.app.test_client(), make_household(courtyard=self.yard))
        form = {"kind": "not_happened", "reason": "没有打扫", "_once": self.key()}
        return Operation("object", neighbour, self.objecting, form, {"reason": "打扫过"})

    def effects(self) -> Counter[str]:
        """What all that was sent has come to."""
        asked = {
            "score": select(func.count()).where(Record.source == "inspection"),
            "claim": select(func.count()).where(Record.source == "claim"),
            "redeem": select(func.count()).select_from(Voucher),
            "hand over": select(func.count()).where(Voucher.state == "handed_over"),
            "stock": select(func.count()).where(StockMovement.kind == "received"),
            "rate": select(func.count()).select_from(Rating),
            "object": select(func.count()).select_from(Objection),
        }
        found = Counter({kind: int(db.session.scalar(statement) or 0) for kind, statement in asked.items()})
        db.session.commit()
        return found

    def next_ones(self, random: Random) -> list[Operation]:
        kinds: tuple[Callable[[], Operation], ...] = (
            self.score,
            self.claim,
            self.redeem,
            self.stock,
            self.hand_over,
            self.rate,
            self.object,
        )
        more = random.choices(kinds, weights=(5, 4, 5, 4, 2, 3, 1), k=BATCH - len(kinds))
        return [one() for one in (*kinds, *more)]


@pytest.fixture
def afternoon() -> Iterator[None]:
    """An hour after the publication."""
    with clock.travel(PUBLISHED + timedelta(hours=1)):
        yield


@both_databases
def test_with_two_fifths_of_the_answers_cut_and_batches_sent_three_times_each_operation_happens_once(
    app, afternoon, scale, figure
):
    trade, random, cut = Trade(app), Random(20261125), 0
    done: list[tuple[Operation, tuple[int, str | None]]] = []

    for _ in range(scale(small=40, routine=160, full=2000) // BATCH):
        batch = trade.next_ones(random)
        answers: dict[int, tuple[int, str | None]] = {}
        for time_sent in range(TIMES):
            order = list(enumerate(batch))
            if time_sent:
                random.shuffle(order)
            for place, operation in order:
                answer = operation.send()
                while random.random() < CUT:  # the answer never arrived: the same form is sent again
                    cut += 1
                    answer = operation.send()
                assert answers.setdefault(place, answer) == answer, operation
        done += [(operation, answers[place]) for place, operation in enumerate(batch)]
        new = [answers[place][1] or "" for place, one in enumerate(batch) if one.kind == "redeem"]
        trade.vouchers += [location.rsplit("/", 1)[1] for location in new]

    assert Counter((one.kind, status) for one, (status, _) in done if status != 303) == {}
    sent = Counter(operation.kind for operation, _ in done)
    assert len(sent) == 7, "of every kind some"
    assert cut > TIMES * len(done) * CUT * 0.8, "the fault must have happened"
    assert trade.effects() - trade.before == sent
    refused = Counter(operation.send(**operation.other)[0] for operation, _ in done)
    assert refused == {409: len(done)}
    assert trade.effects() - trade.before == sent
    verify_all(db.engine)
    figure(
        f"R5 retry ({db.engine.dialect.name}): {len(done)} operations of 7 kinds, {cut} answers cut, each batch {TIMES}"
        f" times: {len(done)} effects; other bodies refused {len(done)} of {len(done)}"
    )


def test_a_refused_form_may_be_mended_and_sent_under_the_same_key(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community), left=0)
    sign_in(client, make_user(post="clerk", area=tree.community))
    form = {"kind": "received", "quantity": "-3", "_once": "mended"}
    address = f"/desk/goods/{item.id}/stock"
    assert client.post(address, data=form).status_code == 422
    assert db.session.query(SentForm).count() == 0

    assert client.post(address, data=form | {"quantity": "3"}).status_code == 303


def test_the_refusal_of_another_body_says_so(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community), left=0)
    sign_in(client, make_user(post="clerk", area=tree.community))
    form = {"kind": "received", "quantity": "1", "_once": "the-same-key"}
    address = f"/desk/goods/{item.id}/stock"
    assert client.post(address, data=form).status_code == 303

    answer = client.post(address, data=form | {"quantity": "100"})

    assert answer.status_code == 409
    assert "已经提交过" in answer.text
    db.session.expire_all()
    assert db.session.get(Item, item.id).left == 1
