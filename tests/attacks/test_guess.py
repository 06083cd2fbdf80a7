"""A thousand guesses at every door: as many are looked at as docs/limits.md says, and no answer tells more than another."""

from __future__ import annotations

import gc
import re
import statistics
import time

import pytest

from tests.attacks import doors
from tests.attacks.doors import CALLS_A_MINUTE, WRONG_GUESSES, Door, get, looked_at, opened, post, told
from tests.conftest import KEY, Browser, both_databases
from tests.factories import make_community, make_household, make_user
from tests.kiosk.conftest import make_kiosk
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.qrcodes.digits import is_valid
from webapp.redemption.service import vouchers
from webapp.users import passwords
from webapp.users.models import FailedTry, HouseholdPin, User
from webapp.users.passwords import slow_hash
from webapp.users.service import devices

PASSWORD = "correct horse battery 7"
NAMES = ("staff", "phone", "kiosk", "card")
KIOSKS = 4
SHIPPED = passwords.SLOW


@pytest.fixture
def quick_hashes(monkeypatch):
    """Where guesses are only counted, none needs to be slow."""
    monkeypatch.setattr(passwords, "SLOW", "scrypt:256:8:1")
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def town(app, quick_hashes):
    made = make_kiosk(app.config["VAR_DIR"])
    make_user(post="secretary", area=made.tree.community, login="li.mei", password_hash=slow_hash(PASSWORD))
    db.session.commit()
    return made


@pytest.fixture
def browsers(app, town):
    """Paired kiosks, and a new phone or office PC each time one is asked for."""
    app.test_client_class = Browser
    paired = [app.test_client() for _ in range(KIOSKS)]
    for number, one in enumerate(paired):
        _, token = devices.add_device(
            station=town.station, name=f"{number}", paper="80", printer="", actor=SYSTEM, now=clock.now()
        )
        assert post(one, f"/kiosk/pair/{token}", {}, f"192.168.7.{number}").status_code == 303
    return lambda door, number: paired[number % KIOSKS] if door.kiosk else app.test_client()


@pytest.fixture
def door(request, town):
    number, pin = town.household.number, town.pins[town.household.id]
    return {
        "staff": Door(doors.staff, "li.mei", PASSWORD),
        "phone": Door(doors.phone, number, pin),
        "kiosk": Door(doors.kiosk_pin, number, pin, kiosk=True),
        "card": Door(doors.card_pin, town.card_of(town.household), pin, kiosk=True),
    }[request.param]


each_door = pytest.mark.parametrize("door", NAMES, indirect=True)


def wrong(number: int) -> str:
    """A guess that fits nobody: one digit too many for a PIN."""
    return f"{number:07}"


# Secrets that could be guessed ----------------------------------------------------------------------------------------


@each_door
@both_databases
def test_about_one_account_no_more_are_looked_at_than_its_limit_wherever_they_come_from(
    app, door, browsers, make_app, database_url, scale, figure
):
    tries = scale(small=15, routine=100, full=1000)
    answers = [
        door.send(browsers(door, number), door.known, wrong(number), f"10.1.{number // 250}.{number % 250}")
        for number in range(tries)
    ]
    assert looked_at(answers) == WRONG_GUESSES["account"]

    late = door.send(browsers(door, 1), door.known, wrong(tries), "10.9.9.1")
    right = door.send(browsers(door, 1), door.known, door.secret, "10.9.9.2")
    assert right.status_code == 429
    assert told(right, door.secret) == told(late, wrong(tries)), "the right one is turned away in the same words"

    if not door.kiosk:  # another process, or this one after a restart, has the same count
        again = make_app(database_url)
        again.test_client_class = Browser
        assert door.send(again.test_client(), door.known, door.secret, "10.9.9.3").status_code == 429
    figure(f"S6 guess: one account, {tries} tries: {looked_at(answers)} looked at, then the right one is refused too")


@pytest.mark.parametrize(
    ("database_url", "door"),
    [("sqlite", "staff"), ("sqlite", "phone"), ("sqlite", "kiosk"), ("postgresql", "kiosk")],
    indirect=True,
)
def test_from_one_network_no_more_are_looked_at_than_its_limit_whoever_they_are_about(door, browsers, scale, figure):
    tries = scale(small=33, routine=100, full=1000)
    answers = [door.send(browsers(door, n), f"nobody{n}", wrong(n), "10.2.0.1") for n in range(tries)]
    assert looked_at(answers) == WRONG_GUESSES["network"]
    assert door.send(browsers(door, 3), door.known, door.secret, "10.2.0.1").status_code == 429
    assert opened(door.send(browsers(door, 3), door.known, door.secret, "10.2.0.2")), "the neighbour may"
    figure(f"S6 guess: one network, {tries} accounts: {looked_at(answers)} looked at")


