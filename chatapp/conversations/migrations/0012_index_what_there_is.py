from django.db import migrations

from chatapp.conversations.words import folded

AT_ONCE = 500
WORDS_BYTES = 200_000


def words(text):
    return folded(text).encode()[:WORDS_BYTES].decode(errors="ignore")


def index(apps, schema_editor):
    """Conversations and turns that were kept before there was an index."""
    using = schema_editor.connection.alias
    Indexed = apps.get_model("conversations", "Indexed")
    Conversation = apps.get_model("conversations", "Conversation")
    Turn = apps.get_model("conversations", "Turn")
    rows = []

    def put(row):
        rows.append(row)
        if len(rows) >= AT_ONCE:
            flush()

    def flush():
        Indexed.objects.using(using).bulk_create(rows)
        rows.clear()

    kept = Conversation.objects.using(using).filter(expires=None)
    for name, owner, title in kept.values_list("id", "owner_id", "title").iterator(AT_ONCE):
        put(Indexed(owner_id=owner, conversation_id=name, words=words(title)))
    ended = Turn.objects.using(using).exclude(status__in=["queued", "running"])
    values = ("id", "conversation__owner_id", "question", "answer")
    for name, owner, question, answer in (
        ended.filter(conversation__expires=None).values_list(*values).iterator(AT_ONCE)
    ):
        put(Indexed(owner_id=owner, turn_id=name, words=words(f"{question} {answer}")))
    flush()


class Migration(migrations.Migration):
    dependencies = [("conversations", "0011_indexed")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
