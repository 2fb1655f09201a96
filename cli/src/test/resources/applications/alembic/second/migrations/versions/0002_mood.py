from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("alter table notes add mood text not null default 'cheerful'")


def downgrade():
    op.execute("alter table notes drop mood")
