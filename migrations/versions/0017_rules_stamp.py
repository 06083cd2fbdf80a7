"""A stamp on each scheme that the database changes whenever something of its rules changes.

Whoever remembers a scheme's rules under its stamp can't hold old ones: no verb, script or colleague has to think of it,
and a random stamp never comes back, not even after a rollback or from a restored backup.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

#: Table -> which schemes a row of it belongs to, for the row named OLD or NEW.
OWNERS = {
    "category": "id = {row}.scheme_id",
    "rule": "id = {row}.scheme_id",
    "rule_version": "id = (SELECT scheme_id FROM rule WHERE rule.id = {row}.rule_id)",
}
ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _statement(table: str, verb: str) -> str:
    """Sets the stamp of the schemes that a change of one row concerns; 0 is kept for a scheme without rules."""
    number = "1 + floor(random() * 9007199254740991)" if _postgresql() else "1 + abs(random() % 9007199254740991)"
    where = " OR ".join(OWNERS[table].format(row=row) for row in ROWS[verb])
    return f"UPDATE scheme SET rules_stamp = {number} WHERE {where}"


def upgrade() -> None:
    op.add_column("scheme", sa.Column("rules_stamp", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    for table in OWNERS:
        for verb in ROWS:
            _stamp_after(table, verb)
    op.execute("UPDATE category SET position = position")  # stamps what is there


def _stamp_after(table: str, verb: str) -> None:
    name, statement = f"{table}_stamps_{verb.lower()}", _statement(table, verb)
    if _postgresql():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} AFTER {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    else:
        op.execute(f"CREATE TRIGGER {name} AFTER {verb} ON {table} FOR EACH ROW BEGIN {statement}; END")


def downgrade() -> None:
    for table in OWNERS:
        for verb in ROWS:
            name = f"{table}_stamps_{verb.lower()}"
            on = f" ON {table}" if _postgresql() else ""
            op.execute(f"DROP TRIGGER {name}{on}")
            if _postgresql():
                op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("scheme", "rules_stamp")