@pytest.mark.parametrize(
    ("database_url", "door"), [("sqlite", "phone"), ("sqlite", "kiosk"), ("postgresql", "phone")], indirect=True
)
def test_at_one_device_no_more_are_looked_at_than_its_limit_whatever_its_address(door, browsers, scale, figure):
    tries = scale(small=13, routine=100, full=1000)
    one = browsers(door, 0)
    answers = [
        door.send(one, f"nobody{number}", wrong(number), f"10.3.{number // 250}.{number % 250}")
        for number in range(tries)
    ]
    assert looked_at(answers) == WRONG_GUESSES["device"]
    assert door.send(one, door.known, door.secret, "10.4.0.1").status_code == 429
    assert opened(door.send(browsers(door, 1), door.known, door.secret, "10.4.0.2")), "the device beside it may"
    figure(f"S6 guess: one device, {tries} accounts: {looked_at(answers)} looked at")


def test_a_one_time_password_is_no_easier_to_guess(app, town, browsers, scale):
    new = make_user(post="clerk", area=town.tree.community, login="new.clerk", password_hash=slow_hash("2345-one-time"))
    new.must_change = True
    db.session.commit()
    door = Door(doors.staff, "new.clerk", "2345-one-time")
    tries = scale(small=8, routine=50, full=1000)
    answers = [door.send(browsers(door, n), door.known, wrong(n), f"10.5.{n // 250}.{n % 250}") for n in range(tries)]
    assert looked_at(answers) == WRONG_GUESSES["account"]
    assert door.send(browsers(door, 0), door.known, door.secret, "10.5.9.9").status_code == 429


# Whether it exists ----------------------------------------------------------------------------------------------------


def accounts(town, how_many: int) -> list[str]:
    """Numbers that households have, which are logins of members of staff too; all with one secret, hashed once."""
    kept, made = slow_hash(PASSWORD), []
    for number in range(how_many):
        name = f"zqx{number:03}"
        home = make_household(courtyard=town.yard, number=name.upper())
        db.session.add(HouseholdPin(household_id=home.id, pin_hash=kept, set_at=clock.now()))
        make_user(post="clerk", area=town.tree.community, login=name, password_hash=kept)
        made.append(name)
    db.session.commit()
    return made


@pytest.mark.parametrize("door", ["staff", "phone", "kiosk"], indirect=True)
def test_one_that_exists_and_one_that_does_not_are_answered_alike_and_in_the_same_time(
    app, town, door, browsers, monkeypatch, scale, figure
):
    """CPU time of the whole request, taking turns; what a guesser far away could measure is coarser."""
    monkeypatch.setattr(passwords, "SLOW", SHIPPED)
    passwords._nobody.cache_clear()
    rounds, bound = scale(small=7, routine=15, full=51), scale(small=140, routine=130, full=120) / 100
    names = accounts(town, rounds)
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    said: dict[str, set[str]] = {"known": set(), "unknown": set()}
    gc.collect()
    gc.disable()
    for turn, name in enumerate([*names[:1], *names]):
        db.session.query(FailedTry).delete()
        for kind, asked in (("known", name), ("unknown", name.replace("zqx", "zqy9"))):
            browser = browsers(door, turn)
            get(browser, "/sign-in", "10.6.0.1")  # its session cookie
            db.session.commit()
            begun = time.thread_time()
            answer = door.send(browser, asked, wrong(turn), f"10.6.{turn // 250}.{turn % 250}")
            if turn:  # the first is a warm-up
                spent[kind].append(time.thread_time() - begun)
            assert answer.status_code == 422
            said[kind].add(told(answer, asked, asked.upper(), wrong(turn)))
    gc.enable()
    assert said["known"] == said["unknown"]
    assert len(said["known"]) == 1
    known, unknown = (statistics.median(spent[kind]) * 1000 for kind in ("known", "unknown"))
    figure(f"S6 guess: {door.send.__name__}: known {known:.1f} ms, unknown {unknown:.1f} ms, the same page")
    assert max(known, unknown) <= bound * min(known, unknown)


