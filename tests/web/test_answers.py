"""What every answer has in common: headers, words of a refusal, fragments for htmx, cookies."""

from __future__ import annotations

import pytest
from flask import make_response, session

from tests.conftest import both_databases
from tests.factories import make_community, make_item, make_scheme, make_user
from tests.personas import sign_in
from webapp.web.access import ANYBODY, requires
from webapp.web.headers import HEADERS


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/static/css/tokens.css", "/healthz", "/desk"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    for name, value in HEADERS.items():
        assert headers.getlist(name) == [value]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_pages_stay_in_no_cache_and_assets_in_the_browsers(client):
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    assert "max-age" in client.get("/static/css/tokens.css?v=1").headers["Cache-Control"]


def test_over_https_browsers_are_told_to_stay_there(make_app, tmp_path):
    app = make_app(f"sqlite:///{tmp_path / 'x.db'}", BASE_URL="https://jifen.example.cn")
    answer = app.test_client().get("/healthz", base_url="https://jifen.example.cn")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("path", "surface"), [("/no-such-page", "phone"), ("/desk/no-such-page", "desk"), ("/kiosk/no-such-page", "kiosk")]
)
def test_a_missing_page_is_told_in_the_layout_of_its_surface(client, path, surface):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "这一页不存在" in answer.text
    assert f'<body class="{surface}' in answer.text


def test_htmx_gets_a_refusal_as_a_piece(client):
    answer = client.get("/no-such-page", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert "这一页不存在" in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_a_page_from_history_is_whole(client):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/no-such-page", headers=headers).text


def test_a_form_that_is_opened_by_get_says_how_to_get_there(app, client):
    app.add_url_rule("/only-post", "only_post", requires(ANYBODY)(lambda: make_response("")), methods=["POST"])
    answer = client.get("/only-post")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert "请从页面上的按钮进入" in answer.text


def test_a_view_that_states_no_permission_is_closed(app, client):
    app.add_url_rule("/forgotten", "forgotten", lambda: make_response("open"))
    assert client.get("/forgotten").status_code == 403


@pytest.mark.parametrize("host", ["x" * 64, "a..b"])
@pytest.mark.parametrize("path", ["/sign-in", "/desk", "/no-such-page"])
def test_a_host_that_is_none_is_refused_in_plain_words(app, host, path):
    """No address can be written for it, so no page with links can either."""
    without_cookies = app.test_client(use_cookies=False)
    for send in (without_cookies.get, without_cookies.post):
        answer = send(path, headers={"Host": host, "Origin": "http://a"})
        assert answer.status_code == 400
        assert "网址不对" in answer.text


def test_a_form_sent_as_json_is_an_empty_form(client):
    """Forms are read from forms: deep nesting would end the parser."""
    for body in ("[" * 100_000, '{"login": "x", "password": "y"}', '{"login": ["x"]}', "{", "1"):
        answer = client.post("/sign-in", data=body, content_type="application/json")
        assert answer.status_code == 422


@both_databases
def test_what_no_column_of_the_database_holds_is_not_found(app, client):
    sign_in(client, make_user(post="secretary", area=make_community().community))
    for number in (2**31, 2**63, -(2**31) - 1, -(2**63) - 1):
        assert client.get(f"/desk/households?area={number}").status_code in (200, 404)
        assert client.get(f"/desk/audit?object={number}").status_code in (200, 404)
        assert client.post("/desk/reviews/1/202610/decide", data={"record": str(number)}).status_code in (404, 422)
    assert client.get("/p/%00").status_code == client.get("/q/a%01b").status_code == 404


@both_databases
def test_a_number_that_is_too_large_is_told_under_its_field(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community))
    sign_in(client, make_user(post="clerk", area=tree.community))
    answer = client.post(
        f"/desk/goods/{item.id}/stock", data={"kind": "received", "quantity": str(2**63), "note": "收货"}
    )
    assert answer.status_code == 422
    assert "数字太大了" in answer.text
    assert "收货" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_another_site_is_refused(client, headers):
    answer = client.post("/sign-in", data={"login": "x", "password": "y"}, headers=headers)
    assert answer.status_code == 403
    assert "不是从本系统的页面发出的" in answer.text


def test_a_form_without_its_token_is_refused_kindly(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/sign-in", data={"login": "x", "password": "y"})
    assert answer.status_code == 400
    assert "这一页打开太久了" in answer.text


def test_a_page_has_one_form_token_however_many_forms(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    app.add_url_rule(
        "/tokens", "tokens", requires(ANYBODY)(lambda: make_response(" ".join(_rendered(app, "{{ csrf_token() }}", 3))))
    )
    assert len(set(client.get("/tokens").text.split())) == 1


def _rendered(app, source: str, times: int) -> list[str]:
    from flask import render_template_string

    return [render_template_string(source) for _ in range(times)]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(app, client):
    def remember():
        session["seen"] = 1
        return make_response("")

    app.add_url_rule("/remember", "remember", requires(ANYBODY)(remember))
    cookie = client.get("/remember").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "path",
    ["/q/%00", "/q/\x00", "/slip/%00", "/desk?q=%00", "/sign-in?next=//evil.example", "/q/" + "x" * 3000, "/%ff%fe"],
)
def test_nonsense_in_an_address_is_no_error_of_ours(client, path):
    assert client.get(path).status_code < 500


@pytest.mark.parametrize("value", ["\x00", "a" * 200_000, "１２３\u200b", "<script>alert(1)</script>", "' OR 1=1 --"])
def test_nonsense_in_a_form_is_refused_not_a_failure(client, value):
    answer = client.post("/sign-in", data={"login": value, "password": value})
    assert answer.status_code in (400, 403, 413, 422)
    assert "<script>alert" not in answer.text


def test_a_body_that_is_too_large_is_told_in_megabytes(app, client):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/sign-in", data={"login": "x" * 2000})
    assert answer.status_code == 413
    assert "8 MB" in answer.text


def test_a_pages_styles_come_in_one_answer_that_is_kept_for_a_year(client):
    shown = client.get("/sign-in")
    page = shown.text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    answer = client.get(address)

    assert page.count('rel="stylesheet"') == 1
    assert shown.headers["Link"] == f"<{address}>; rel=preload; as=style"
    assert answer.mimetype == "text/css"
    assert ".btn{" in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert "Cookie" not in answer.headers.get("Vary", ""), "one copy for everybody"


@pytest.mark.parametrize("names", ["nothing", "tokens.nothing", "..tokens", "tokens..kiosk", ".".join(["tokens"] * 90)])
def test_styles_that_do_not_exist_are_not_found(client, names):
    assert client.get(f"/styles/{names}").status_code == 404
