"""Photos and bad input on the page for scoring: refused in words, nothing recorded twice."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from tests.inspections.tools import all_records, fields, photo, rule_id, text_of
from tests.records.conftest import version_of
from webapp.extensions import db
from webapp.records.models import RecordPhoto

# Photos ---------------------------------------------------------------------------------------------------------------


def test_photos_are_stored_without_what_rides_along_and_named_by_the_record(app, phone, street):
    data = fields(street, "1.2", photos=[(io.BytesIO(photo()), "a.jpg"), (io.BytesIO(photo("red")), "b.jpg")])
    done = phone.post(f"/phone/score/{street.shop.id}", data=data, follow_redirects=True)
    assert "2 张" in text_of(done)
    names = db.session.scalars(db.select(RecordPhoto.hash)).all()
    assert len(names) == 2
    assert all((app.config["VAR_DIR"] / "photos" / name[:2] / name[2:4] / f"{name}.jpg").exists() for name in names)


def test_a_rule_that_wants_a_photo_says_so_and_keeps_the_choice(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, "1.2", note="已搬走"))
    assert answer.status_code == 422
    assert "要附照片，请拍一张再记" in text_of(answer)
    assert re.search(rf'value="{rule_id(street, "1.2")}"[^>]*checked', text_of(answer))


def test_a_photo_that_came_with_a_refused_form_is_still_there(phone, street):
    data = fields(street, "2.1", photos=[(io.BytesIO(photo()), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.shop.id}", data=data)
    assert answer.status_code == 422
    assert 'name="photos_kept"' in text_of(answer)


def bomb() -> bytes:
    """A few kilobytes that would unfold to twenty million pixels."""
    out = io.BytesIO()
    Image.new("L", (5000, 4000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"not a photo", "这不是照片"), (photo()[:400], "照片打不开"), (bomb(), "尺寸太大"), (b"\0" * 100, "这不是照片")],
    ids=["text", "half", "bomb", "nul"],
)
def test_what_is_no_photo_is_refused_in_words_and_nothing_is_recorded(phone, street, data, words):
    sent = fields(street, "1.2", photos=[(io.BytesIO(data), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.shop.id}", data=sent)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert all_records() == []


def test_a_fourth_photo_is_refused(phone, street):
    four = [(io.BytesIO(photo(colour)), "a.jpg") for colour in ("red", "blue", "green", "white")]
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, "1.2", photos=four))
    assert answer.status_code == 422
    assert "照片最多 3 张" in text_of(answer)


# Bad input ------------------------------------------------------------------------------------------------------------


def test_without_a_rule_the_form_comes_back(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data={"note": "门口很干净"})
    assert answer.status_code == 422
    assert "请先点选一条细则" in text_of(answer)
    assert "门口很干净" in text_of(answer)


@pytest.mark.parametrize("rule", ["999999", "0", "-1", "一", "1.1", "\0", "9" * 30])
def test_a_forged_rule_is_refused_in_words(phone, street, rule):
    answer = phone.post(f"/phone/score/{street.shop.id}", data={"rule": rule})
    assert answer.status_code == 422
    assert all_records() == []


@pytest.mark.parametrize("points", ["50.55", "100", "-3", "abc", "\0", "９９"])
def test_forged_points_are_refused(phone, street, points):
    data = fields(street, "8.2", **{f"points-{version_of(street.schemes['shop'], '8.2').id}": points})
    answer = phone.post(f"/phone/score/{street.shop.id}", data=data)
    assert answer.status_code == 422
    assert all_records() == []


def test_a_note_that_is_too_long_is_refused_and_kept(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, note="好" * 201))
    assert answer.status_code == 422
    assert "最多 200 个字" in text_of(answer)


def test_nul_bytes_and_full_width_digits_do_no_harm(phone, street):
    done = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, note="\0１２ 号门口"))
    assert done.status_code == 303
    assert all_records()[0].note == "12 号门口"


def test_a_double_tap_records_once(phone, street):
    data = fields(street)
    first, second = (phone.post(f"/phone/score/{street.shop.id}", data=data) for _ in range(2))
    assert first.location == second.location
    assert len(all_records()) == 1


def test_a_rule_of_a_scheme_for_shops_cannot_be_sent_for_a_courtyard(phone, street):
    answer = phone.post(f"/phone/score/{street.courtyard.id}", data=fields(street))
    assert answer.status_code == 422
    assert "不适用于这里" in text_of(answer)


def test_a_deduction_below_the_floor_comes_back_in_words(phone, street):
    sent = fields(street, "1.6", "household", photos=[(io.BytesIO(photo()), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.household.id}", data=sent)
    assert answer.status_code == 422
    assert "积分不够：最多还能减 0 分" in text_of(answer)
