"""Real flows of the house, a form after the other through the whole application, each form under a key of its own.

A flow is made ready once; then its operations can be done in a process that is recorded (``test_powercut``) or killed
(``test_points``), and what came of each of them is read from the database alone.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from tests.conftest import KEY, Browser
from tests.faults.test_publishing import MONTH, make_meeting
from tests.personas import sign_in
from tests.places.rosters import file_of
from webapp import create_app
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db, upgrade
from webapp.oversight import backup
from webapp.places.models import Household
from webapp.qrcodes.models import Code
from webapp.qrcodes.service import make_missing
from webapp.redemption.service import vouchers
from webapp.schemes.models import Scheme
from webapp.users.models import User
from webapp.users.service import devices, pins
from webapp.web.application import Application

#: When all flows happen: the day of a publication.
DAY = datetime(2026, 11, 25, 15, tzinfo=clock.LOCAL)
FORMS, ROWS, CLAIMS, FIRST_STEPS = 3, 12, 8, "0019"
#: What came of each operation: how many times it is there, whole.
Effects = dict[str, int]


@dataclass(frozen=True)
class Op:
    name: str
    act: Callable[[], object]


@dataclass(frozen=True)
class Flow:
    """``ready`` is called in the flow's own process, with the application and its folder, and gives the operations;
    ``effects`` reads a database and the folder beside it."""

    name: str
    ops: tuple[str, ...]
    ready: Callable[[Application, Path], Sequence[Op]]
    effects: Callable[[sqlite3.Connection, Path], Effects]
    empty: bool = False  # begins without a database


def client_of(app: Application, user: User | None = None) -> FlaskClient:
    app.test_client_class = Browser
    client = app.test_client()
    return sign_in(client, user) if user else client


def send(client: FlaskClient, path: str, key: str, **form: Any) -> str:
    """A form under a key of its own, answered by where it leads. (An imported file is its own key.)"""
    once = {} if path.startswith("/desk/import") else {"_once": f"{key}-{'k' * 20}"}
    answer = client.post(path, data={**once, **form})
    assert answer.status_code == 303, f"{key}: {answer.status_code} {answer.text[-2000:]}"
    return str(answer.location)


def picture(name: str) -> tuple[io.BytesIO, str]:
    """A photo of this name alone."""
    out, colour = io.BytesIO(), tuple(name.encode()[-3:])
    image = Image.effect_noise((240, 180), 60).convert("RGB")
    image.paste(colour, (0, 0, 60, 60))
    image.save(out, "JPEG")
    return io.BytesIO(out.getvalue()), "photo.jpg"


def counted(connection: sqlite3.Connection, sql: str) -> Effects:
    return {str(name): int(number) for name, number in connection.execute(sql)}


# Earning ------------------------------------------------------------------------------------------------------------

_SCORED = "SELECT note, count(*) FROM record GROUP BY note"


def _scoring(photos: bool) -> Callable[[Application, Path], Sequence[Op]]:
    def ready(app: Application, var: Path) -> Sequence[Op]:
        tree = factories.make_community()
        scheme = factories.make_scheme(area=tree.community)
        home = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid))
        rule = factories.make_rule(scheme=scheme, points="+1").id
        client = client_of(app, factories.make_user(post="inspector", area=tree.community))
        path = f"/phone/score/{home.id}"

        def score(name: str) -> str:
            more = {"photos": [files[name]()]} if photos else {}
            return send(client, path, name, rule=str(rule), note=name, **more)

        kept = {name: picture(name)[0].getvalue() for name in (PHOTOS if photos else ())}
        files = {name: lambda data=data: (io.BytesIO(data), "photo.jpg") for name, data in kept.items()}
        return [Op(name, lambda name=name: score(name)) for name in (PHOTOS if photos else SCORES)]

    return ready


SCORES = tuple(f"score-{number}" for number in range(FORMS))
PHOTOS = tuple(f"photo-{number}" for number in range(FORMS - 1))

# Spending -----------------------------------------------------------------------------------------------------------

REDEEMED = tuple(f"redeem-{number}" for number in range(FORMS))
FETCHED, CANCELLED = ("fetch-0", "fetch-1"), ("cancel-0", "cancel-1")
_REDEEMED = "SELECT i.name, count(*) FROM voucher v JOIN item i ON i.id = v.item_id GROUP BY i.name"
_ENDED = """
SELECT i.name, count(*) FROM voucher v JOIN item i ON i.id = v.item_id
WHERE v.state = CASE WHEN i.name LIKE 'fetch%' THEN 'handed_over' ELSE 'cancelled' END GROUP BY i.name
"""


def _shop(names: Sequence[str]) -> tuple[factories.CommunityTree, Household, Scheme, dict[str, int]]:
    """A household with points, and a thing on the shelf for each operation."""
    tree = factories.make_community()
    scheme = factories.make_scheme(area=tree.community)
    home = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid))
    factories.give_points(home, scheme, 100)
    area = tree.community
    items = {name: factories.make_item(area=area, scheme=scheme, name=name, left=2, price=1).id for name in names}
    return tree, home, scheme, items


def _redeeming(app: Application, var: Path) -> Sequence[Op]:
    tree, home, _, items = _shop(REDEEMED)
    station, now = factories.make_station(area=tree.community), clock.now()
    _, token = devices.add_device(station=station, name="1 号终端", paper="80", printer="", actor=SYSTEM, now=now)
    make_missing(holder_ids=[home.id], actor=SYSTEM, now=now)
    card = db.session.scalars(db.select(Code.token).where(Code.holder_id == home.id)).one()
    pin, client = pins.set_pin(household=home, actor=SYSTEM, now=now), client_of(app)
    for path, form in ((f"/kiosk/pair/{token}", {}), ("/kiosk/card", {"code": card}), ("/kiosk/pin", {"pin": pin})):
        assert client.post(path, data=form).status_code == 303, path

    def redeem(name: str) -> str:
        return send(client, "/kiosk/redeem", name, item=str(items[name]), quantity="1", expected="10")

    return [Op(name, lambda name=name: redeem(name)) for name in REDEEMED]


def _ending(names: tuple[str, ...], verb: str) -> Callable[[Application, Path], Sequence[Op]]:
    """A clerk hands over or cancels what was redeemed."""

    def ready(app: Application, var: Path) -> Sequence[Op]:
        tree, home, _, items = _shop(names)
        given = {"actor": SYSTEM, "household_id": home.id, "quantity": 1, "expected": Points.whole(1)}
        made = {
            name: vouchers.redeem(**given, item_id=item, key=KEY, now=clock.now()).id for name, item in items.items()
        }
        client = client_of(app, factories.make_user(post="clerk", area=tree.community))
        return [
            Op(name, lambda name=name: send(client, f"/desk/vouchers/{made[name]}/{verb}", name, reason="不要了"))
            for name in names
        ]

    return ready


# Rosters ------------------------------------------------------------------------------------------------------------

IMPORTED = ("import-courtyards", "import-households")


def _rosters() -> dict[str, bytes]:
    spot = {"所属区域": "红色网格/一片区", "街巷": "文林路", "排序": 1}
    yards = [
        {"院落编号": f"R{n}", "院落名称": f"文林路 {n} 号院", "地址": f"文林路 {n} 号", **spot} for n in range(ROWS)
    ]
    homes = [
        {"户号": f"9-{n}", "户主": "刘红梅", "院落编号": f"R{n % 5}", "居住情况": "房主", "住户电话": "", "居民姓名": "刘红梅", "与户主关系": "户主"}
        for n in range(ROWS)
    ]  # fmt: skip
    return {"courtyards": file_of(yards), "households": file_of(homes)}


def _importing(app: Application, var: Path) -> Sequence[Op]:
    tree = factories.make_community()
    client = client_of(app, factories.make_user(post="clerk", area=tree.community))
    area = tree.community.id

    def take(name: str, register: str, data: bytes) -> str:
        form = {"register": register, "area_id": str(area), "file": (io.BytesIO(data), "名册.csv")}
        place = send(client, "/desk/import", f"upload-{register}", **form)
        return send(client, place, name)

    return [
        Op(f"import-{register}", lambda register=register, data=data: take(f"import-{register}", register, data))
        for register, data in _rosters().items()
    ]


def _imported(connection: sqlite3.Connection, var: Path) -> Effects:
    found = counted(connection, "SELECT 'import-' || register, count(*) FROM import_run GROUP BY register")
    for number, register in (("R%", "courtyards"), ("9-%", "households")):
        rows = connection.execute("SELECT count(*) FROM holder WHERE number LIKE ?", (number,)).fetchone()[0]
        assert rows == ROWS * found.get(f"import-{register}", 0), f"{rows} rows of {register} came in"
    return found


# The end of a month ---------------------------------------------------------------------------------------------------

MONTH_OPS = ("confirm", "meeting", "publish", "go-on")


def _closing(app: Application, var: Path) -> Sequence[Op]:
    meeting = make_meeting(CLAIMS)
    client = client_of(app, db.session.get_one(User, meeting.secretary.user_id))
    base = f"/desk/reviews/{meeting.community_id}/{MONTH}"

    def go_on() -> str:
        place = send(client, f"{base}/publish", "publish")
        step = 0
        while "/publishing/" in place:
            step += 1
            place = send(client, place, f"step-{step}")
        return place

    ids = [str(one) for one in meeting.ids]
    return [
        Op("confirm", lambda: send(client, f"{base}/decide", "confirm", do="confirm", record=ids)),
        Op("meeting", lambda: send(client, f"{base}/meeting", "meeting", attendees="王书记", minutes="都同意")),
        Op("publish", lambda: send(client, f"{base}/publish", "publish")),
        Op("go-on", go_on),
    ]


def _closed(connection: sqlite3.Connection, var: Path) -> Effects:
    confirmed = connection.execute("SELECT count(*) FROM record_step WHERE kind = 'confirmed'").fetchone()[0]
    assert confirmed in (0, CLAIMS), f"{confirmed} of {CLAIMS} claims are confirmed"
    row = connection.execute("SELECT state, attendees FROM community_month").fetchone() or ("reviewing", "")
    lines = connection.execute("SELECT count(*), count(DISTINCT record_id) FROM publication_line").fetchone()
    assert lines[0] == lines[1] == CLAIMS or row[0] != "on_notice", f"{lines} lines are published"
    return {
        "confirm": confirmed // CLAIMS,
        "meeting": int(row[1] != ""),
        "publish": int(row[0] != "reviewing"),
        "go-on": int(row[0] == "on_notice"),
    }


# The instance itself --------------------------------------------------------------------------------------------------


def _revision(connection: sqlite3.Connection) -> str:
    found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
    return str(row[0]) if row else ""


def schema_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return list(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"))


def newest_revision() -> str:
    return max(path.name[:4] for path in Path("migrations/versions").glob("[0-9]*.py"))


def _upgrade(app: Application) -> None:
    with app.app_context():
        upgrade()
        db.session.remove()


def _old_instance(app: Application, var: Path) -> Sequence[Op]:
    """An instance of an older version, with something in it."""
    from flask_migrate import upgrade as up_to

    up_to(revision=FIRST_STEPS)
    db.session.execute(
        db.text("INSERT INTO sent_form (key, body_hash, sent_at) VALUES ('before', 'body', '2026-11-01 00:00:00')")
    )
    return [Op("upgrade", lambda: _upgrade(app))]


def _upgraded(connection: sqlite3.Connection, var: Path) -> Effects:
    revision = _revision(connection)
    assert revision in (FIRST_STEPS, newest_revision()), f"half-way, at {revision}"
    assert connection.execute("SELECT count(*) FROM sent_form WHERE key = 'before'").fetchone()[0] == 1
    names = {name for name, _ in schema_of(connection)}
    new = {"ranking", "honour"} & names
    assert len(new) == (0 if revision == FIRST_STEPS else 2), f"at {revision} it has {new}"
    return {"upgrade": int(revision == newest_revision())}


def _nothing(app: Application, var: Path) -> Sequence[Op]:
    """The first start of all: the installation's key is made, then the database."""

    def first_start() -> None:
        settings = {"VAR_DIR": var, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{var / 'shanzhi.db'}"}
        made = create_app({**settings, "SECRET_KEY": ""})
        assert len(made.config["SECRET_KEY"]) > 40, "a key of nothing"

    return [Op("key", first_start), Op("install", lambda: _upgrade(app))]


def _installed(connection: sqlite3.Connection, var: Path) -> Effects:
    revision, file = _revision(connection), var / "secret.key"
    assert revision in ("", newest_revision()), f"half-way, at {revision}"
    key = file.read_text() if file.exists() else None
    assert key is None or len(key) > 40, f"the installation's key is {key!r}"
    return {"key": int(key is not None), "install": int(revision != "")}


def _backing_up(app: Application, var: Path) -> Sequence[Op]:
    """Two backups of an instance with photos and a key; the second links the photos of the first."""
    _scoring(photos=True)(app, var)
    (var / backup.KEY_FILE).write_text(KEY)
    for number in range(3):
        folder = var / "photos" / "ab" / f"c{number}"
        folder.mkdir(parents=True)
        (folder / f"{'ab'}c{number}{'0' * 60}.jpg").write_bytes(b"photo" * 400)

    def take(into: str) -> None:
        answer = app.test_cli_runner().invoke(args=["backup", "--into", str(var / into)])
        assert answer.exit_code == 0, answer.output

    return [Op("backup", lambda: take("backups")), Op("backup-elsewhere", lambda: take("usb"))]


def _backed_up(connection: sqlite3.Connection, var: Path) -> Effects:
    found: Effects = {}
    for name, folder in (("backup", "backups"), ("backup-elsewhere", "usb")):
        whole = [path for path in (var / folder).glob("shanzhi-*Z")]
        for path in whole:
            assert backup.faults(path) == [], path.name
            with sqlite3.connect(path / backup.SQLITE_FILE) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            copy.close()
        found[name] = min(1, len(whole))  # to take another one is no harm
    return found


def _ended(connection: sqlite3.Connection, var: Path) -> Effects:
    return counted(connection, _ENDED)


FLOWS = {
    flow.name: flow
    for flow in (
        Flow("score", SCORES, _scoring(photos=False), lambda c, _: counted(c, _SCORED)),
        Flow("photo", PHOTOS, _scoring(photos=True), lambda c, _: counted(c, _SCORED)),
        Flow("redeem", REDEEMED, _redeeming, lambda c, _: counted(c, _REDEEMED)),
        Flow("hand-over", FETCHED, _ending(FETCHED, "hand-over"), _ended),
        Flow("cancel", CANCELLED, _ending(CANCELLED, "cancel"), _ended),
        Flow("import", IMPORTED, _importing, _imported),
        Flow("month", MONTH_OPS, _closing, _closed),
        Flow("upgrade", ("upgrade",), _old_instance, _upgraded, empty=True),
        Flow("install", ("key", "install"), _nothing, _installed, empty=True),
        Flow("backup", ("backup", "backup-elsewhere"), _backing_up, _backed_up),
    )
}
