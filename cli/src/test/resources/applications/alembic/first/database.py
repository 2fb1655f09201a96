"""Where the database is, and how its server is verified, as the platform says."""

import os
import ssl

import sqlalchemy

engine = sqlalchemy.create_engine(
    sqlalchemy.URL.create(
        "postgresql+pg8000",
        username=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"],
        host=os.environ["PGHOST"],
        port=int(os.environ["PGPORT"]),
        database=os.environ["PGDATABASE"],
    ),
    connect_args={"ssl_context": ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])},
)
