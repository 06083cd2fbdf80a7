"""The slip for a network printer, judged from its bytes: one picture, nothing else, and its QR reads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select, update

from tests.kiosk.conftest import Kiosk, make_kiosk
from webapp.core.errors import Unavailable
from webapp.extensions import db
from webapp.kiosk import escpos
from webapp.kiosk.models import Slip
from webapp.kiosk.paper import Paper, PaperRow
from webapp.redemption.models import Voucher
from webapp.redemption.service.vouchers import voucher_code

ROWS = Paper(
    (
        PaperRow("title", "善治积分 余额小票"),
        PaperRow("rule"),
        PaperRow("text", "户号 03-12-02　李*梅家 ￥：℃ 㐂"),
        PaperRow("big", "可用积分", "128"),
        PaperRow("line", "11-18 门前屋后干净而且很长很长很长很长很长很长", "+5"),
        PaperRow("qr", "HTTP://POINTS.EXAMPLE/SLIP/000001-8KQ2XM4T"),
        PaperRow("code", "7K3M-92XQ"),
    )
)


def picture_of(data: bytes) -> Image.Image:
    """The one ``GS v 0`` in the bytes as a picture. Any other command fails the test."""
    assert data[:4] == b"\x1dv0\x00", "it does not begin with GS v 0 in normal size"
    wide, high = data[4] + 256 * data[5], data[6] + 256 * data[7]
    body = data[8:]
    assert len(body) == wide * high, "something else is sent beside the picture"
    bits = numpy.unpackbits(numpy.frombuffer(body, dtype=numpy.uint8)).reshape(high, wide * 8)
    return Image.fromarray(((1 - bits) * 255).astype(numpy.uint8))


def ink(picture: Image.Image) -> float:
    return float((numpy.asarray(picture) == 0).mean())


@contextmanager
def printer(*, answers: bool = True) -> Iterator[tuple[str, list[bytes]]]:
    """A printer on 127.0.0.1 that keeps what it is sent, or one that takes the call and never reads."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while part := connection.recv(65536):
                    received.append(part)

        thread = threading.Thread(target=serve, daemon=True)
        if answers:
            thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", received
        if answers:
            thread.join(timeout=5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def visiting(app, client, where: str, paper: str = "80") -> Kiosk:
    kiosk = make_kiosk(app.config["VAR_DIR"], paper=paper, printer=where)
    kiosk.pair(client)
    kiosk.show_card(client)
    kiosk.give_pin(client)
    return kiosk


@pytest.mark.parametrize(("size", "dots"), [("80", 576), ("58", 384)])
def test_a_slip_is_one_picture_as_wide_as_the_paper_and_its_qr_reads(size, dots):
    picture = picture_of(escpos.raster(escpos.draw(ROWS, escpos.DOTS[size])))

    assert picture.width == dots
    found = zxingcpp.read_barcodes(picture)
    assert [code.text for code in found] == ["HTTP://POINTS.EXAMPLE/SLIP/000001-8KQ2XM4T"]
    assert 0.03 < ink(picture) < 0.4


def test_nothing_is_drawn_over_the_edges_and_there_is_white_to_tear_off():
    picture = numpy.asarray(picture_of(escpos.raster(escpos.draw(ROWS, 384))))

    assert (picture[:, :4] == 255).all()
    assert (picture[:, -4:] == 255).all()
    assert (picture[-escpos.TEAR + 20 :] == 255).all()


def test_rare_characters_and_signs_are_drawn_not_garbled():
    """Each leaves its own picture: a missing one would be the same empty box."""
    drawn = {
        escpos.raster(escpos.draw(Paper((PaperRow("text", char),)), 384))
        for char in ("￥", "：", "℃", "㐂", "李", "梅")
    }

    assert len(drawn) == 6


def test_the_simplified_face_of_a_font_collection_is_taken():
    font = escpos._load(escpos.font_file(), 24)

    assert "SC" in (font.getname()[0] or "").split() or "WenQuanYi" in (font.getname()[0] or "")


@pytest.mark.parametrize("font", ["/nowhere/font.ttc", __file__])
def test_a_font_that_is_not_there_or_is_none_is_said_in_words(font):
    with pytest.raises(Unavailable, match="SLIP_FONT"):
        escpos.draw(ROWS, 384, font)


def test_a_slip_is_sent_to_the_kiosks_printer_and_not_printed_by_the_browser(app, client):
    with printer() as (where, received):
        visiting(app, client, where)
        answer = client.post("/kiosk/slips")
    page = client.get(answer.headers["Location"]).text

    picture = picture_of(b"".join(received))
    code = zxingcpp.read_barcodes(picture)[0].text
    assert code.startswith("HTTP://LOCALHOST/SLIP/000001-")
    assert "与账本一致" in client.get(code.removeprefix("HTTP://LOCALHOST")).text
    assert "正在打印" in page
    assert "data-print-now" not in page


def test_a_voucher_is_sent_to_the_printer_with_the_code_that_the_clerk_scans(app, client):
    with printer() as (where, received):
        kiosk = visiting(app, client, where, paper="58")
        client.post("/kiosk/redeem", data={"item": kiosk.soap.id, "quantity": 1, "expected": 200})
        client.post("/kiosk/vouchers/1/print")

    picture = picture_of(b"".join(received))
    assert picture.width == 384
    code = voucher_code(app.config["SECRET_KEY"], db.session.get(Voucher, 1))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [code]


def test_a_printer_that_is_off_is_said_kindly_and_the_slip_stays_on_the_screen(app, client):
    kiosk = visiting(app, client, f"127.0.0.1:{free_port()}")
    before = kiosk.account

    answer = client.post("/kiosk/slips")
    page = client.get(answer.headers["Location"]).text

    assert answer.status_code == 303
    assert "打印机没有应答" in page
    assert "积分没有变" in page
    assert "善治积分 余额小票" in page
    assert db.session.scalar(select(func.count()).select_from(Slip)) == 1
    assert kiosk.account == before


def test_a_printer_that_takes_the_call_and_hangs_is_given_up_after_three_seconds(monkeypatch):
    monkeypatch.setattr(escpos, "PATIENCE", 0.3)
    with printer(answers=False) as (where, _), pytest.raises(Unavailable, match="没有应答"):
        escpos.send(b"\x00" * 50_000_000, where)  # more than any buffer between us holds


def test_the_writers_lock_is_free_while_a_printer_is_waited_for(app, client, monkeypatch):
    """Another transaction can write at the moment at which the printer is called."""
    from webapp.extensions import start_writing

    done = []

    def call(paper, *, size, printer, font):
        with app.app_context():
            start_writing()
            db.session.execute(update(Slip).where(Slip.id == -1).values(copies=1))
            db.session.commit()
            done.append(printer)

    visiting(app, client, "10.0.0.9")
    monkeypatch.setattr(escpos, "print_paper", call)
    client.post("/kiosk/slips")

    assert done == ["10.0.0.9"]


def test_an_a4_kiosk_prints_by_the_browser_though_it_has_an_address(app, client):
    visiting(app, client, "127.0.0.1:1", paper="a4")

    page = client.get(client.post("/kiosk/slips").headers["Location"]).text

    assert "data-print-now" in page
    assert "slip-a4" in page
    assert "没有应答" not in page


def test_without_the_printers_library_the_slip_stays_on_the_screen(monkeypatch):
    import builtins

    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("escpos"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(Unavailable, match="没有装网络打印组件"):
        escpos.raster(Image.new("1", (8, 8)))
