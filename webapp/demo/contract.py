"""``demo.json``: what newcomers, tests and tools need to try every door. Its shape is a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from webapp.demo.building import WITH_PIN, Built
from webapp.ledger.queries import find_account
from webapp.places.models import Holder, Household
from webapp.qrcodes.queries import active_code

FILE = "demo.json"
LISTED = 24  # courtyards and shops


def contract(built: list[Built], base_url: str) -> dict[str, Any]:
    """The facts of a town that has just been built."""
    return {
        "base_url": base_url,
        "staff": [login for one in built for login in one.logins],
        "households": [_household(one, household) for one in built for household in _well_off(one)][:WITH_PIN],
        "courtyards": [_plate(yard) for one in built for yard in one.courtyards][:LISTED],
        "shops": [_plate(shop) for one in built for shop in one.shops[:LISTED]][:LISTED],
        "kiosks": [
            {
                "station": f"{one.community.name} {device.station.name} {device.name}",
                "pair_path": f"/kiosk/pair/{token}",
            }
            for one in built
            for device, token in one.kiosks
        ],
        "boards": [
            {"station": f"{one.community.name} {board.station.name} {board.name}", "path": f"/board/{board.code}"}
            for one in built
            for board in one.boards
        ],
    }


def _well_off(built: Built) -> list[Household]:
    """Those with a PIN, the most points first: who tries the kiosk wants to redeem something."""

    def points(household: Household) -> int:
        account = find_account(household.id, built.household_scheme.id)
        return account.available.tenths if account else 0

    return sorted(built.households[:WITH_PIN], key=points, reverse=True)


def _household(built: Built, household: Holder) -> dict[str, str]:
    code = active_code(household.id)
    return {
        "number": household.number,
        "name": household.name,
        "pin": built.pins[household.id],
        "card_code": code.token if code else "",
    }


def _plate(holder: Holder) -> dict[str, str]:
    code = active_code(holder.id)
    return {"number": holder.number, "name": holder.name, "plate_path": f"/q/{code.token}" if code else ""}


def write(var: Path, facts: dict[str, Any]) -> Path:
    file = var / FILE
    file.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


def read(var: Path) -> dict[str, Any] | None:
    """The facts, if this instance is a demonstration."""
    file = var / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
