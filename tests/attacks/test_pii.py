"""Personal data stays where it belongs: not in logs, addresses, public pages or error pages."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests import factories
from tests.attacks.addresses import Site, address, rules_of
from tests.attacks.counties import Town
from tests.attacks.links import crawl, links
from tests.attacks.people import AT_KIOSK, HEAD, KIOSK, NOBODY, PHONE, everybody, nothing_lasts
from tests.attacks.test_matrix import FILLED, Expectation, form, words
from tests.attacks.town import DAY, card_of, make_community
from tests.conftest import settings
from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing

#: Names that stand nowhere else in the software.
FULL = {"household": "欧阳翡翠", "head": "诸葛珊瑚", "person": "司马琥珀", "keeper": "上官玛瑙"}
PHONES = ("13800001234", "13900005678", "13700004321")
TAIL = "713X"
TYPED_PIN, TYPED_ID, TYPED_PHONE = "739154", "110101199003078888", "13612349876"
#: Who may see names in full without a line in the audit log: a household its own.
PUBLIC_AND_MASKED = (NOBODY, KIOSK)


@pytest.fixture(scope="module")
def named(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    var = tmp_path_factory.mktemp("named")
    shutil.copyfile(migrated_sqlite, var / "shanzhi.db")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    start_writing()
    with app.app_context(), clock.travel(DAY):
        made = make_community(var, factories.make_community().street, "鸢", FULL)
        town = Town(app, {"own": Site(made, made.grids[0])}, everybody(app, made, made.grids[0]))
        db.session.commit()
        yield town
        db.session.remove()
    with app.app_context():
        db.engine.dispose()


def secrets_of(town: Town) -> tuple[str, ...]:
    grid = town.sites["own"].grid
    return (*FULL.values(), *PHONES, TAIL, grid.pin, card_of(grid.household.id))


def test_public_pages_error_pages_and_addresses_name_nobody(named, scale, figure):
    hits, looked, made = [], 0, named.sites["own"].community
    public = (f"/p/{made.month.token}", f"/board/{made.values['board']}", f"/honours/{made.values['honour']}")
    # the address of a card is the card: it is printed on it, and a household's own
    hidden = [one for one in secrets_of(named) if one != card_of(named.sites["own"].grid.household.id)]
    posts = (NOBODY, KIOSK, PHONE, AT_KIOSK, "secretary", "clerk", "inspector", HEAD)
    for post in posts[: scale(small=4, routine=8, full=8)]:
        for path, answer in crawl(named.app, named.who(post), public):
            looked += 1
            text = words(answer)
            places = [path, answer.location or "", *(links(text) if answer.mimetype == "text/html" else ())]
            shown = text if post in PUBLIC_AND_MASKED or answer.status_code >= 400 else ""
            found = [one for one in hidden if one in shown or any(one in unquote(place) for place in places)]
            hits += [f"{post} {answer.status_code} {path}: {found}"] if found else []
            if answer.mimetype == "text/html" and post in ("secretary", "clerk", "inspector"):
                bare = [one for one in (*PHONES, *FULL.values()) if one in text]
                hits += [f"{post} {path}: {bare} without being asked"] if bare else []
    figure(f"S10 pii: {looked} answers, {len(hits)} hits")
    assert not hits, "\n".join(hits[:40])
    assert looked > 100


def test_logs_hold_no_name_phone_pin_or_card(named, caplog, figure):
    """Whatever is sent by everybody: what people typed, and what is known about them."""
    typed = {"pin": TYPED_PIN, "password": TYPED_PIN, "identity": TYPED_ID, "phone": TYPED_PHONE, "login": "li.mei"}
    hidden, site, sent = (*secrets_of(named), TYPED_PIN, TYPED_ID, TYPED_PHONE), named.sites["own"], 0
    expectation, hits, lines = Expectation(named), [], 0
    caplog.set_level(logging.DEBUG)
    logging.getLogger("PIL").setLevel(logging.INFO)
    with nothing_lasts() as written:
        for who in named.people[:7] + [named.who("secretary"), named.who("clerk")]:
            for rule in (rule for rule in rules_of(named.app) if "POST" in (rule.methods or ())):
                if not expectation.opens(who, rule, site):
                    continue
                written.begin()
                more = FILLED.get(rule.endpoint, lambda _: {})(site)
                answer = who.ask("POST", address(named.app, rule, site), data={**form(site), **typed, **more})
                sent, lines = sent + 1, lines + len(written.lines)
                said = [f"{line['detail']} {line['actor_label']} {line['where']}" for line in written.lines]
                said += [unquote(answer.location or "")]
                found = {one for one in hidden for text in said if one in text}
                hits += [f"{who.post} {rule.endpoint}: {sorted(found)}"] if found else []
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("sqlalchemy"))
    hits += [f"application log: {one}" for one in hidden if re.search(rf"(?<!\d){re.escape(one)}(?!\d)", logged)]
    figure(f"S10 pii: {sent} forms, {lines} lines of the audit log, {len(hits)} hits")
    assert not hits, "\n".join(hits[:40])
    assert lines > 50
