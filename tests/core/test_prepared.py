"""Queries that the driver runs: the same rows as SQLAlchemy's own, in the session's transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from tests.conftest import both_databases
from tests.factories import make_appointment, make_community, make_household, make_person, make_scheme, make_user
from webapp.extensions import db
from webapp.places.models import Holder, Person
from webapp.prepared import Places, Prepared
from webapp.schemes.models import Scheme
from webapp.users.models import Appointment, SignIn

_holder, _person, _scheme = Holder.__table__.c, Person.__table__.c, Scheme.__table__.c
_appointment, _sign_in = Appointment.__table__.c, SignIn.__table__.c


@both_databases
def test_columns_are_read_as_their_types_say(app):
    person = make_person(area=make_community().community, name="李玉梅")
    make_appointment(person=person, post="grid_worker", area=person.area, starts_on=date(2026, 3, 1))
    statement = (
        select(_holder.id, _holder.name, _person.staff, _appointment.starts_on, _appointment.ends_on)
        .join(Person.__table__, _person.id == _holder.id)
        .join(Appointment.__table__, _appointment.person_id == _person.id)
        .where(_appointment.starts_on <= bindparam("day"))
    )

    rows = Prepared(statement).all(day=date(2026, 3, 1))

    assert [tuple(row) for row in rows] == [
        tuple(row) for row in db.session.execute(statement, {"day": date(2026, 3, 1)})
    ]
    assert (rows[0].name, rows[0].staff, rows[0].starts_on, rows[0].ends_on) == (
        "李玉梅",
        False,
        date(2026, 3, 1),
        None,
    )


@both_databases
def test_moments_go_in_and_come_out_in_utc(app):
    now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    db.session.add(SignIn(token_print="a" * 64, user_id=make_user().id, started_at=now, expires_at=now, where=""))
    db.session.flush()
    query = Prepared(select(_sign_in.started_at).where(_sign_in.expires_at == bindparam("now")))

    assert query.first(now=now).started_at == now
    assert query.first(now=now.replace(minute=31)) is None


@both_databases
def test_a_fixed_number_of_places_takes_fewer_values_but_never_more(app):
    ids = [make_household(number=number).id for number in ("01-01", "01-02", "01-03")]
    places = Places("household", 3)
    query = Prepared(select(_holder.id).where(_holder.id.in_(places.parameters()), _holder.name.in_(["甲", "乙"])))

    assert query.all(**places.filled(ids[:2])) == []
    with pytest.raises(ValueError, match="4 values for 3 places"):
        places.filled([1, 2, 3, 4])


def test_a_list_of_changing_length_is_refused(app):
    query = Prepared(select(_person.id).where(_person.id.in_(bindparam("ids", expanding=True))))
    with pytest.raises(ValueError, match="use Places"):
        query.all(ids=[1, 2])


@both_databases
def test_it_runs_in_the_transaction_that_is_open_now(app):
    query = Prepared(select(_holder.name).where(_holder.name == bindparam("name")))
    make_person(area=make_community().community, name="李玉梅")

    assert query.first(name="李玉梅") is not None
    db.session.rollback()
    assert query.first(name="李玉梅") is None


@both_databases
def test_a_savepoint_takes_back_what_was_written_inside_it(app):
    scheme = make_scheme(area=make_community().community)
    rename = Prepared(
        db.update(Scheme.__table__).where(_scheme.id == bindparam("p_id")).values(name=bindparam("p_name"))
    )
    read = Prepared(select(_scheme.name).where(_scheme.id == bindparam("id")))
    before = read.first(id=scheme.id).name

    inside = db.session.begin_nested()
    assert rename.count(p_id=scheme.id, p_name="改过的名称") == 1
    inside.rollback()

    assert read.first(id=scheme.id).name == before


@both_databases
def test_many_rows_are_written_each_with_its_own_values_and_stay_as_they_were_given(app):
    day, next_day = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)
    area = make_community().community
    ids = [make_person(area=area, name=name).id for name in ("李玉梅", "王建国", "张桂兰")]
    rows = [{"p_id": ident, "p_at": at} for ident, at in zip(ids, (day, day, next_day), strict=True)]
    given = [dict(row) for row in rows]
    Prepared(
        db.update(Holder.__table__).where(_holder.id == bindparam("p_id")).values(created_at=bindparam("p_at"))
    ).each(rows)

    read = Prepared(select(_holder.created_at).where(_holder.id == bindparam("id")))
    assert [read.first(id=ident).created_at for ident in ids] == [day, day, next_day]
    assert rows == given


@both_databases
def test_an_error_of_the_driver_is_sqlalchemys_and_tells_no_values(app):
    query = Prepared(select(_holder.id).where(db.func.no_such_function(_holder.name) == bindparam("name")))
    with pytest.raises(DBAPIError) as error:
        query.all(name="李玉梅")
    assert "李玉梅" not in str(error.value)
