"""Files that people should not send, at every form that takes files; and what comes out again.

``tests/core`` reads most of them directly. Here they are posted to the real server, as who may post them.
"""

from __future__ import annotations

import io
import re
import socket
import time
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import inspect, select, text

from tests.attacks import corpus
from tests.attacks.crawl import crawl
from tests.attacks.street import NO_PHOTO, Street
from tests.attacks.village import Village
from tests.attacks.visitor import Sent, send
from tests.attacks.wire import Reply, forget_the_most, memory
from tests.core.test_pictures import picture
from tests.core.test_sheets_writing import DANGERS
from tests.faults.serving import Server
from webapp.extensions import db, start_writing
from webapp.places.models import Holder
from webapp.records.models import Record

MEGABYTES = 100
BLAMED = re.compile("不是照片|照片打不开|尺寸太大|文件太大")
ROW = re.compile(r'<td class="[^"]*\bnum\b[^"]*">[0-9,]+</td>|第 [0-9,]+ 行')
CHINESE = re.compile(r"[\u4e00-\u9fff]")
MARK = "·甲乙"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def rows_written() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    names = inspect(db.engine).get_table_names()
    found = {name: int(db.session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in names}
    db.session.rollback()
    return found


def every(corpus_: dict[str, Any], step: int) -> list[tuple[str, Any]]:
    return list(corpus_.items())[::step]


# Tables ---------------------------------------------------------------------------------------------------------------


def test_hostile_tables_are_refused_soon_in_plain_words_and_nothing_is_written(street, scale, figure):
    """At the smallest size every eighth, routinely every second: ``tests/core`` reads all that are hostile as a whole."""
    step = scale(small=8, routine=1, full=1)
    rows, good = every(corpus.BAD_ROWS, step), every(corpus.GOOD_VALUES, step)
    whole = every(corpus.hostile_tables(), scale(small=8, routine=2, full=1))
    to_roster, to_rules = street.tables
    assert street.post(to_roster, "a.xlsx", corpus.roster()).status == 303
    calm, before = memory(street.server, "VmRSS"), rows_written()
    forget_the_most(street.server)
    for number, (what, (name, make, said)) in enumerate(whole):
        both = (to_roster, to_rules) if scale(small=0, routine=0, full=1) else (street.tables[number % 2],)
        for form in both if what not in corpus.BAD_FILES else (to_roster,):
            _refused(street.post(form, name, make()), said, what)
    for what, (name, make, said) in rows:
        _row_named(street, street.post(to_roster, name, make()), said, what)
    for what, (name, make, _) in good:
        assert street.post(to_roster, name, make()).status == 303, what
    most = memory(street.server, "VmHWM") - calm
    figure(
        f"S7 files: {len(whole) + len(rows) + len(good)} tables, slowest {street.slowest:.1f} s of work, "
        f"memory +{most:.0f} MB, 0 rows written; 5 GB refused after {_five_gigabytes(street.server):.2f} s"
    )
    assert most <= MEGABYTES
    assert rows_written() == before
    assert not Path("/tmp/shanzhi-was-here").exists()
    assert _five_gigabytes(street.server) < 1


def _five_gigabytes(server: Server) -> float:
    """Seconds until a body of that size is refused: before it is sent."""
    begun = time.monotonic()
    head = f"POST /desk/import HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {5 << 30}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sent:
        sent.sendall(head.encode())
        assert sent.recv(4096).startswith(b"HTTP/1.1 413")
    return time.monotonic() - begun


def _refused(reply: Reply, said: str, what: str) -> None:
    assert 400 <= reply.status < 500, f"{what}: {reply.status}"
    assert CHINESE.search(reply.text), what
    assert re.search(said, reply.text), f"{what}: not a word of {said}: {_words(reply)}"


def _words(reply: Reply) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.text.partition("<main")[2]).split())[:600]


def _row_named(street: Street, reply: Reply, said: str, what: str) -> None:
    """The preview says which row is bad, and confirming it changes nothing."""
    if reply.status != 303:
        _refused(reply, said, what)
        return
    wire = street.wire("secretary")
    shown = wire.get(reply.location)
    assert re.search(said, shown.text), f"{what}: not a word of {said}: {_words(shown)}"
    assert ROW.search(shown.text), what
    confirmed = wire.post(reply.location, {})
    assert 400 <= confirmed.status < 500, f"{what}: {confirmed.status}"


