"""The database's own guarantee that turns form a tree.

A turn is made below an earlier turn of its conversation or below none, and stays where it was
made: so no row, whoever writes it, can close a circle. The triggers are put back after every
migration, since SQLite drops a table's triggers when Django rebuilds the table. PostgreSQL's 23000
is integrity_constraint_violation, which SQLite raises by itself.
"""

from typing import Any

from django.db import connections

SQLITE = (
    """
    CREATE TRIGGER IF NOT EXISTS conversations_turn_made BEFORE INSERT ON conversations_turn
    WHEN NEW.parent_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM conversations_turn
        WHERE id = NEW.parent_id AND conversation_id = NEW.conversation_id
    )
    BEGIN SELECT RAISE(ABORT, 'a turn follows an earlier turn of its own conversation'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS conversations_turn_moved
    BEFORE UPDATE OF id, parent_id, conversation_id ON conversations_turn
    WHEN NEW.id IS NOT OLD.id OR NEW.parent_id IS NOT OLD.parent_id
        OR NEW.conversation_id IS NOT OLD.conversation_id
    BEGIN SELECT RAISE(ABORT, 'a turn stays where it was made'); END
    """,
)
POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION conversations_turn_made() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.parent_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM conversations_turn
            WHERE id = NEW.parent_id AND conversation_id = NEW.conversation_id
        ) THEN
            RAISE EXCEPTION 'a turn follows an earlier turn of its own conversation'
                USING ERRCODE = '23000';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION conversations_turn_moved() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a turn stays where it was made' USING ERRCODE = '23000';
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER conversations_turn_made BEFORE INSERT ON conversations_turn
    FOR EACH ROW EXECUTE FUNCTION conversations_turn_made()
    """,
    """
    CREATE OR REPLACE TRIGGER conversations_turn_moved
    BEFORE UPDATE OF id, parent_id, conversation_id ON conversations_turn
    FOR EACH ROW WHEN (
        OLD.id IS DISTINCT FROM NEW.id OR OLD.parent_id IS DISTINCT FROM NEW.parent_id
        OR OLD.conversation_id IS DISTINCT FROM NEW.conversation_id
    ) EXECUTE FUNCTION conversations_turn_moved()
    """,
)


def install(using: str, plan: object = (), **_: Any) -> None:
    """Handles ``post_migrate``; does nothing where nothing was migrated."""
    connection = connections[using]
    if not plan:
        return
    with connection.cursor() as cursor:
        for statement in SQLITE if connection.vendor == "sqlite" else POSTGRESQL:
            cursor.execute(statement)
