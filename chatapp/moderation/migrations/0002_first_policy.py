"""Policy version 1: the built-in policy, for a site that has none yet."""

import json

from django.db import migrations


def seed(apps, schema_editor):
    from guardrails.policy import DEFAULT_BODY

    versions = apps.get_model("moderation", "PolicyVersion").objects.using(schema_editor.connection.alias)
    if not versions.exists():
        # Through JSON, as it will be read: enums become plain strings.
        versions.create(version=1, body=json.loads(json.dumps(DEFAULT_BODY)), active=True)


def unseed(apps, schema_editor):
    versions = apps.get_model("moderation", "PolicyVersion").objects.using(schema_editor.connection.alias)
    if not versions.exclude(version=1).exists():
        versions.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(seed, unseed),
    ]
