"""An even stream of readings and writings, and what the server's process needs meanwhile."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.faults.office import Office
from tests.faults.serving import Answer, Caller

WORKERS = 8
SHARES = (0, 0, 0, 0, 0, 0, 0, 1, 2)  # whose turn it is: the first community at seven times each of the others
READS_A_WRITE = 3
AT_KIOSK = ("/kiosk/balance", "/kiosk/vouchers")


@dataclass(frozen=True)
class Sample:
    """The process at one moment; ``at`` in seconds, ``memory`` in kB (RSS)."""

    at: float
    memory: int
    files: int
    threads: int


def sample(pid: int, at: float) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    memory, threads = (int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1]) for name in ("VmRSS", "Threads"))
    return Sample(at, memory, len(list(Path(f"/proc/{pid}/fd").iterdir())), threads)


def growth(samples: list[Sample]) -> float:
    """MB an hour: the median slope of all pairs (Theil and Sen). A step that happens once is no leak, what goes on is."""
    pairs = itertools.combinations(samples, 2)
    return median((b.memory - a.memory) / (b.at - a.at) for a, b in pairs) * 3600 / 1000


@dataclass
class Person:
    """One browser at work: pages it reads and the form that it sends. One at a time."""

    caller: Caller
    pages: tuple[str, ...]
    write: Callable[[str], Answer]
    again: Callable[[], Answer] | None  # the PIN, when it was given too long ago
    turns: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self) -> Answer:
        with self.lock:
            self.turns += 1
            if self.turns % (READS_A_WRITE + 1):
                return self.caller.get(self.pages[self.turns % len(self.pages)])
            answer = self.write(f"soak-{id(self)}-{self.turns}")
            if self.again is not None and answer.location.startswith("/kiosk/pin"):
                self.again()
                answer = self.write(f"soak-{id(self)}-{self.turns}-again")
            return answer


class Stream:
    """``rate`` requests a second, for so many seconds, each at its time."""

    def __init__(self, people: list[list[Person]], rate: int, seconds: int) -> None:
        self.waits: list[float] = []
        self.answers: list[int] = []
        self._people = [itertools.cycle(one) for one in people]
        self._rate, self._count = rate, rate * seconds
        self._next, self._lock = 0, threading.Lock()
        self._threads = [threading.Thread(target=self._work) for _ in range(WORKERS)]

    def run(self, watch: Callable[[float], None]) -> None:
        """Calls ``watch`` with the seconds gone, once a second, until all is answered."""
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()
        while any(thread.is_alive() for thread in self._threads):
            time.sleep(1)
            watch(time.monotonic() - self._begun)

    def _work(self) -> None:
        while (turn := self._take()) is not None:
            number, person = turn
            time.sleep(max(0.0, self._begun + number / self._rate - time.monotonic()))
            begun = time.monotonic()
            status = person.act().status
            with self._lock:
                self.waits.append(time.monotonic() - begun)
                self.answers.append(status)

    def _take(self) -> tuple[int, Person] | None:
        with self._lock:
            number, self._next = self._next, self._next + 1
            return (number, next(self._people[SHARES[number % len(SHARES)]])) if number < self._count else None


def people_of(office: Office) -> list[Person]:
    """Inspectors and residents at kiosks, signed in."""
    people = []
    for number, (login, password) in enumerate(office.sign_ins):
        caller, path = Caller(office.server), f"/phone/score/{office.scored[number]}"
        caller.get("/sign-in")
        assert caller.post("/sign-in", login=login, password=password).status == 303
        caller.get(path)

        def score(key: str, caller: Caller = caller, path: str = path) -> Answer:
            return caller.post(path, rule=str(office.rule), note=key, _once=key)

        people.append(Person(caller, ("/phone/", path), score, None))
    for (card, pin), pairing in zip(office.cards, office.pairings, strict=True):
        caller = Caller(office.server)
        caller.get(f"/kiosk/pair/{pairing}")
        assert caller.post(f"/kiosk/pair/{pairing}").status == 303
        people.append(_resident(office, caller, card, pin))
    return people


def _resident(office: Office, caller: Caller, card: str, pin: str) -> Person:
    def identify() -> Answer:
        caller.get("/kiosk/")
        caller.post("/kiosk/card", code=card)
        caller.get("/kiosk/pin")
        return caller.post("/kiosk/pin", pin=pin)

    def redeem(key: str) -> Answer:
        return caller.post("/kiosk/redeem", item=str(office.item), quantity="1", expected="10", _once=key)

    assert identify().location == "/kiosk/balance"
    return Person(caller, AT_KIOSK, redeem, identify)
