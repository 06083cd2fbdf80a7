"""Writing a roster of households and residents in bulk: 50,000 residents must not keep other writers waiting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp.extensions import db
from webapp.places.models import Holder, Household, HouseholdStay, Person, ResidentStay
from webapp.places.service.imports.drafts import HouseholdDraft, HouseholdThere, PersonThere, ResidentDraft
from webapp.places.service.imports.plan import Task, insert_rows, next_ids, update_row
from webapp.places.service.people import person_number

_PERSON = {"phone": "", "identity_tail": "", "identity_digest": None, "party_member": False, "volunteer": False}


class Settling:
    def __init__(self, task: Task, households: Iterable[HouseholdDraft], residents: Iterable[ResidentDraft]) -> None:
        self.task = task
        self.households = list(households)
        self.residents = list(residents)

    def write(self, now: datetime) -> None:
        for household in self.households:
            if household.there is not None:
                household.id = household.there.id
                self._change_household(household, household.there)
        self._add_households([draft for draft in self.households if draft.there is None], now)
        for resident in self.residents:
            if resident.there is not None:
                self._change_resident(resident, resident.there)
        self._add_residents([draft for draft in self.residents if draft.there is None], now)

    # households

    def _add_households(self, new: list[HouseholdDraft], now: datetime) -> None:
        for draft, household_id in zip(new, next_ids(len(new)), strict=True):
            draft.id = household_id
        insert_rows(Holder, (self._holder(draft, "household", draft.number, _area_of(draft), now) for draft in new))
        insert_rows(Household, map(_household_row, new))
        insert_rows(HouseholdStay, (self._household_stay(draft, draft.wanted) for draft in new))

    def _household_stay(self, draft: HouseholdDraft, facts: dict[str, Any]) -> dict[str, Any]:
        return {
            "household_id": draft.id,
            "courtyard_id": facts.get("courtyard_id"),
            "tenure": facts.get("tenure", "owner"),
            "starts_on": draft.since or self.task.today,
            "ends_on": None,
        }

    def _change_household(self, draft: HouseholdDraft, there: HouseholdThere) -> None:
        differs = draft.differences()
        update_row(Holder, draft.id, self._of_holder(differs))
        update_row(Household, draft.id, _pick(differs, "tenure", "phone", "courtyard_id"))
        if "area_id" in differs or "courtyard_id" in differs:
            self._move(draft, there)
        elif "tenure" in differs and there.stay_id:
            update_row(HouseholdStay, there.stay_id, {"tenure": differs["tenure"]})

    def _move(self, draft: HouseholdDraft, there: HouseholdThere) -> None:
        if there.stay_id:
            update_row(HouseholdStay, there.stay_id, {"ends_on": draft.since or self.task.today})
        facts = {"courtyard_id": there.courtyard_id, "tenure": there.tenure, **draft.wanted}
        insert_rows(HouseholdStay, [self._household_stay(draft, facts)])
        residents = select(Person.id).where(Person.household_id == draft.id)
        db.session.execute(
            update(Holder)
            .where(Holder.id.in_(residents))
            .values(area_id=draft.wanted["area_id"])
            .execution_options(synchronize_session=False)
        )

    # residents

    def _add_residents(self, new: list[ResidentDraft], now: datetime) -> None:
        for draft, person_id in zip(new, next_ids(len(new)), strict=True):
            draft.id = person_id
        insert_rows(
            Holder,
            (self._holder(draft, "person", person_number(draft.id), _area_of(draft.household), now) for draft in new),
        )
        insert_rows(Person, map(_person_row, new))
        insert_rows(ResidentStay, map(self._resident_stay, new))

    def _resident_stay(self, draft: ResidentDraft) -> dict[str, Any]:
        return {
            "person_id": draft.id,
            "household_id": draft.household.id,
            "relation": draft.relation or "",
            "starts_on": draft.since or self.task.today,
            "ends_on": None,
        }

    def _change_resident(self, draft: ResidentDraft, there: PersonThere) -> None:
        draft.id = there.id
        differs = draft.differences()
        update_row(Holder, there.id, self._of_holder(differs))
        update_row(Person, there.id, {key: value for key, value in differs.items() if key in _PERSON})
        if draft.moves:
            self._move_in(draft, there)
        elif draft.relation_differs and there.stay_id:
            update_row(ResidentStay, there.stay_id, {"relation": draft.relation})

    def _move_in(self, draft: ResidentDraft, there: PersonThere) -> None:
        day = draft.since or self.task.today
        if there.stay_id and there.stay_from:
            update_row(ResidentStay, there.stay_id, {"ends_on": max(day, there.stay_from)})
        update_row(Person, there.id, {"household_id": draft.household.id})
        update_row(Holder, there.id, {"area_id": _area_of(draft.household), "active": True})
        insert_rows(ResidentStay, [self._resident_stay(draft)])

    # both

    def _holder(
        self, draft: HouseholdDraft | ResidentDraft, kind: str, number: str, area_id: int, now: datetime
    ) -> dict[str, Any]:
        return {
            "id": draft.id,
            "kind": kind,
            "area_id": area_id,
            "community_id": self.task.base.id,
            "number": number,
            "name": draft.wanted["name"],
            "initials": self.task.workings.initials(draft.wanted["name"]),
            "active": True,
            "created_at": now,
        }

    def _of_holder(self, differs: dict[str, Any]) -> dict[str, Any]:
        values = _pick(differs, "name", "area_id")
        return {**values, "initials": self.task.workings.initials(values["name"])} if "name" in values else values


def _household_row(draft: HouseholdDraft) -> dict[str, Any]:
    facts = draft.wanted
    return {
        "id": draft.id,
        "courtyard_id": facts.get("courtyard_id"),
        "tenure": facts.get("tenure", "owner"),
        "phone": facts.get("phone", ""),
    }


def _person_row(draft: ResidentDraft) -> dict[str, Any]:
    facts = {key: draft.wanted.get(key, empty) for key, empty in _PERSON.items()}
    return {"id": draft.id, "household_id": draft.household.id, "staff": False, **facts}


def _area_of(household: HouseholdDraft) -> int:
    there = household.there.area_id if household.there else 0
    return int(household.wanted.get("area_id", there))


def _pick(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}
