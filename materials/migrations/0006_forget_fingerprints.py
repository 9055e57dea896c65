from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """Let fingerprints be computed again: accepted mappings are part of them now. Without any they stay what they were."""
    apps.get_model('materials', 'MaterialNode').objects.exclude(fingerprint='').update(fingerprint='')


class Migration(migrations.Migration):

    dependencies = [
        ('materials', '0005_state_mappings'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
