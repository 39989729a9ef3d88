"""Which months of facts stand in files

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.security import permit_job, protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_AT = postgresql.TIMESTAMP(timezone=True)
_STATES = "state IN ('verified', 'leaving', 'detached', 'archived', 'restored')"


def upgrade() -> None:
    op.create_table(
        "archives",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("fact_table", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "fact_table", "month", "part", name=op.f("pk_archives")),
        sa.CheckConstraint(_STATES, name=op.f("ck_archives_state")),
    )
    for statement in protect("archives"):
        op.execute(statement)
    op.execute(permit_job("archives"))


def downgrade() -> None:
    # What stands in files must be in the tables again first: without this table nobody finds it.
    left = op.get_bind().execute(sa.text("SELECT set_config('app.job', 'archives', true)"))
    left = op.get_bind().execute(sa.text("SELECT count(*) FROM archives WHERE state <> 'restored'"))
    if left.scalar():
        raise RuntimeError("Months are archived: bring them back first (python -m jobs archive restore all).")
    op.drop_table("archives")