@pytest.mark.parametrize("door", ["phone", "kiosk"], indirect=True)
def test_a_number_typed_in_two_ways_is_one_account_whether_it_exists_or_not(door, browsers):
    """Or the tries that are left would tell which numbers there are."""
    assert door.known == "03-12-02"
    for turn, forms in enumerate([("03-12-02", "031202", "A031202"), ("08-88-88", "088888", "A088888")]):
        left = [told(door.send(browsers(door, turn), form, wrong(1), "10.8.0.1")) for form in forms]
        assert [re.search(r"还可以再试 (\d) 次", page)[1] for page in left] == ["4", "3", "2"]


# Codes too long to guess: look-ups are counted by address, in the memory of each process -------------------------------


def eight_digits(number: int) -> str:
    """With a check digit that fits, as a guesser would."""
    return next(code for last in range(10) if is_valid(code := f"{9_000_000 + number}{last}"))


LOOK_UPS = {
    "qrcodes.find": lambda n: ("/q/", {"code": eight_digits(n)}),
    "qrcodes.scan": lambda n: (f"/q/{n:026}", None),
    "verification.verify": lambda n: ("/verify", {"code": f"{n:020}"}),
    "verification.slip": lambda n: (f"/slip/{n:012}", None),
    "verification.sheet": lambda n: (f"/verify/{n:024}", None),
    "verification.at_kiosk": lambda n: (f"/kiosk/verify?code={n:024}", None),
    "honours.check": lambda n: (f"/honours/{n:024}", None),
    "reviews.public": lambda n: (f"/p/{n:032}", None),
    "reviews.public_rankings": lambda n: (f"/p/{n:032}/rankings", None),
    "board.screen": lambda n: (f"/board/{n:032}", None),
    "kiosk.pair": lambda n: (f"/kiosk/pair/{n:043}", {}),
    "redemption.find_voucher": lambda n: ("/desk/vouchers/find", {"code": f"{n:013}"}),
}


def test_every_look_up_by_a_code_is_tried_here():
    """Capitals are the same views again; a rating needs no secret, a card's sign-in asks for the PIN."""
    others = {name for name in CALLS_A_MINUTE if name.endswith("_capitals")} | {"ratings.rate", "qrcodes.card_sign_in"}
    assert set(CALLS_A_MINUTE) - others == set(LOOK_UPS)


@pytest.mark.parametrize("view", LOOK_UPS)
def test_a_code_is_looked_up_no_more_often_than_its_limit_found_never_and_told_apart_never(
    app, town, browsers, view, scale, figure
):
    at_kiosk = Door(doors.kiosk_pin, "", "", kiosk=True)
    client = browsers(at_kiosk, 0)
    if view.startswith("redemption."):
        sign_in(client, db.session.query(User).filter_by(login="li.mei").one())
    most = CALLS_A_MINUTE[view]
    tries = max(scale(small=most + 3, routine=most + 50, full=1000), most + 3)
    begun, answers, said = time.monotonic(), [], set()
    for number in range(tries):
        path, form = LOOK_UPS[view](number)
        network = "10.7.0.1"
        answer = get(client, path, network) if form is None else post(client, path, form, network)
        answers.append(answer)
        if answer.status_code != 429:
            said.add(told(answer, *path.split("/"), *path.split("="), *(form or {}).values()))
    minutes = 1 + (time.monotonic() - begun) // 60
    assert most <= looked_at(answers) <= most * minutes
    assert not any(opened(answer) for answer in answers)
    assert len(said) == 1
    figure(f"S6 guess: {view}: {tries} tries, {looked_at(answers)} looked at, none found, one answer")


def test_a_voucher_of_the_next_community_and_one_that_does_not_exist_are_told_alike(app, town, client):
    elsewhere = make_community(name="永安社区")
    sign_in(client, make_user(post="clerk", area=elsewhere.community))
    voucher = vouchers.redeem(
        actor=SYSTEM,
        household_id=town.household.id,
        item_id=town.soap.id,
        quantity=1,
        expected=Points.whole(20),
        key=KEY,
        now=clock.now(),
    )
    codes = (vouchers.voucher_code(KEY, voucher), "2345678923456")
    answers = [client.post("/desk/vouchers/find", data={"code": code}) for code in codes]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert told(answers[0], codes[0]) == told(answers[1], codes[1])
