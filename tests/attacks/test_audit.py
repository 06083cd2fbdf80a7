"""Who did, saw or was refused what, when and from where: each act leaves a line, which nobody forges and no job drops."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.attacks.addresses import address, rules_of
from tests.attacks.counties import Town
from tests.attacks.people import KIOSK, NOBODY, PHONE, Someone, Written, nothing_lasts
from tests.attacks.test_matrix import FILLED, Expectation, form
from tests.factories import make_community, make_household, make_user
from tests.personas import sign_in
from webapp.audit.models import AuditLine
from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.users.passwords import slow_hash
from webapp.web import housekeeping

#: Tables in which no act of anybody is kept: forms that were sent, wrong guesses, counters, drafts of one's own, visits.
NO_ACT = {"sent_form", "failed_try", "rule_use", "claim_draft", "kiosk_visit", "audit_line", "account", "slip"}
#: Acts whose line is elsewhere, each with its reason.
ELSEWHERE = {
    "ratings.rate": "customers have no name; the rating itself is kept, with its phone and day",
    "kiosk.stay": "somebody touched the screen",
}
KEPT = timedelta(days=190)
PASSWORD = "槐树下 的 smith 42"


def forms_sent(town: Town, written: Written) -> Iterator[tuple[str, Someone]]:
    """Each form, by each who may send it, about something of their own."""
    expectation, site = Expectation(town), town.sites["own"]
    for rule in rules_of(town.app):
        if "POST" not in (rule.methods or ()):
            continue
        for who in town.people:
            if expectation.opens(who, rule, site):
                written.begin()
                given = {**form(site), **FILLED.get(rule.endpoint, lambda _: {})(site)}
                who.ask("POST", address(town.app, rule, site), data=given)
                yield rule.endpoint, who


def test_each_form_that_changes_something_leaves_a_line_that_says_who_what_when_and_where(town, figure):
    acts: dict[str, set[str]] = defaultdict(set)
    silent, vague = [], []
    with nothing_lasts() as written:
        for endpoint, who in forms_sent(town, written):
            changed = written.tables - NO_ACT
            if changed and endpoint not in ELSEWHERE:
                acts[endpoint] |= {line["action"] for line in written.lines}
                silent += [f"{who.post} {endpoint}: {sorted(changed)}"] if not written.lines else []
                vague += [f"{who.post} {endpoint}: {line}" for line in written.lines if not whole(line, who)]
    figure(
        f"S11 audit: {len(acts)} forms that change something, {len(silent)} without a line, {len(vague)} vague lines"
    )
    assert not silent + vague, "\n".join(silent + vague)
    assert len(acts) >= 50, sorted(acts)


def whole(line: dict[str, Any], who: Someone) -> bool:
    """Who, what, when, from where. The software itself acts for whoever holds a pairing address, whatever their post."""
    by_person = line["user_id"] or not who.staff or line["action"] == "device:paired"
    return bool(by_person and line["at"] and ":" in line["action"] and line["actor_label"] and line["where"])


@contextmanager
def since() -> Iterator[list[AuditLine]]:
    """Lines that were written inside, read after its end."""
    found: list[AuditLine] = []
    newest = db.session.scalar(select(func.max(AuditLine.id))) or 0
    yield found
    db.session.rollback()
    found += db.session.scalars(select(AuditLine).where(AuditLine.id > newest).order_by(AuditLine.id)).all()


def test_a_sign_in_a_wrong_one_and_a_sign_out_are_written_down(app, client):
    make_user(post="secretary", login="li.mei", password_hash=slow_hash(PASSWORD))
    with since() as lines:
        client.post("/sign-in", data={"login": "li.mei", "password": "wrong"})
        client.post("/sign-in", data={"login": "li.mei", "password": PASSWORD})
        client.post("/sign-out")
    assert [line.action for line in lines] == ["user:sign-in-failed", "user:signed-in", "user:signed-out"]
    assert all(line.where == "127.0.0.1" and line.object_id for line in lines)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_for_want_of_a_right_is_written_down(app, client, method):
    tree = make_community()
    clerk = make_user(post="clerk", area=tree.community)
    client = sign_in(client, clerk)
    with since() as lines:
        answer = client.open("/desk/schemes/new", method=method, data={"name": "x"} if method == "POST" else None)
    assert answer.status_code == 403
    (line,) = lines
    assert (line.action, line.user_id, line.where) == ("user:denied", clerk.id, "127.0.0.1")
    assert line.area_path == tree.community.path
    assert "schemes.add_scheme" in line.detail
    assert method in line.detail


def test_the_log_at_the_desk_says_a_refusal_in_words(app, client):
    tree = make_community()
    clerk, secretary = (make_user(post=post, area=tree.community) for post in ("clerk", "secretary"))
    sign_in(client, clerk).get("/desk/schemes/new")
    page = sign_in(client, secretary).get("/desk/audit").text
    assert "没有权限，被拒绝" in page
    assert "方式：打开" in page


def test_a_form_from_another_site_is_in_the_applications_log(app, client, caplog):
    with caplog.at_level(logging.WARNING):
        client.post("/sign-in", data={"login": "x"}, headers={"Origin": "https://evil.example"})
    assert "denied: POST users.sign_in from 127.0.0.1" in caplog.text


def test_a_full_name_that_was_looked_at_and_a_list_that_left_are_written_down(app, client):
    tree = make_community()
    home = make_household(area=tree.micro_grid)
    sign_in(client, make_user(post="secretary", area=tree.community))
    with since() as lines:
        client.post(f"/desk/households/{home.id}/full", data={"reason": "来电核对"})
        client.post("/desk/exports/households", data={"reason": "上级检查用"})
    assert [line.action for line in lines] == ["household:unmasked", "register:exported"]
    assert all(word in line.detail for line, word in zip(lines, ("来电核对", "上级检查用"), strict=True))


def test_no_job_of_the_house_drops_a_line_before_its_time(app):
    """None drops any: half a year (190 days) is the least that the law asks for."""
    for number in range(9):
        log(SYSTEM, "household:changed", now=clock.now(), object_kind="household", object_id=number)
    db.session.commit()
    for days in (KEPT, 2 * KEPT, 4 * KEPT):
        with clock.travel(clock.now() + days):
            assert -1 not in housekeeping.run(app).values()
    kept = db.session.scalars(select(AuditLine.object_id).where(AuditLine.action == "household:changed")).all()
    assert sorted(number or 0 for number in kept) == list(range(9))


@pytest.mark.parametrize("post", ["secretary", "clerk", PHONE, KIOSK, NOBODY])
def test_nobody_writes_a_second_line_into_a_log_by_what_they_type(town, post, caplog):
    forged = "x\r\n2026-11-25 user:signed-in root\n\x0b\x85\u2028伪造的一行"
    site, who, expectation = town.sites["own"], town.who(post), Expectation(town)
    with nothing_lasts() as written, caplog.at_level(logging.DEBUG):
        for rule in (rule for rule in rules_of(town.app) if "POST" in (rule.methods or ())):
            if expectation.opens(who, rule, site):
                given = {name: forged if isinstance(value, str) else value for name, value in form(site).items()}
                answer = who.ask("POST", address(town.app, rule, site), data=given, headers={"User-Agent": "x y"})
                assert answer.status_code < 500
    breaks = ("\n", "\r", "\x0b", "\x85", "\u2028")
    kept = [line for line in written.lines if any(sign in f"{line['detail']}{line['where']}" for sign in breaks)]
    assert kept == []
    assert [said.getMessage() for said in caplog.records if "伪造的一行" in said.getMessage() and _split(said)] == []


def _split(said: logging.LogRecord) -> bool:
    return len(said.getMessage().splitlines()) > 1
