"""Guesses: exactly as many as docs/limits.md says, the same answer and about the same time for everybody."""

from __future__ import annotations

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import both_databases
from tests.factories import make_community, make_household, make_person, make_user
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import TooManyTries
from webapp.extensions import db
from webapp.users import passwords
from webapp.users.models import FailedTry
from webapp.users.service import pins, signing_in
from webapp.users.service.pins import Guess, WrongPin
from webapp.users.service.signing_in import WrongPassword

PASSWORD = "correct horse battery 7"
ROOT = Path(__file__).resolve().parents[2]


def staff(login="li.mei", **more):
    user = make_user(post="secretary", login=login, password_hash=passwords.slow_hash(PASSWORD), **more)
    db.session.commit()
    return user


def post(client, login="li.mei", password=PASSWORD, network="10.0.0.1", **headers):
    form = {"login": login, "password": password}
    return client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": network}, headers=headers)


def test_the_table_of_guesses_is_the_one_in_the_code():
    text = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    shown = {
        kind: (int(allowed), timedelta(minutes=int(minutes)))
        for kind, allowed, minutes in re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) minutes", text, re.M)
    }
    assert shown == passwords.LIMITS


def test_the_table_of_calls_is_the_one_in_the_code(app):
    text = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+\.\w+)` \| (\d+/minute)", text, re.M))
    views = app.view_functions.items()
    assert {name: view.rate for name, view in views if hasattr(view, "rate")} == shown


def test_five_wrong_passwords_are_answered_and_the_sixth_guess_is_not(app, client):
    staff()
    assert [post(client, password="wrong").status_code for _ in range(5)] == [422] * 5
    assert post(client, password="wrong").status_code == 429
    assert post(client).status_code == 429
    assert db.session.query(FailedTry).filter_by(subject="account:li.mei").count() == 5


def test_four_wrong_passwords_and_a_right_one_begin_anew(app, client):
    staff()
    for _ in range(2):
        assert [post(client, password="wrong").status_code for _ in range(4)] == [422] * 4
        assert post(client).status_code == 303


def test_thirty_wrong_guesses_from_one_network_are_answered_and_the_next_is_not(app, client):
    staff()
    assert {post(client, login=f"guess{number}").status_code for number in range(30)} == {422}
    assert post(client).status_code == 429
    assert post(client, network="10.0.0.2").status_code == 303


def test_a_made_up_forwarding_address_does_not_start_the_count_anew(app, client):
    staff()
    for number in range(5):
        post(client, password="wrong", **{"X-Forwarded-For": f"203.0.113.{number}"})
    assert post(client, **{"X-Forwarded-For": "203.0.113.99"}).status_code == 429


def test_a_name_that_does_not_exist_is_throttled_just_the_same(app, client):
    staff()
    answers = {}
    for login in ("li.mei", "no.body"):
        answers[login] = [post(client, login=login, password="wrong") for _ in range(6)]
    for known, unknown in zip(answers["li.mei"], answers["no.body"], strict=True):
        assert known.status_code == unknown.status_code
        assert tokens_out(known.text).replace("li.mei", "no.body") == tokens_out(unknown.text)


def tokens_out(page: str) -> str:
    return re.sub(r'(csrf-token" content|csrf_token" value|_once" value)="[^"]*"', "", page)


def test_disabled_expired_and_wrong_get_the_same_page(app, client):
    staff("active1")
    staff("stopped", active=False)
    staff("expired").password_expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    pages = {tokens_out(post(client, login="active1", password="wrong").text).replace("active1", "")}
    for login in ("stopped", "expired"):
        pages.add(tokens_out(post(client, login=login).text).replace(login, ""))
    assert len(pages) == 1


def test_a_known_an_unknown_and_a_disabled_login_cost_the_same_time(app):
    kept = passwords.slow_hash(PASSWORD)
    tree = make_community()
    for number in range(9):
        make_user(post=None, area=tree.community, login=f"known{number}", password_hash=kept)
        make_user(post=None, area=tree.community, login=f"stopped{number}", password_hash=kept, active=False)
    db.session.commit()
    times: dict[str, list[float]] = {"known": [], "unknown": [], "stopped": []}
    for number in range(9):
        for kind, spent in times.items():
            begun = time.thread_time()
            with pytest.raises(WrongPassword):
                signing_in.sign_in(
                    login=f"{kind}{number}", password="x", network=f"{kind}{number}", now=clock.now(), hours=1
                )
            spent.append(time.thread_time() - begun)
            db.session.commit()
    medians = [statistics.median(spent) for spent in times.values()]
    assert max(medians) < 1.2 * min(medians), times


@both_databases
def test_twenty_guesses_at_once_get_no_further_than_five_in_a_row(app):
    staff()
    db.session.remove()

    def guess(number: int) -> int:
        return post(app.test_client(), password=f"wrong{number}").status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))
    assert sorted(answers) == [422] * 5 + [429] * 15
    assert db.session.query(FailedTry).filter_by(subject="account:li.mei").count() == 5


# PINs at a kiosk ------------------------------------------------------------------------------------------------------


def wrong_pin(household, number, *, device="kiosk:1", network="10.0.0.8"):
    with pytest.raises(WrongPin) as refused:
        pins.check_pin(
            community_id=household.community_id,
            number=number,
            pin="12",
            guess=Guess(device, network),
            now=clock.now(),
        )
    db.session.commit()  # as the request does: a wrong guess is kept
    return refused.value.message


def try_pin(household, pin, *, device="kiosk:1", network="10.0.0.8"):
    guess = Guess(device, network)
    return pins.check_pin(
        community_id=household.community_id, number=household.number, pin=pin, guess=guess, now=clock.now()
    )


def test_ten_wrong_pins_at_one_kiosk_lock_it_and_not_the_one_beside_it(app):
    household = make_household()
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    for number in range(10):
        wrong_pin(household, f"N{number}")
    with pytest.raises(TooManyTries):
        try_pin(household, pin)
    db.session.rollback()
    assert try_pin(household, pin, device="kiosk:2") == household.id


def test_thirty_wrong_pins_from_one_network_lock_it(app):
    household = make_household()
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    for number in range(30):
        wrong_pin(household, f"N{number}", device=f"kiosk:{number // 9}")
    with pytest.raises(TooManyTries):
        try_pin(household, pin, device="kiosk:9")


def test_a_household_that_does_not_exist_is_told_the_same(app):
    household = make_household()
    pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    without = make_household(area=household.area)
    db.session.commit()
    told = [
        [wrong_pin(household, number, device=f"kiosk:{number}") for _ in range(5)]
        for number in (household.number, without.number, "99-99-99")
    ]
    assert told[0] == told[1] == told[2]
    assert "还可以再试 4 次" in told[0][0]


def test_a_new_pin_from_the_desk_opens_a_locked_household_again(app):
    household = make_household()
    pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    for _ in range(5):
        wrong_pin(household, household.number)
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    assert try_pin(household, pin) == household.id


def test_ones_own_password_is_not_guessed_by_changing_it(app, client):
    user = staff()
    post(client)
    new = "四个 新词 abc 77"
    given = {"present": "wrong", "password": new, "again": new}
    assert [client.post("/password", data=given).status_code for _ in range(5)] == [422] * 5
    assert client.post("/password", data=given | {"present": PASSWORD}).status_code == 429
    assert passwords.matches(db.session.get(type(user), user.id).password_hash, PASSWORD)


def test_old_wrong_guesses_are_swept_away(app):
    person = make_person()
    db.session.add(FailedTry(subject="account:old", at=clock.now() - timedelta(days=2)))
    make_user(person=person, login="fine", password_hash=passwords.slow_hash(PASSWORD))
    db.session.commit()
    signing_in.sign_in(login="fine", password=PASSWORD, network="n", now=clock.now(), hours=1)
    assert db.session.query(FailedTry).count() == 0
