from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("create table notes (id serial primary key, text text not null)")
    op.execute("insert into notes (text) values ('from a migration')")


def downgrade():
    op.execute("drop table notes")
