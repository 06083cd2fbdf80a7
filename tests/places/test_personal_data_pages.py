"""Looks with a reason and exports: each is written down, and holds what was asked for."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from tests import factories
from tests.places.conftest import World, actions, fill
from webapp.core import clock
from webapp.extensions import db

# Looks at personal data -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("/desk/households/<int:household_id>/full", ("刘红梅", "13800001234", "王小明")),
        ("/desk/people/<int:person_id>/full", ("王小明", "13900005678")),
        ("/desk/shops/<int:shop_id>/full", ("王建国", "13700004321")),
    ],
)
def test_full_names_and_phones_are_shown_for_a_reason_that_is_kept(
    desk: FlaskClient, world: World, address: str, seen: tuple[str, ...]
) -> None:
    refused = desk.post(fill(address, world.ours), data={"reason": "看"})
    assert refused.status_code == 422
    assert not any(secret in refused.text for secret in seen)
    assert actions() == []

    page = desk.post(fill(address, world.ours), data={"reason": "电话核实入住情况"})
    assert all(secret in page.text for secret in seen)
    ((action, detail),) = actions()
    assert action.endswith(":unmasked")
    assert detail["reason"] == "电话核实入住情况"
    assert "no-store" in page.headers["Cache-Control"]


# Exports --------------------------------------------------------------------------------------------------------------


def sheet(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def test_an_export_is_exactly_the_filtered_list_masked_and_logged(desk: FlaskClient, world: World) -> None:
    factories.make_household(area=world.tree.grid, number="30-1", name="=1+1", tenure="renter")
    factories.make_household(area=world.tree.grid, number="31-1", name="钱多", active=False)
    db.session.commit()
    assert desk.post("/desk/exports/households", data={"reason": ""}).status_code == 422

    answer = desk.post(
        "/desk/exports/households", data={"reason": "月底核对名册", "q": "", "state": "active", "tenure": ""}
    )
    month = clock.local(clock.now()).strftime("%Y-%m")
    assert unquote(answer.headers["Content-Disposition"].split("UTF-8''")[1]) == f"{month}_住户_昌宁社区.xlsx"
    assert "no-store" in answer.headers["Cache-Control"]
    head, *rows = sheet(answer.data)
    assert head[:3] == ["户号", "户主", "院落编号"]
    assert [row[0] for row in rows] == ["12-101", "30-1"]
    assert [row[1] for row in rows] == ["刘*梅", "=***"]
    assert "刘红梅" not in str(rows)
    ((action, detail),) = actions()
    assert (action, detail["register"], detail["rows"], detail["full"]) == ("register:exported", "households", 2, False)
    assert detail["reason"] == "月底核对名册"

    renters = desk.post("/desk/exports/households", data={"reason": "月底核对名册", "tenure": "renter"})
    assert [row[0] for row in sheet(renters.data)[1:]] == ["30-1"]


def test_a_full_export_can_be_imported_again_and_changes_nothing(desk: FlaskClient, world: World) -> None:
    answer = desk.post("/desk/exports/households", data={"reason": "月底核对名册", "full": "y"})
    assert sheet(answer.data)[1][1] == "刘红梅"

    upload = {
        "register": "households",
        "area_id": world.tree.community.id,
        "file": (io.BytesIO(answer.data), "住户.xlsx"),
    }
    preview = desk.get(desk.post("/desk/import", data=upload).headers["Location"]).text
    assert "文件里的内容和系统里的一样" in preview


@pytest.mark.parametrize("register", ["areas", "courtyards", "people", "shops", "stations"])
def test_every_register_is_exported(desk: FlaskClient, world: World, register: str) -> None:
    answer = desk.post(f"/desk/exports/{register}", data={"reason": "月底核对名册"})
    assert answer.status_code == 200
    rows = sheet(answer.data)
    assert len(rows) > 1
    assert "安和社区" not in str(rows)


def test_an_export_of_others_areas_is_not_found(desk: FlaskClient, world: World) -> None:
    assert (
        desk.post("/desk/exports/shops", data={"reason": "月底核对名册", "area": world.neighbour.grid.id}).status_code
        == 404
    )
    assert desk.post("/desk/exports/passwords", data={"reason": "月底核对名册"}).status_code == 404