# Pictures -------------------------------------------------------------------------------------------------------------


def test_hostile_pictures_are_refused_soon_in_plain_words_and_nothing_is_written(street, scale, figure):
    """At the smallest size every fourth: ``tests/core`` reads all of them."""
    pictures = every(corpus.hostile_pictures(), scale(small=4, routine=1, full=1))
    for form in street.pictures[:4]:  # what decoding needs is there before the memory is measured
        reply = street.post(form, "a.jpg", picture())
        assert reply.status == 303, f"{form.path}: {_words(reply)}"
    calm, before = memory(street.server, "VmRSS"), rows_written()
    files = _stored(street)
    forget_the_most(street.server)
    posts = 0
    for number, (what, (make, said)) in enumerate(pictures):
        data = make()
        for form in street.pictures if scale(small=0, routine=0, full=1) else (street.pictures[number % 5],):
            posts += 1
            _picture_refused(street.post(form, "a.jpg", data), said, f"{what} at {form.path}")
    most = memory(street.server, "VmHWM") - calm
    figure(
        f"S7 files: {len(pictures)} pictures in {posts} forms, slowest {street.slowest:.1f} s of work, "
        f"memory +{most:.0f} MB, 0 rows and 0 files written"
    )
    assert most <= MEGABYTES
    assert rows_written() == before
    assert _stored(street) == files


def _picture_refused(reply: Reply, said: str, what: str) -> None:
    empty = reply.status == 303 and what.startswith("nothing")
    if not empty:
        _refused(reply, said, what)


def _stored(street: Street) -> set[Path]:
    folder = street.village.app.config["VAR_DIR"] / "photos"
    return {path for path in folder.rglob("*") if path.is_file()}


def test_what_is_kept_and_shown_of_a_picture_is_the_picture_only(street, scale, figure):
    carriers = every(corpus.CARRIERS, scale(small=4, routine=1, full=1))
    known = _stored(street)
    score, goods = street.pictures[0], street.pictures[3]
    for number, (what, make) in enumerate(carriers):
        form = goods if number % 3 == 0 else score
        reply = street.post(form, "a.jpg", make())
        assert reply.status in (303, 409, 422), f"{what}: {reply.status}"
        assert reply.status == 303 or not BLAMED.search(_words(reply)), f"{what}: {_words(reply)}"
    made = _stored(street) - known
    served = _served(street)
    figure(
        f"S7 files: {len(carriers)} pictures with places, programs and profiles; {len(made)} files kept and {len(served)} served hold none"
    )
    assert len(made) >= 4, "many of them are the same picture, and one file"
    for data in [path.read_bytes() for path in made] + served:
        _is_bare(data)


def _is_bare(data: bytes) -> None:
    assert not [secret for secret in corpus.SECRETS if secret in data]
    assert set(corpus.jpeg_segments(data)) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4}
    with Image.open(io.BytesIO(data)) as image:
        assert not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(image.info)


def _served(street: Street) -> list[bytes]:
    """The pictures of the newest records and goods, as pages show them."""
    wire, pages = street.wire("secretary"), ["/desk/goods", "/desk/records"]
    start_writing()
    pages += [
        f"/desk/records/{id_}" for id_ in db.session.scalars(select(Record.id).order_by(Record.id.desc()).limit(6))
    ]
    db.session.remove()
    found = {
        address
        for page in pages
        for address in re.findall(r'(?:src|href)="(/(?:photos|goods)/[^"]*[0-9a-f]{64}[^"]*)"', wire.get(page).text)
        if NO_PHOTO not in address
    }
    assert found
    replies = [wire.get(address.replace("&amp;", "&")) for address in sorted(found)]
    assert {(reply.status, reply.kind) for reply in replies} == {(200, "image/jpeg")}
    return [reply.body for reply in replies]


# Addresses and sizes --------------------------------------------------------------------------------------------------

