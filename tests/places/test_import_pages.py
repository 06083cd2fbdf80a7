"""Importing at the desk: upload, preview, errors to download, confirm; only the uploader, only for a day."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from tests import factories
from tests.factories import CommunityTree
from tests.personas import sign_in
from tests.places.rosters import COURTYARD_ROWS, HOUSEHOLD_ROWS, file_of
from webapp.core import clock
from webapp.extensions import db
from webapp.places.models import Courtyard, Household, ImportRun
from webapp.users.models import User
from webapp.web import housekeeping
from webapp.web.application import Application


@pytest.fixture
def user(tree: CommunityTree) -> User:
    return factories.make_user(post="clerk", area=tree.community)


@pytest.fixture
def desk(client: FlaskClient, user: User) -> FlaskClient:
    return sign_in(client, user)


@pytest.fixture
def kept(app: Application) -> Path:
    folder: Path = app.config["VAR_DIR"] / "imports"
    return folder


def upload(
    desk: FlaskClient, tree: CommunityTree, data: bytes, name: str = "院落.csv", register: str = "courtyards"
) -> str:
    """Answers the address of the preview."""
    form = {"register": register, "area_id": tree.community.id, "file": (io.BytesIO(data), name)}
    answer = desk.post("/desk/import", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def courtyards() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Courtyard)) or 0


def test_a_file_is_previewed_then_confirmed(desk: FlaskClient, tree: CommunityTree, kept: Path) -> None:
    address = upload(desk, tree, file_of(COURTYARD_ROWS, "gb18030"))
    page = desk.get(address).text
    assert "确认导入 2 行" in page
    assert courtyards() == 0
    assert len(list(kept.iterdir())) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.iterdir()), "nobody else on the machine may read it"

    answer = desk.post(address)
    assert answer.status_code == 303
    assert "导入完成：新增 2 行" in desk.get(answer.headers["Location"]).text
    assert courtyards() == 2
    assert list(kept.iterdir()) == []
    assert "院落.csv" in desk.get("/desk/import").text


def test_confirming_twice_changes_nothing(desk: FlaskClient, tree: CommunityTree) -> None:
    address = upload(desk, tree, file_of(COURTYARD_ROWS))
    desk.post(address)
    again = desk.post(address)
    assert again.status_code == 303
    assert "已经导入过" in desk.get(again.headers["Location"]).text
    assert courtyards() == 2
    assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 1


def test_the_same_file_uploaded_again_says_when_it_was_imported(desk: FlaskClient, tree: CommunityTree) -> None:
    desk.post(upload(desk, tree, file_of(COURTYARD_ROWS)))
    page = desk.get(upload(desk, tree, file_of(COURTYARD_ROWS))).text
    assert "已经导入过" in page
    assert "确认导入" not in page


def test_bad_rows_are_listed_and_can_be_downloaded(desk: FlaskClient, tree: CommunityTree) -> None:
    bad = [*COURTYARD_ROWS, {"院落编号": "Y1", "院落名称": "<script>x</script>", "所属区域": "=cmd()"}]
    address = upload(desk, tree, file_of(bad))
    page = desk.get(address).text

    assert "有 1 处要改" in page
    assert "导入范围里没有这个区域" in page
    assert "确认导入" not in page
    book = desk.get(f"{address}/errors")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert rows[1] == [4.0, "所属区域", "=cmd()", "导入范围里没有这个区域，请核对名称或编号。"]
    refused = desk.post(address)
    assert refused.status_code == 409
    assert courtyards() == 0


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "x.xlsx", "空文件"),
        (b"PK\x03\x04 broken", "x.xlsx", "打不开"),
        (b"hello", "x.csv", "没有找到表头"),
        (b"hello", "x.exe", "只能上传"),
        ("院落编号,街巷\nY1,东街\n".encode(), "x.csv", "缺少这些列：院落名称"),
        ("院落编号,院落名称\n".encode(), "x.csv", "只有表头"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_under_its_field(
    desk: FlaskClient, tree: CommunityTree, kept: Path, data: bytes, name: str, words: str
) -> None:
    form = {"register": "courtyards", "area_id": tree.community.id, "file": (io.BytesIO(data), name)}
    answer = desk.post("/desk/import", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert not kept.exists() or list(kept.iterdir()) == []


def test_no_file_or_another_register_is_refused(desk: FlaskClient, tree: CommunityTree) -> None:
    assert (
        "请选择要上传的表格文件"
        in desk.post("/desk/import", data={"register": "shops", "area_id": tree.community.id}).text
    )
    form = {"register": "users", "area_id": tree.community.id, "file": (io.BytesIO(b"x"), "x.csv")}
    assert desk.post("/desk/import", data=form).status_code == 422


def test_nobody_uploads_into_a_community_that_is_not_theirs(desk: FlaskClient, neighbour: CommunityTree) -> None:
    db.session.commit()
    form = {
        "register": "courtyards",
        "area_id": neighbour.community.id,
        "file": (io.BytesIO(file_of(COURTYARD_ROWS)), "x.csv"),
    }
    assert desk.post("/desk/import", data=form).status_code == 404


def test_only_the_uploader_sees_and_confirms(app: Application, desk: FlaskClient, tree: CommunityTree) -> None:
    address = upload(desk, tree, file_of(COURTYARD_ROWS))
    colleague = sign_in(app.test_client(), factories.make_user(post="clerk", area=tree.community))

    assert colleague.get(address).status_code == 410
    assert colleague.get(f"{address}/errors").status_code == 410
    assert colleague.post(address).status_code == 410
    assert courtyards() == 0


@pytest.mark.parametrize("sha256", ["../../../etc/passwd", "0" * 64, "%2e%2e", "x" * 64])
def test_an_address_that_was_made_up_leads_nowhere(desk: FlaskClient, tree: CommunityTree, sha256: str) -> None:
    assert desk.get(f"/desk/import/courtyards/{tree.community.id}/{sha256}").status_code in (404, 410)


def test_an_upload_is_kept_for_a_day(app: Application, desk: FlaskClient, tree: CommunityTree, kept: Path) -> None:
    address = upload(desk, tree, file_of(COURTYARD_ROWS))
    assert housekeeping.run(app)["imports"] == 0
    yesterday = (clock.now() - timedelta(days=1, minutes=1)).timestamp()
    for path in kept.iterdir():
        os.utime(path, (yesterday, yesterday))
    assert housekeeping.run(app)["imports"] == 2

    assert desk.get(address).status_code == 410
    assert "重新上传" in desk.post(address).text


def test_two_uploaders_of_one_file_do_not_lose_it(
    app: Application, desk: FlaskClient, tree: CommunityTree, kept: Path
) -> None:
    colleague = sign_in(app.test_client(), factories.make_user(post="clerk", area=tree.community))
    mine = upload(desk, tree, file_of(COURTYARD_ROWS))
    upload(colleague, tree, file_of(COURTYARD_ROWS))
    desk.post(mine)
    assert len(list(kept.iterdir())) == 2, "the colleague's preview and the file"


def test_households_come_in_by_the_page(desk: FlaskClient, tree: CommunityTree) -> None:
    factories.make_courtyard(area=tree.micro_grid, number="Y1")
    db.session.commit()
    address = upload(desk, tree, file_of(HOUSEHOLD_ROWS), "住户.csv", "households")
    assert desk.post(address).status_code == 303
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Household)) == 2
