"""What a browser is told and what it can be made to do: a crawl of everything that each kind of visitor reaches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.attacks.addresses import Site, address, rules_of
from tests.attacks.counties import Town
from tests.attacks.links import crawl
from tests.attacks.people import AT_KIOSK, NOBODY, PHONE, everybody, nothing_lasts
from tests.attacks.test_matrix import Expectation, form
from tests.attacks.town import DAY, make_community
from tests.conftest import settings
from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing
from webapp.web.access import KIOSK_HOUSEHOLD

SCRIPT, IMAGE, QUOTE = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "x' onfocus='alert(3)"
NAMES = {
    **{name: SCRIPT for name in ("courtyard", "household", "item", "note", "honour")},
    **{name: IMAGE for name in ("shop", "rule", "station", "person", "keeper")},
    **{name: QUOTE for name in ("community", "head")},
}
RAW = ("<script>alert", "<img src=x", "' onfocus='")
#: Said by every answer, whoever made it.
SAID = {
    "Content-Security-Policy": (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ),
    "X-Content-Type-Options": ("nosniff",),
    "Referrer-Policy": ("same-origin",),
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Cache-Control": ("",),
}
KEPT_BY_BROWSERS = {"static", "assets.styles", "redemption.picture"}
VISITORS = (NOBODY, PHONE, AT_KIOSK, "secretary", "inspector", "clerk", "administrator")


@pytest.fixture(scope="module")
def hostile(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A community in which everything is called something that a browser might run."""
    var = tmp_path_factory.mktemp("hostile")
    shutil.copyfile(migrated_sqlite, var / "shanzhi.db")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    start_writing()
    with app.app_context(), clock.travel(DAY):
        made = make_community(var, factories.make_community().street, "鸢", NAMES)
        town = Town(app, {"own": Site(made, made.grids[0])}, everybody(app, made, made.grids[0]))
        db.session.commit()
        yield town
        db.session.remove()
    with app.app_context():
        db.engine.dispose()


def faults_of(town: Town, where: str, answer: Any) -> Iterator[str]:
    text, kind = answer.get_data(as_text=False).decode("utf-8", "replace"), answer.headers.get("Content-Type", "")
    for name, words in SAID.items():
        said = answer.headers.getlist(name)
        if len(said) != 1 or not all(word in said[0] for word in words):
            yield f"{where}: {name} {said}"
    if "unsafe" in answer.headers.get("Content-Security-Policy", ""):
        yield f"{where}: unsafe"
    if answer.status_code not in (204, 304) and (not kind or (kind.startswith("text/") and "charset" not in kind)):
        yield f"{where}: Content-Type {kind!r}"
    private = not where.rsplit(maxsplit=1)[-1].startswith(("/static/", "/styles/", "/goods/"))
    if private and not {"no-store", "private"} & set(answer.headers["Cache-Control"].replace(",", " ").split()):
        yield f"{where}: Cache-Control {answer.headers['Cache-Control']}"
    for cookie in answer.headers.getlist("Set-Cookie"):
        if "HttpOnly" not in cookie or "SameSite" not in cookie:
            yield f"{where}: {cookie.split('=')[0]}"
    if answer.status_code >= 500 or "Traceback" in text:
        yield f"{where}: {answer.status_code}"
    if kind.startswith("text/html") and any(raw in text for raw in RAW):
        yield f"{where}: a payload as it was typed"


def counted() -> dict[str, int]:
    rows = {
        name: db.session.scalar(select(func.count()).select_from(table)) for name, table in db.metadata.tables.items()
    }
    db.session.rollback()
    return {name: int(number or 0) for name, number in rows.items()}


def test_every_answer_says_its_headers_and_no_page_runs_what_somebody_is_called(hostile, scale, figure):
    """Nor does any visit write, but that a refusal of a member of staff is written down (``audit_line``)."""
    faults, asked, before = [], 0, counted()
    made = hostile.sites["own"].community
    public = (f"/p/{made.month.token}", f"/board/{made.values['board']}", f"/honours/{made.values['honour']}")
    for post in VISITORS[: scale(small=4, routine=7, full=7)]:
        for path, answer in crawl(hostile.app, hostile.who(post), public):
            asked += 1
            faults += faults_of(hostile, f"{post} {answer.status_code} {path}", answer)
    after = counted()
    faults += [f"wrote {name}" for name in before if after[name] != before[name] and name != "audit_line"]
    figure(f"S5 web: {asked} answers of a crawl, {len(faults)} faults")
    assert not faults, "\n".join(faults[:40])
    assert asked > 150


def test_no_form_is_taken_without_its_token_or_from_another_site(hostile, figure):
    expectation, site, taken, sent = Expectation(hostile), hostile.sites["own"], [], 0
    with nothing_lasts() as written:
        for rule in (rule for rule in rules_of(hostile.app) if "POST" in (rule.methods or ())):
            who = next(one for one in hostile.people if expectation.opens(one, rule, site))
            path = address(hostile.app, rule, site)
            for token, headers in ((True, {}), (False, {"Origin": "https://evil.example"})):
                hostile.app.config["WTF_CSRF_ENABLED"] = token
                written.begin()
                answer = who.ask("POST", path, data=form(site), headers=headers)
                sent += 1
                if answer.status_code != (400 if token else 403) or written.tables - {"audit_line"}:
                    taken.append(f"{who.post} {rule.rule} {headers}: {answer.status_code} {written.tables}")
    hostile.app.config["WTF_CSRF_ENABLED"] = False
    figure(f"S5 web: {sent} forged forms, {len(taken)} taken")
    assert not taken, "\n".join(taken)


def test_nothing_of_a_household_is_left_at_a_kiosk_when_its_time_is_over(hostile):
    who, site = hostile.who(AT_KIOSK), hostile.sites["own"]
    cookies = {name: who.client.get_cookie(name).value for name in ("kiosk", "visit")}
    views, old = hostile.app.view_functions, hostile.app.test_client()
    with clock.travel(clock.now() + timedelta(seconds=110)):
        for name, value in cookies.items():
            old.set_cookie(name, value)
        pages = [rule for rule in rules_of(hostile.app) if "GET" in (rule.methods or ())]
        for rule in (rule for rule in pages if getattr(views[rule.endpoint], "permission", "") == KIOSK_HOUSEHOLD):
            answer = old.get(address(hostile.app, rule, site))
            assert answer.status_code == 401, rule.rule
            assert site.grid.household.number not in answer.text
