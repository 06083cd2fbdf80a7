"""Places: the area tree, holders, stays, stations, imports."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    path = sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql")
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("colour", sa.String(length=10), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("path", path, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("colour IN ('red', 'yellow', 'blue', 'green', 'purple')", name=op.f("ck_area_colour")),
        sa.CheckConstraint("colour IS NULL OR kind = 'grid'", name=op.f("ck_area_colour_of_grid")),
        sa.CheckConstraint(
            "kind IN ('county', 'street', 'community', 'grid', 'micro_grid')", name=op.f("ck_area_kind")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("parent_id", "name", name=op.f("uq_area_parent_id_name")),
    )
    op.create_index("ix_area_path", "area", ["path"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rows >= 0 AND added >= 0 AND changed >= 0", name=op.f("ck_import_run_counts")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_import_run_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("register", "area_id", "sha256", name=op.f("uq_import_run_register_area_id_sha256")),
    )
    op.create_table(
        "holder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("initials", sa.String(length=400), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('household', 'courtyard', 'shop', 'person')", name=op.f("ck_holder_kind")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_holder_area_id")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_holder_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("community_id", "kind", "number", name="uq_holder_number"),
    )
    op.create_index("ix_holder_area_id", "holder", ["area_id", "kind"], unique=False)
    op.create_index("ix_holder_kind_name", "holder", ["kind", "name"], unique=False)
    op.create_table(
        "station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_station_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("area_id", "name", name=op.f("uq_station_area_id_name")),
    )
    op.create_table(
        "courtyard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("lane", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["holder.id"], name=op.f("fk_courtyard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courtyard")),
    )
    op.create_table(
        "household",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("courtyard_id", sa.Integer(), nullable=True),
        sa.Column("tenure", sa.String(length=10), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.CheckConstraint("tenure IN ('owner', 'renter', 'away')", name=op.f("ck_household_tenure")),
        sa.ForeignKeyConstraint(["courtyard_id"], ["courtyard.id"], name=op.f("fk_household_courtyard_id")),
        sa.ForeignKeyConstraint(["id"], ["holder.id"], name=op.f("fk_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
    )
    op.create_index("ix_household_courtyard_id", "household", ["courtyard_id"], unique=False)
    op.create_table(
        "household_stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("courtyard_id", sa.Integer(), nullable=True),
        sa.Column("tenure", sa.String(length=10), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("tenure IN ('owner', 'renter', 'away')", name=op.f("ck_household_stay_tenure")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_household_stay_order")),
        sa.ForeignKeyConstraint(["courtyard_id"], ["courtyard.id"], name=op.f("fk_household_stay_courtyard_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_household_stay_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_stay")),
    )
    op.create_index("ix_household_stay_courtyard_id", "household_stay", ["courtyard_id"], unique=False)
    op.create_index("ix_household_stay_household_id", "household_stay", ["household_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("identity_tail", sa.String(length=4), nullable=False),
        sa.Column("identity_digest", sa.String(length=64), nullable=True),
        sa.Column("party_member", sa.Boolean(), nullable=False),
        sa.Column("volunteer", sa.Boolean(), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_person_household_id")),
        sa.ForeignKeyConstraint(["id"], ["holder.id"], name=op.f("fk_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_household_id", "person", ["household_id"], unique=False)
    op.create_index("ix_person_identity_digest", "person", ["identity_digest"], unique=False)
    op.create_table(
        "resident_stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_resident_stay_order")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_resident_stay_household_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_resident_stay_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_stay")),
    )
    op.create_index("ix_resident_stay_household_id", "resident_stay", ["household_id"], unique=False)
    op.create_index("ix_resident_stay_person_id", "resident_stay", ["person_id"], unique=False)
    op.create_table(
        "shop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("keeper", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["holder.id"], name=op.f("fk_shop_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_shop_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
    )


def downgrade() -> None:
    op.drop_table("shop")
    op.drop_index("ix_resident_stay_person_id", table_name="resident_stay")
    op.drop_index("ix_resident_stay_household_id", table_name="resident_stay")
    op.drop_table("resident_stay")
    op.drop_index("ix_person_identity_digest", table_name="person")
    op.drop_index("ix_person_household_id", table_name="person")
    op.drop_table("person")
    op.drop_index("ix_household_stay_household_id", table_name="household_stay")
    op.drop_index("ix_household_stay_courtyard_id", table_name="household_stay")
    op.drop_table("household_stay")
    op.drop_index("ix_household_courtyard_id", table_name="household")
    op.drop_table("household")
    op.drop_table("courtyard")
    op.drop_table("station")
    op.drop_index("ix_holder_kind_name", table_name="holder")
    op.drop_index("ix_holder_area_id", table_name="holder")
    op.drop_table("holder")
    op.drop_table("import_run")
    op.drop_index("ix_area_path", table_name="area")
    op.drop_table("area")
