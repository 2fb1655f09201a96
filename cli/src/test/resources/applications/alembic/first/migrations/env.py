import os
import sys

from alembic import context

sys.path.insert(0, os.getcwd())
from database import engine  # noqa: E402

with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
