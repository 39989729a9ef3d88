"""Alembic migrations; `data.migrations.run` applies them."""
