"""The monthly yard inspections of a town: last months' are closed, this month's is on its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import NotAllowed
from webapp.core.points import Points
from webapp.demo.building import Built
from webapp.demo.event import Event
from webapp.extensions import db
from webapp.inspections import service
from webapp.inspections.queries import rounds as queries
from webapp.inspections.queries.rounds import Stand
from webapp.inspections.ranking import Item, SheetText
from webapp.places.models import Area

WALKED_ON = 18  # the day of the month on which a round is walked
BETWEEN = timedelta(seconds=100)  # from one courtyard to the next
NOTES = ("", "", "", "楼道有纸箱，已提醒", "比上月干净", "门口有落叶", "院长陪着一起查")
MOST = 300  # courtyards that a town's rounds cover: a county's are walked by its communities, not by the demonstration


class YardRounds:
    """``photo`` puts a new picture into the store and gives its name."""

    def __init__(self, random: Random, built: list[Built], now: datetime, days: int, photo: Callable[[], str]) -> None:
        self.random, self.built, self.now, self.days, self.photo = random, built, now, days, photo
        self.photos: list[str] = []

    def events(self) -> list[Event]:
        return [event for built in self.built[:2] if len(built.courtyards) <= MOST for event in self._of(built)]

    def _of(self, built: Built) -> list[Event]:
        month = clock.previous_month(clock.month_of(self.now))
        events = [Event(self._this_month(), partial(self._walk, built, 0.6, False))]
        while (day := self._day(month)) > self.now - timedelta(days=self.days):
            events.append(Event(day, partial(self._walk, built, 0.99, True)))
            month = clock.previous_month(month)
        return events

    def _day(self, month: int) -> datetime:
        return datetime(month // 100, month % 100, WALKED_ON, 11, 30, tzinfo=clock.LOCAL).astimezone(UTC)

    def _this_month(self) -> datetime:
        """On its day, or, earlier in the month, today."""
        return min(self._day(clock.month_of(self.now)), self.now - timedelta(minutes=40))

    def _walk(self, built: Built, share: float, ends: bool, now: datetime) -> None:
        secretary = built.recorders[0]
        begun = now - len(built.courtyards) * BETWEEN
        month = clock.month_of(now)
        found = service.start(actor=secretary, community=built.community, month=month, now=begun)
        workers = [one for one in built.recorders[1:] if one.user_id is not None]
        self._divide(found.id, workers, secretary, begun)
        every = queries.stands(found.id)
        for number, one in enumerate(every[: round(len(every) * share)]):
            self._visit(found.id, found.sheet.text, one, workers, begun + number * BETWEEN)
        if ends:
            service.close(actor=secretary, round_id=found.id, now=now)
            while not service.go_on(round_id=found.id, now=now).done:
                pass

    def _divide(self, round_id: int, workers: list[Actor], secretary: Actor, now: datetime) -> None:
        """Each grid's own worker walks it."""
        duties = {
            grid: worker.user_id
            for grid in queries.grid_ids(round_id)
            for worker in workers
            if worker.user_id and self._path(grid) in worker.scope("records.make")
        }
        service.divide(actor=secretary, round_id=round_id, duties=duties, now=now)

    def _path(self, area_id: int) -> str:
        return db.session.get_one(Area, area_id).path

    def _visit(self, round_id: int, text: SheetText, one: Stand, workers: list[Actor], now: datetime) -> None:
        path = self._path(one.place.grid_id)
        actor = self.random.choice([worker for worker in workers if worker.may("records.make", path)])
        if self.random.random() < 0.02:
            service.shut(
                actor=actor,
                round_id=round_id,
                courtyard_id=one.id,
                reason=self.random.choice(service.SHUT_REASONS[:2]),
                seen=0,
                now=now,
            )
            return
        marks = [self._mark(item) for item in text.items]
        lost = sum(mark.tenths for mark in marks) < text.full
        try:
            service.score(
                actor=actor,
                round_id=round_id,
                courtyard_id=one.id,
                marks=marks,
                note=self.random.choice(NOTES),
                photos=[self._picture()] if lost else [],
                seen=0,
                now=now,
            )
        except NotAllowed:
            return  # recusal: a colleague comes later

    def _mark(self, item: Item) -> Points:
        """Most is in order; what is not loses a step or two."""
        down = self.random.choice((0, 0, 0, 1, 1, 2)) * item.step
        return Points(max(0, item.full - down))

    def _picture(self) -> str:
        """A few pictures do: each takes a while to draw."""
        if len(self.photos) < 24:
            self.photos.append(self.photo())
        return self.random.choice(self.photos)
