from django.apps import AppConfig
from django.db.models.signals import post_migrate

from chatapp.conversations import integrity


class ConversationsConfig(AppConfig):
    name = "chatapp.conversations"

    def ready(self) -> None:
        post_migrate.connect(integrity.install, sender=self)
