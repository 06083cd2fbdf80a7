"""What every route must say and look like."""

from __future__ import annotations

import re

import pytest
from werkzeug.routing import Rule

from tests.conftest import both_databases
from webapp.extensions import db
from webapp.places.models import Area
from webapp.users.permissions import GRANTS, PERMISSIONS
from webapp.web.access import ANYBODY, KIOSK, KIOSK_HOUSEHOLD, RESIDENT, SIGNED_IN, requires

#: Open to everybody, each with its reason. A new public page is added here on purpose or not at all.
PUBLIC = {
    "assets.styles": "the same for everybody",
    "board.screen": "a wall screen: the publication, masked; its address can be revoked",
    "demo.start": "the start page",
    "honours.check": "anyone checks a certificate; names as in the published ranking",
    "honours.check_capitals": "the same address in capitals, as it is printed",
    "kiosk.pair": "a browser becomes a kiosk; the address carries a one-time secret",
    "qrcodes.card_sign_in": "from a card to its household's door, where the PIN is asked",
    "qrcodes.find": "digits under a plate",
    "qrcodes.scan": "a printed code serves everyone",
    "qrcodes.scan_capitals": "the same address in capitals",
    "ratings.rate": "customers rate without signing in",
    "ratings.thanks": "after rating",
    "redemption.picture": "pictures of goods",
    "reviews.public_rankings": "the rankings of a publication; masked",
    "reviews.public": "the publication, for chat groups; masked",
    "system.healthz": "monitors and kiosks ask",
    "verification.sheet": "anyone compares a printed publication with the book",
    "verification.sheet_capitals": "the same address in capitals, as it is printed",
    "verification.slip": "anyone compares a slip with the book",
    "verification.slip_capitals": "the same address in capitals, as it is printed",
    "verification.verify": "the same, typed",
    "users.resident_sign_in": "the door of households",
    "users.sign_in": "the door itself",
}
#: What any member of staff may open, whatever the post.
OF_ANY_STAFF = {
    "finding.find": "leads on to a list, which asks for its right",
    "records.photo": "which photo one may see is decided photo by photo",
    "users.change_password": "one's own",
    "users.sign_out": "one's own",
}
SURFACES = {"desk": set(PERMISSIONS), "phone": set(PERMISSIONS), "kiosk": {KIOSK, KIOSK_HOUSEHOLD}, "home": {RESIDENT}}
STEP = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|Q|SLIP|VERIFY|HONOURS|<(int:|string\([a-z=0-9]+\):)?[a-z0-9_]+>")


@pytest.fixture
def rules(house) -> list[Rule]:
    return [rule for rule in house.url_map.iter_rules() if rule.endpoint != "static"]


@pytest.fixture
def permission(house):
    """endpoint -> what its view states."""
    views = house.view_functions.items()
    return {endpoint: getattr(view, "permission", None) for endpoint, view in views if endpoint != "static"}


def test_every_view_states_a_permission_that_exists(permission):
    known = {*PERMISSIONS, ANYBODY, SIGNED_IN, KIOSK, KIOSK_HOUSEHOLD, RESIDENT}
    assert {endpoint: stated for endpoint, stated in permission.items() if stated not in known} == {}


def test_exactly_the_listed_views_are_public(permission):
    assert {endpoint for endpoint, stated in permission.items() if stated == ANYBODY} == set(PUBLIC)


def test_exactly_the_listed_views_need_no_post(permission):
    assert {endpoint for endpoint, stated in permission.items() if stated == SIGNED_IN} == set(OF_ANY_STAFF)


@pytest.mark.parametrize("surface", SURFACES)
def test_pages_of_a_surface_open_to_its_people_only(surface, rules, permission):
    here = {rule.endpoint for rule in rules if rule.rule.split("/")[1] == surface} - set(PUBLIC)
    assert len(here) > 1
    assert {endpoint: permission[endpoint] for endpoint in here if permission[endpoint] not in SURFACES[surface]} == {}


def test_a_menu_entry_shows_to_those_who_may_open_its_page(house, permission):
    entries = house.extensions["menu"]
    assert {entry.endpoint: entry.permission for entry in entries} == {
        entry.endpoint: permission[entry.endpoint] for entry in entries
    }


def test_what_only_a_household_may_open_is_among_its_own_pages_and_its_links_lead_there(house, rules, permission):
    own = {endpoint for endpoint, stated in permission.items() if stated == RESIDENT}
    assert {rule.rule for rule in rules if rule.endpoint in own and not rule.rule.startswith("/home/")} == set()
    assert {link.endpoint for link in house.extensions["home"]} <= own


def test_every_permission_is_stated_by_a_view_and_given_to_a_post(permission):
    granted = {right for rights in GRANTS.values() for right in rights}
    assert granted == set(PERMISSIONS)
    assert set(PERMISSIONS) - set(permission.values()) == set()


def test_addresses_are_in_kebab_case(rules):
    steps = {(rule.rule, step) for rule in rules for step in rule.rule.strip("/").split("/") if step}
    assert {rule for rule, step in steps if not STEP.fullmatch(step)} == set()


def test_ids_in_addresses_are_numbers(rules):
    assert {
        rule.rule
        for rule in rules
        for name in rule.arguments
        if name.endswith("_id") and f"<int:{name}>" not in rule.rule
    } == set()


def test_views_take_visits_and_forms_only(rules):
    assert {rule.rule for rule in rules if not (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}} == set()


def test_a_view_that_states_nothing_is_closed(app, client):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open?")
    assert client.get("/forgotten").status_code == 403


@both_databases
def test_a_visit_writes_nothing_even_if_its_view_tries(app, client):
    @requires(ANYBODY)
    def careless() -> str:
        db.session.add(Area(kind="county", name="不该有", path="/", number="X"))
        db.session.commit()
        return "written"

    app.add_url_rule("/careless", "careless", careless)
    assert client.get("/careless").status_code >= 500
    assert db.session.query(Area).count() == 0


def test_a_form_without_its_token_is_refused_before_anything_else(app, rules, client):
    app.config["WTF_CSRF_ENABLED"] = True
    answers = {rule.rule: client.post(_some(rule)) for rule in rules if "POST" in (rule.methods or ())}
    assert len(answers) > 50
    assert {rule: answer.status for rule, answer in answers.items() if answer.status_code != 400} == {}
    assert all("这一页打开太久了" in answer.get_data(as_text=True) for answer in answers.values())


def _some(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "x", re.sub(r"<int:[a-z_0-9]+>", "1", rule.rule))


def test_a_form_from_another_site_is_refused(client):
    typed = {"login": "x", "password": "y"}
    assert client.post("/sign-in", data=typed, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/sign-in", data=typed, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "address", ["/", "/healthz", "/sign-in", "/nowhere", "/desk", "/kiosk/", "/static/css/tokens.css"]
)
def test_every_response_carries_the_security_headers(client, address):
    headers = client.get(address).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"]
