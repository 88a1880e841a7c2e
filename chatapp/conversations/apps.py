from django.apps import AppConfig
from django.db.models.signals import post_migrate

from chatapp.conversations import index_schema, integrity


class ConversationsConfig(AppConfig):
    name = "chatapp.conversations"

    def ready(self) -> None:
        post_migrate.connect(integrity.install, sender=self)
        post_migrate.connect(index_schema.install, sender=self)
