import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone


def revoke_test_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse the test keys that there are: they were issued for the data of the tenant itself.

    Moved into a sandbox, they would go on to work, and what is sent with them would be deleted after some weeks
    without anybody having been told. All that was made with them stays with the tenant.
    """
    keys = apps.get_model("tenants", "ApiKey").objects.filter(prefix__startswith="cw_test_", revoked_at=None)
    keys.update(revoked_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_key_restrictions")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="sandbox_of",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="The tenant whose test keys work here. None: it is no sandbox.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        # Backwards they stay revoked: nobody knows which of them were revoked before.
        migrations.RunPython(revoke_test_keys, migrations.RunPython.noop),
    ]
