from django.db import migrations, models

SCOPES = ["prep", "check", "immediate", "generate", "approve", "export", "webhooks", "keys", "admin"]


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_idempotent_requests'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='apikey', name='key_has_known_scopes'),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(
                condition=models.Q(('scopes__contained_by', SCOPES), ('scopes__len__gte', 1)),
                name='key_has_known_scopes',
                violation_error_message='A key needs at least one scope, and only scopes of config/scopes.yaml.',
            ),
        ),
    ]
