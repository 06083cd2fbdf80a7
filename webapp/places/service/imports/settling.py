"""Writing a roster of households and residents in bulk: 50,000 residents must not keep other writers waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from webapp.extensions import db
from webapp.places.models import Holder, Household, HouseholdStay, Person, ResidentStay
from webapp.places.service.imports.drafts import HouseholdDraft, HouseholdThere, PersonThere, ResidentDraft
from webapp.places.service.imports.plan import Task, insert_rows, next_ids, update_row
from webapp.places.service.imports.staging import Rows, Staged
from webapp.places.service.people import person_number

_PERSON = {"phone": "", "identity_tail": "", "identity_digest": None, "party_member": False, "volunteer": False}


class Settling:
    def __init__(self, task: Task, households: Iterable[HouseholdDraft], residents: Iterable[ResidentDraft]) -> None:
        self.task = task
        self.households = list(households)
        self.residents = list(residents)

    def write(self, now: datetime) -> None:
        self._number()
        self._change_households()
        for model, rows in self._new_rows(now):
            insert_rows(model, rows)
        self._change_residents()

    def stage(self, file: Path, now: datetime) -> Staged:
        """Write the new rows into a file of their own; ``write_staged`` takes them over. Their keys are those that are
        free now."""
        self._number()
        return Staged(file, self._new_rows(now))

    def write_staged(self, staged: Staged) -> None:
        """``write``, if nothing that the plan was made of, no key either, has changed since."""
        self._change_households()
        staged.take_over()
        self._change_residents()

    def _number(self) -> None:
        for household in self.households:
            household.id = household.there.id if household.there else 0
        drafts: list[HouseholdDraft | ResidentDraft] = [*self.households, *self.residents]
        new = [draft for draft in drafts if draft.there is None]
        for draft, holder_id in zip(new, next_ids(len(new)), strict=True):
            draft.id = holder_id

    def _new_rows(self, now: datetime) -> Iterator[Rows]:
        """Table by table, those first that others name."""
        homes = [draft for draft in self.households if draft.there is None]
        yield Holder, (self._holder(draft, "household", draft.number, _area_of(draft), now) for draft in homes)
        yield Household, map(_household_row, homes)
        yield HouseholdStay, (self._household_stay(draft, draft.wanted) for draft in homes)
        people = [draft for draft in self.residents if draft.there is None]
        yield (
            Holder,
            (
                self._holder(draft, "person", person_number(draft.id), _area_of(draft.household), now)
                for draft in people
            ),
        )
        yield Person, map(_person_row, people)
        yield ResidentStay, map(self._resident_stay, people)

    # households

    def _change_households(self) -> None:
        for household in self.households:
            if household.there is not None:
                self._change_household(household, household.there)

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

    def _change_residents(self) -> None:
        for resident in self.residents:
            if resident.there is not None:
                self._change_resident(resident, resident.there)

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
