"""What the databases keep beside the rows of :class:`chatapp.conversations.models.Indexed`.

SQLite has a table of its FTS5, kept in step by triggers; PostgreSQL a column of the row itself.
Both are put back after every migration, as in integrity.py.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "conversations_words"
MAKE = """
    CREATE VIRTUAL TABLE conversations_words USING fts5(
        owner_id, words, content='conversations_indexed', content_rowid='id',
        tokenize='unicode61 remove_diacritics 0', prefix='2 3', detail='column'
    )
"""
FILL = "INSERT INTO conversations_words (conversations_words) VALUES ('rebuild')"
TRIGGERS = (
    """
    CREATE TRIGGER IF NOT EXISTS conversations_indexed_made AFTER INSERT ON conversations_indexed
    BEGIN
        INSERT INTO conversations_words (rowid, owner_id, words)
        VALUES (NEW.id, NEW.owner_id, NEW.words);
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS conversations_indexed_gone AFTER DELETE ON conversations_indexed
    BEGIN
        INSERT INTO conversations_words (conversations_words, rowid, owner_id, words)
        VALUES ('delete', OLD.id, OLD.owner_id, OLD.words);
    END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS conversations_indexed_changed AFTER UPDATE ON conversations_indexed
    BEGIN
        INSERT INTO conversations_words (conversations_words, rowid, owner_id, words)
        VALUES ('delete', OLD.id, OLD.owner_id, OLD.words);
        INSERT INTO conversations_words (rowid, owner_id, words)
        VALUES (NEW.id, NEW.owner_id, NEW.words);
    END
    """,
)
POSTGRESQL = (
    """
    ALTER TABLE conversations_indexed ADD COLUMN IF NOT EXISTS vector tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, words)) STORED
    """,
    """
    CREATE INDEX IF NOT EXISTS conversations_indexed_vector
    ON conversations_indexed USING gin (vector)
    """,
)


def install(using: str, plan: object = (), **_: Any) -> None:
    """Handles ``post_migrate``; does nothing where nothing was migrated."""
    if not plan:
        return
    database = connections[using]
    with database.cursor() as cursor:
        for statement in _statements(database):
            cursor.execute(statement)


def _statements(database: BaseDatabaseWrapper) -> tuple[str, ...]:
    if database.vendor != "sqlite":
        return POSTGRESQL
    made = TABLE in database.introspection.table_names()
    return TRIGGERS if made else (MAKE, *TRIGGERS, FILL)
