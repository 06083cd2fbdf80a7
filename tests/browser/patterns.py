"""The pattern pages: every piece of the looks with sample data, without a database.

    python -m tests.browser.patterns 8123      then open http://127.0.0.1:8123/

The templates under ``templates/patterns`` show how a page is built; the rest of the application stands still here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from flask import Blueprint, Flask, abort, g, render_template, request
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from webapp.web import assets, errors, filters, headers
from webapp.web.forms import Form, PointsField, at_most, required
from webapp.web.menu import ShownEntry, ShownGroup

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(
    path.stem
    for path in (ROOT / "templates" / "patterns").glob("*.html")
    if path.stem[0] != "_" and path.stem != "index"
)
WITH_VISIT = ("kiosk-balance", "kiosk-redeem", "kiosk-result", "kiosk-slip")
ENDPOINTS = {
    "kiosk": ("home", "stay", "leave", "type_size", "card"),
    "users": ("sign_out", "sign_in"),
    "system": ("healthz",),
    "finding": ("find",),
}
MENU = (
    ("今天", "house", 0), ("兑换核销", "ticket", 86), ("顾客评价", "star", 2), ("巡查", "clipboard-check", 0),
    ("院落与住户", "building-2", 0), ("商铺", "store", 0), ("兑换与库存", "package", 0), ("积分办法", "scale", 0),
    ("积分台账", "book-open", 0), ("二维码", "qr-code", 0), ("人员与任职", "users", 0), ("自助终端", "monitor", 0),
    ("审计日志", "history", 0),
)  # fmt: skip


class SampleForm(Form):
    name = StringField("店名", [required("请填店名。"), at_most(40)])
    phone = StringField("电话")
    base = PointsField("基础分")
    grid = SelectField("所在网格", choices=[SelectChoice("1", "红色网格"), SelectChoice("2", "绿色网格")])
    kind = RadioField("类别", choices=[SelectChoice(*pair) for pair in (("a", "餐饮"), ("b", "零售"), ("c", "服务"))])
    note = TextAreaField("备注", description="写给同事看，居民看不到。")
    open = BooleanField("正在营业")


def make_app() -> Flask:
    """A bare application that answers ``/<pattern>`` and the addresses that layouts point to."""
    app = Flask("patterns", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(SECRET_KEY="patterns", SESSION_COOKIE_SECURE=False)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (headers, assets, filters):
        part.init_app(app)
    app.jinja_env.globals.update(
        csrf_token=lambda: "token-of-the-pattern-pages",
        once_token=lambda: "once-token-of-the-pattern-pages",
        signed_in_user=lambda: SimpleNamespace(label="李*梅 社区书记"),
        desk_place=lambda: "昌宁社区",
        desk_menu=_menu,
    )
    for name, views in ENDPOINTS.items():
        app.register_blueprint(_stand_ins(name, views))
    app.add_url_rule("/", "index", lambda: render_template("patterns/index.html", names=NAMES))
    app.add_url_rule("/favicon.ico", "no_icon", lambda: ("", 204))
    app.add_url_rule("/<name>", "pattern", _pattern)
    app.add_url_rule("/refusal/<surface>/<int:status>", "refusal", _refusal)
    return app


def _menu(at: str = "", *, counted: bool = True) -> list[ShownGroup]:
    entries = [ShownEntry(label, f"#{icon}", icon, badge * counted, badge == 86, "条") for label, icon, badge in MENU]
    parts = (("", entries[:1]), ("日常", entries[1:4]), ("名册", entries[4:8]), ("设置", entries[8:]))
    return [ShownGroup(label, below, any(entry.active for entry in below)) for label, below in parts]


def _stand_ins(name: str, views: tuple[str, ...]) -> Blueprint:
    blueprint = Blueprint(name, name, url_prefix=f"/{name}")
    for view in views:
        blueprint.add_url_rule(f"/{view}", view, lambda: "ok", methods=["GET", "POST"])
    return blueprint


def _stand_at_kiosk(visit: bool) -> None:
    g.terminal = SimpleNamespace(community="昌宁社区", station="党群服务中心", name="1 号终端", phone="0358-2001234")
    if visit:
        g.visit = SimpleNamespace(name="李秀梅", courtyard="3 排 12 号院", number="03-12-02")


def _pattern(name: str) -> str:
    if name not in NAMES:
        abort(404)
    _stand_at_kiosk(name in WITH_VISIT)
    form = SampleForm(MultiDict({"name": "", "phone": "0358-2001234", "base": "12.345", "grid": "2", "kind": "b"}))
    form.validate()
    page = SimpleNamespace(items=[], number=2, pages=4, total=186, url=lambda number: f"?page={number}")
    return render_template(f"patterns/{name}.html", sample_form=form, sample_page=page)


def _refusal(surface: str, status: int) -> str:
    _stand_at_kiosk(visit=False)
    title, message = errors.HTTP_MESSAGES.get(status, ("系统出了点问题", errors.BROKEN))
    template = "errors/_fragment.html" if "fragment" in request.args else "errors/page.html"
    return render_template(template, title=title, message=message, surface=surface, status=status)


if __name__ == "__main__":
    make_app().run(port=int(sys.argv[1]) if sys.argv[1:] else 8123)
