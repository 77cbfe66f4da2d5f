"""Alembic runs this for each command: revisions go through the connection that ``migrate`` gives."""

from alembic import context

from ocs.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