PATHS = (
    *("..%2f..%2fshanzhi.db", "%2e%2e%2f%2e%2e%2fsecret.key", "..%5c..%5csecret.key", "%2e%2e", "..", "."),
    *("%00", f"{NO_PHOTO}%00.jpg", f"{NO_PHOTO}.jpg", f"{NO_PHOTO}/../../secret.key", f"{NO_PHOTO[:2]}/{NO_PHOTO[2:4]}/{NO_PHOTO}", f"/{NO_PHOTO}"),
    *("/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "file:%2f%2f%2fetc%2fpasswd", "C:%5cWindows%5cwin.ini"),
    *("..%252f..%252fsecret.key", "%c0%ae%c0%ae%c0%af", "%ed%a0%80", "%ef%bc%8f", "....//....//secret.key", "..;/secret.key"),
    *("%0d%0aX: y", NO_PHOTO.upper(), "１" * 64, "%e2%80%ae" + NO_PHOTO, NO_PHOTO + "%0a", "a" * 5000, "~", "*", "%25s", "con", "nul.jpg"),
)  # fmt: skip
PHOTO_ADDRESSES = {
    "secretary": (
        "/photos/",
        "/desk/rounds/photos/",
        "/goods/1/picture/",
        "/desk/import/households/1/",
        "/static/",
        "/styles/",
    ),
    "inspector": ("/photos/", "/phone/rounds/photos/"),
    "resident": ("/home/claims/photos/", "/home/rectifications/photos/", "/home/rounds/photos/"),
    "kiosk": ("/kiosk/photos/",),
    "nobody": ("/goods/1/picture/", "/static/", "/static/css/", "/styles/"),
}


def test_no_address_of_a_photo_leads_to_another_file(village, scale, figure):
    tried = 0
    for who, addresses in PHOTO_ADDRESSES.items():
        cookies = village.cookies(who)
        for address in addresses:
            for path in PATHS[:: scale(small=4, routine=1, full=1)]:
                answer = send(village.app, Sent("GET", f"{address}{path}".encode("latin-1", "ignore")), cookies)
                tried += 1
                known = answer.status_code == 404 or _leads_on(answer.status_code, answer.location)
                assert known, f"{who}: {address}{path}: {answer.status_code} {answer.location}"
    figure(f"S7 files: {tried} addresses of photos that lead elsewhere, 0 found, 0 errors")


def _leads_on(status: int, location: str | None) -> bool:
    """Dots and doubled strokes are taken out of an address, as browsers do; what is left is another page of ours."""
    return status == 308 and (location or "").startswith("http://localhost/")


# What is given out ----------------------------------------------------------------------------------------------------


def test_no_export_holds_a_formula_or_a_link(village, figure):
    start_writing()
    named = db.session.scalars(select(Holder)).all()
    for number, holder in enumerate(named):
        holder.name = f"{DANGERS[number % len(DANGERS)]}{MARK}"
    db.session.commit()
    books = _exports(village, "secretary")
    texts = [_texts(endpoint, data) for endpoint, data in books.items()]
    hostile = sum(MARK in found for found in texts)
    figure(f"S7 files: {len(books)} exports, {hostile} of them with hostile names in them, 0 formulas, 0 links")
    assert len(books) >= 8
    assert hostile >= 3


def _exports(village: Village, who: str) -> dict[str, bytes]:
    """The workbooks that pages offer, by the view that makes them."""
    books: dict[str, bytes] = {}
    found, cookies = crawl(village.app, village, who, 150), village.cookies(who)
    for (endpoint, _), requests in found.items():
        for sent in requests:
            if re.search("excel|export|template", endpoint):
                answer = send(village.app, sent, cookies)
                if answer.content_type == XLSX:
                    books[f"{endpoint} {sent.path.decode()}"] = answer.data
    return books


def _texts(endpoint: str, data: bytes) -> str:
    """All texts of a workbook. No cell of it is a formula, and nothing in it leads out."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    assert not [name for name in parts if "externalLink" in name or "vba" in name]
    for name, xml in parts.items():
        assert not re.search(r"<f\b|<hyperlink|TargetMode=\"External\"|ddeLink", xml), f"{endpoint}: {name}"
    return "".join(parts.values())
