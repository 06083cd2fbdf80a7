"""The last quarter of a town: records, vouchers and ratings, day by day, each written by the features' own services."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import DomainError
from webapp.core.photo_store import PhotoStore
from webapp.core.pictures import clean_photo
from webapp.core.points import Points
from webapp.core.signing import random_token
from webapp.demo.building import WITH_PIN, Built
from webapp.demo.event import Event
from webapp.demo.honouring import honour
from webapp.demo.objecting import ANSWERED, ASKED, SAID, Objecting
from webapp.demo.rounds import YardRounds
from webapp.demo.towns import Town
from webapp.demo.words import CLEAN_NOTES, KIND_NOTES
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.service import Posting
from webapp.places.models import Area, Holder
from webapp.ratings import service as ratings
from webapp.ratings.models import TAGS
from webapp.ratings.service import Rater
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import provisional_of
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import vouchers
from webapp.reviews import queries as months
from webapp.reviews import service as reviews
from webapp.schemes.queries import RuleView, current_rules
from webapp.users.service.residents import actor_of

COMMIT_EVERY = 200
MEETING = time(15)


class History:
    """Plans everything first, then plays it in the order of time, so that every chain runs forward."""

    def __init__(self, town: Town, built: list[Built], *, now: datetime, store: PhotoStore, key: str) -> None:
        self.town, self.built, self.now, self.store, self.key = town, built, now, store, key
        self.paths: dict[int, str] = {}
        self.random = Random(1120)  # noqa: S311  # the same quarter each time is the purpose

    def play(self) -> int:
        """Returns how many events took place; one that a rule refuses (a full cap, too few points) does not.

        :raises RuntimeError: if most are refused: then something is wrong with the town, not with an event.
        """
        events = [*self._records(), *self._redemptions(), *self._ratings(), *self._first_reviews(), *self._months()]
        events += YardRounds(self.random, self.built, self.now, self.town.days, self._photo).events()
        events += self._rectifications()
        events.sort(key=lambda event: event.at)
        self._carry_over()
        done = 0
        for number, event in enumerate(events, start=1):
            done += self._try(event)
            if number % COMMIT_EVERY == 0:
                db.session.commit()
        db.session.commit()
        if done * 2 < len(events):
            raise RuntimeError(f"{len(events) - done} of {len(events)} events of the demonstration were refused")
        return done

    def _carry_over(self) -> None:
        """Some households bring points of last year along, which lapse soon; the day was announced in time."""
        began = datetime(clock.local_date(self.now).year - 1, 12, 20, 2, tzinfo=UTC)
        for built in self.built:
            for household in built.households[:WITH_PIN:2]:
                posting = Posting(
                    amount=Points.whole(self.random.randrange(10, 60, 5)),
                    kind="base",
                    cause=Cause("carried", household.id),
                    title="上年结转积分",
                    happened_on=began.date(),
                )
                scheme_id = built.household_scheme.id
                ledger.post(holder_id=household.id, scheme_id=scheme_id, posting=posting, actor=SYSTEM, now=began)
        ledger.announce(now=self.now - timedelta(days=30))

    def _try(self, event: Event) -> bool:
        point = db.session.begin_nested()
        try:
            event.act(event.at)
        except DomainError:
            point.rollback()
            return False
        point.commit()
        return True

    def _moment(self, days_ago: int) -> datetime:
        """Some time of a working day, never later than now."""
        day = clock.local(self.now - timedelta(days=days_ago))
        moment = day.replace(
            hour=self.random.randrange(8, 18), minute=self.random.randrange(60), second=self.random.randrange(60)
        )
        return min(moment.astimezone(UTC), self.now - timedelta(minutes=self.random.randrange(1, 60)))

    # Records ---------------------------------------------------------------------------------------------------------

    def _records(self) -> list[Event]:
        events = []
        rules = {id(built): self._rules(built) for built in self.built}
        for days_ago in range(self.town.days, -1, -1):
            for _ in range(round(self.town.per_day * self.random.uniform(0.5, 1.4))):
                built = self.random.choice(self.built)
                events.append(self._record(built, rules[id(built)], self._moment(days_ago), days_ago))
        return events

    def _rules(self, built: Built) -> dict[str, list[RuleView]]:
        """Rules by kind of holder, good ones several times over: most of what is recorded is good."""
        today = clock.local_date(self.now)
        schemes = {
            "household": built.household_scheme,
            "courtyard": built.courtyard_scheme,
            "shop": built.shop_scheme,
        }
        return {
            kind: [
                rule
                for rule in current_rules(scheme.id, today)
                for _ in range(
                    0 if rule.veto or not rule.by_hand else 1 if rule.deducts else 3 if rule.proof == "photo" else 7
                )
            ]
            for kind, scheme in schemes.items()
        }

    def _record(self, built: Built, rules: dict[str, list[RuleView]], at: datetime, days_ago: int) -> Event:
        kind = self.random.choices(("household", "courtyard", "shop"), self._weights(built))[0]
        holders: list[Holder] = {"household": built.households, "courtyard": built.courtyards, "shop": built.shops}[
            kind
        ]  # type: ignore[assignment]  # three lists of holders
        # some are more active than others
        holder = holders[min(int(self.random.betavariate(1, 2.2) * len(holders)), len(holders) - 1)]
        rule = self.random.choice(rules[kind])
        claimed = kind == "household" and self.random.random() < 0.15 and rule.highest.tenths > 0
        path = self._path(holder.area_id)
        actor = self.random.choice([one for one in built.recorders if one.may("records.make", path)])
        if claimed:
            actor = built.clerk  # for people who come to the counter with a paper
        return Event(at, partial(self._write, holder.id, rule, actor, "claim" if claimed else "inspection"))

    def _path(self, area_id: int) -> str:
        if area_id not in self.paths:
            self.paths[area_id] = db.session.get_one(Area, area_id).path
        return self.paths[area_id]

    def _weights(self, built: Built) -> tuple[int, int, int]:
        return (2, 1, 12) if len(built.shops) > 100 else (11, 5, 4)

    def _write(self, holder_id: int, rule: RuleView, actor: Actor, source: str, now: datetime) -> None:
        notes = CLEAN_NOTES if rule.proof == "photo" else KIND_NOTES
        steps = (rule.highest.tenths - rule.lowest.tenths) // 10
        note = self.random.choice(notes)
        records.make(
            actor=actor,
            holder_id=holder_id,
            rule_version_id=rule.version_id,
            points=Points(rule.lowest.tenths + 10 * self.random.randint(0, steps)),
            source=source,
            note=note or ("现场核实" if rule.proof == "note" else ""),
            photos=[self._photo()] if rule.proof == "photo" else [],
            client_key=random_token(),
            now=now,
        )

    def _photo(self) -> str:
        """A drawn yard, a different one each time: the demonstration shows no real place."""
        paint = self.random.randrange
        picture = Image.new("RGB", (320, 240), (200 + paint(30), 214 + paint(20), 226 + paint(20)))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 150, 320, 240), fill=(160 + paint(30), 150 + paint(30), 130 + paint(30)))
        for _ in range(3):
            left, top = paint(0, 240), paint(60, 130)
            draw.rectangle(
                (left, top, left + paint(40, 90), 160), fill=(150 + paint(90), 90 + paint(60), 70 + paint(50))
            )
        for _ in range(6):
            x, size = paint(320), paint(4, 14)
            draw.ellipse((x, 180, x + size, 180 + size), fill=(40 + paint(60), 110 + paint(60), 50 + paint(40)))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=70)
        cleaned = clean_photo(data.getvalue())
        return self.store.put(cleaned.jpeg, cleaned.thumb)

    def _rectifications(self) -> list[Event]:
        """Two shops put right what cost them points: one waits for re-inspection, the other has its points back."""
        days = [self.now - timedelta(days=2), self.now - timedelta(days=1)]
        shops = self.built[0].shops[:2] if self.built else []
        if len(shops) < 2:
            return []
        blamed = [Event(days[0], partial(self._blame, shop.id)) for shop in shops]
        return [*blamed, Event(days[1], partial(self._put_right, [shop.id for shop in shops]))]

    def _blame(self, shop_id: int, now: datetime) -> None:
        rules = current_rules(self.built[0].shop_scheme.id, clock.local_date(now))
        rule = next(one for one in rules if one.rectify_days)
        records.make(
            actor=self.built[0].recorders[-1],
            holder_id=shop_id,
            rule_version_id=rule.version_id,
            points=rule.highest,
            source="inspection",
            note="门口堆着货箱",
            photos=[self._photo()],
            client_key=random_token(),
            now=now,
        )

    def _put_right(self, shop_ids: list[int], now: datetime) -> None:
        waits, settled = (provisional_of([shop_id], clock.local_date(now)) for shop_id in shop_ids)
        household = self.built[0].households[0]
        given: dict[str, Any] = {
            "photos": [self._photo()],
            "note": "已经搬进店里了",
            "client_key": random_token(),
            "now": now,
        }
        owner = actor_of(household.id, household.name, "演示")
        records.report_rectified(actor=owner, record_id=waits[0].record_id, **given)
        given |= {"photos": [self._photo()], "client_key": random_token()}
        records.confirm_rectified(actor=self.built[0].recorders[-1], record_id=settled[0].record_id, **given)

    # Reviews ---------------------------------------------------------------------------------------------------------

    def _first_reviews(self) -> list[Event]:
        """Every evening somebody looks through what was claimed; some of it waits until the next."""
        days = range(self.town.days, 0, -1)
        return [Event(self._evening(day), partial(self._review, built)) for day in days for built in self.built]

    def _evening(self, days_ago: int) -> datetime:
        day = clock.local(self.now - timedelta(days=days_ago))
        return day.replace(hour=18, minute=30, second=0).astimezone(UTC)

    def _review(self, built: Built, now: datetime) -> None:
        waiting = list(
            db.session.scalars(
                select(Record).where(Record.community_id == built.community.id, Record.state == "waiting")
            )
        )
        for record in waiting:
            path = self._path(record.holder.area_id)
            workers = [one for one in built.recorders[1:] if one.may("claims.review", path)]
            if workers and self.random.random() < 0.7:
                records.pass_first(actor=self.random.choice(workers), record_ids=[record.id], now=now)

    def _months(self) -> list[Event]:
        """The working group has met at the end of each month; this month's meeting is still to come."""
        return [event for built in self.built for event in self._month(built)]

    def _month(self, built: Built) -> list[Event]:
        terms, begun = months.terms_of(built.community), clock.local_date(self.now - timedelta(days=self.town.days))
        month, events = months.month_on(clock.local_date(self.now), terms), []
        while months.last_day(month := clock.previous_month(month), terms) > begun:
            met = datetime.combine(months.last_day(month, terms), MEETING, tzinfo=clock.LOCAL)
            events.append(Event(met.astimezone(UTC), partial(self._meet, built, month)))
        return (
            [*events, *self._honoured(built, events[0].at), *self._objected(built, events[0].at)] if events else events
        )

    def _honoured(self, built: Built, met: datetime) -> list[Event]:
        """The meeting that published the newest month chose by it too."""
        month = clock.previous_month(months.month_on(clock.local_date(self.now), months.terms_of(built.community)))
        later = met + timedelta(hours=2)
        return [Event(later, partial(honour, built, month))] if later < self.now else []

    def _objected(self, built: Built, met: datetime) -> list[Event]:
        """Objections to the newest publication; the last one waits as long as its three days are not over."""
        terms = months.terms_of(built.community)
        said = Objecting(built, clock.previous_month(months.month_on(clock.local_date(self.now), terms)))
        upto = len(SAID) if self.now > met + ASKED + months.ANSWER_WITHIN else len(SAID) - 1
        later = [Event(met + ASKED, said.lodge), Event(met + ANSWERED, partial(said.answer, upto))]
        return [event for event in later if event.at < self.now]

    def _meet(self, built: Built, month: int, now: datetime) -> None:
        secretary = built.recorders[0]
        given: dict[str, Any] = {"actor": secretary, "community": built.community, "month": month, "now": now}
        reviews.note_meeting(
            **given, attendees="书记、网格员、支委、居民代表共 9 人", minutes="逐条审核，没有不同意见。"
        )
        ends_on = months.last_day(month, months.terms_of(built.community))
        passed = months.waiting_statement(built.community.id, month, ends_on).limit(records.MOST_AT_ONCE)
        ids = [record.id for record in db.session.scalars(passed)]
        if ids:
            reviews.confirm(**given, record_ids=ids)
        row = reviews.publish(**given)
        while not reviews.go_on(month_id=row.id, key=self.key, now=now).done:
            pass

    # Vouchers --------------------------------------------------------------------------------------------------------

    def _redemptions(self) -> list[Event]:
        events = []
        for _ in range(self.town.redemptions):
            built = self.random.choice(self.built)
            household = built.households[int(self.random.betavariate(1, 9) * len(built.households))]
            item = self.random.choice(built.items[:7])
            days_ago = self.random.randrange(0, max(self.town.days - 25, 1))
            station = self.random.choice(built.stations)
            act = partial(self._redeem, built, household.id, item, station.id, days_ago)
            events.append(Event(self._moment(days_ago), act))
        return events

    def _redeem(
        self, built: Built, household_id: int, item: Item, station_id: int, days_ago: int, now: datetime
    ) -> None:
        issued = vouchers.redeem(
            actor=SYSTEM,
            household_id=household_id,
            item_id=item.id,
            quantity=1,
            expected=Points(item.price),
            key=self.key,
            now=now,
            station_id=station_id,
        )
        self._end(issued, built.clerk, days_ago, now)

    def _end(self, issued: Voucher, clerk: Actor, days_ago: int, now: datetime) -> None:
        """Most are fetched the same day; the latest still wait."""
        if days_ago < 4:
            return
        if self.random.random() < 0.06:
            vouchers.cancel(actor=SYSTEM, voucher_id=issued.id, reason="住户取消", now=now)
        else:
            vouchers.hand_over(actor=clerk, voucher_id=issued.id, now=now)

    # Ratings ---------------------------------------------------------------------------------------------------------

    def _ratings(self) -> list[Event]:
        return [
            Event(self._moment(self.random.randrange(self.town.days)), partial(self._rate, number))
            for number in range(self.town.ratings)
        ]

    def _rate(self, number: int, now: datetime) -> None:
        shops = self.random.choice(self.built).shops
        shop = shops[min(int(self.random.betavariate(1, 3) * len(shops)), len(shops) - 1)]
        good = self.random.random() < 0.85
        tags = self.random.sample(TAGS[:4] if good else TAGS[4:], self.random.randint(0, 2))
        ratings.rate(
            shop_id=shop.id,
            stars=self.random.choice((4, 5, 5, 5)) if good else self.random.choice((1, 2, 3)),
            tags=tags,
            comment=self.random.choice(("", "", "", "老板热情", "东西实在", "门口干净")) if good else "",
            ticket=ratings.ticket_for(shop.id, key=self.key, now=now),
            rater=Rater(device=f"demo phone {number}", network=f"demo network {number}"),
            key=self.key,
            now=now,
        )
