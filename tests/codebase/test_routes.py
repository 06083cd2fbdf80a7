"""What every route must say and look like."""

from __future__ import annotations

import re

import pytest

from webapp.users.permissions import GRANTS, PERMISSIONS
from webapp.web.access import ANYBODY, KIOSK, KIOSK_HOUSEHOLD, SIGNED_IN

#: Open to everybody, each with its reason. A new public page is added here on purpose or not at all.
PUBLIC = {
    "demo.start": "the start page",
    "kiosk.pair": "a browser becomes a kiosk; the address carries a one-time secret",
    "kiosk.check_slip": "anyone compares a slip with the book",
    "kiosk.check_slip_capitals": "the same address in capitals",
    "kiosk.check_typed_slip": "the same, typed",
    "qrcodes.find": "digits under a plate",
    "qrcodes.scan": "a printed code serves everyone",
    "qrcodes.scan_capitals": "the same address in capitals",
    "ratings.rate": "customers rate without signing in",
    "ratings.thanks": "after rating",
    "redemption.picture": "pictures of goods",
    "system.healthz": "monitors and kiosks ask",
    "users.sign_in": "the door itself",
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def permission(app, endpoint):
    return getattr(app.view_functions[endpoint], "permission", None)


def test_every_view_states_a_permission_that_exists(app, rules):
    known = {*PERMISSIONS, ANYBODY, SIGNED_IN, KIOSK, KIOSK_HOUSEHOLD}
    assert {rule.endpoint for rule in rules if permission(app, rule.endpoint) not in known} == set()


def test_only_the_listed_views_are_public(app, rules):
    public = {rule.endpoint for rule in rules if permission(app, rule.endpoint) == ANYBODY}
    assert public - set(PUBLIC) == set()


def test_addresses_are_in_kebab_case_and_typed(rules):
    shape = re.compile(r"/(q|Q|slip|SLIP|[a-z0-9-]+|<[a-z]*:?[a-z0-9_]+>|<string\(length=\d+\):[a-z0-9_]+>)?")
    for rule in rules:
        parts = [f"/{part}" for part in rule.rule.strip("/").split("/")]
        assert all(shape.fullmatch(part) for part in parts), rule.rule
        assert all(not name.endswith("id") or f"<int:{name}>" in rule.rule for name in rule.arguments), rule.rule


def test_no_view_takes_a_form_and_a_plain_visit_by_the_same_name_without_both(rules):
    for rule in rules:
        assert rule.methods & WRITES <= {"POST"}, rule.rule


def test_every_permission_is_used_by_a_view_or_a_post(app, rules):
    used = {permission(app, rule.endpoint) for rule in rules}
    granted = {right for rights in GRANTS.values() for right in rights}
    assert set(PERMISSIONS) - granted == set()
    assert {right for right in PERMISSIONS if right not in used} <= {"people.unmask", "goods.edit", "vouchers.hand_over"}


def test_a_view_that_states_nothing_is_closed(app, client):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open?")
    assert client.get("/forgotten").status_code == 403


def test_every_post_without_its_token_is_refused_and_changes_nothing(app, rules, client):
    app.config["WTF_CSRF_ENABLED"] = True
    for rule in rules:
        if "POST" not in rule.methods:
            continue
        with app.test_request_context():
            address = re.sub(r"<int:[a-z_0-9]+>", "1", rule.rule)
            address = re.sub(r"<[^>]+>", "x", address)
        assert client.post(address).status_code in (400, 401, 403), address


def test_every_response_carries_the_security_headers(app, client):
    for address in ("/", "/healthz", "/sign-in", "/nowhere", "/desk", "/kiosk/", "/static/css/tokens.css"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"]


def test_a_form_from_another_site_is_refused(app, client):
    answer = client.post("/sign-in", data={"login": "x", "password": "y"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    answer = client.post("/sign-in", data={"login": "x", "password": "y"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
