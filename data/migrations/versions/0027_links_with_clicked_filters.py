"""Links that were given with clicked filters say that those stand for all of the board's

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# A link's filters came to stand beside those of its board, dimension by dimension. One that was given before
# goes on showing what it did.
_SAY = """
UPDATE dashboard_links SET filters = filters || '{"f": "none"}'
WHERE NOT filters ? 'f' AND EXISTS (SELECT FROM jsonb_object_keys(filters) name WHERE name LIKE 'f.%')
"""


def upgrade() -> None:
    """The owner of the table sees no rows, until a policy lets it."""
    op.execute("CREATE POLICY upgrade ON dashboard_links TO CURRENT_USER USING (true)")
    op.execute(_SAY)
    op.execute("DROP POLICY upgrade ON dashboard_links")


def downgrade() -> None:
    """The version before reads such links, too."""
