from django.db import migrations

GROUP, PERMISSION = "methodologist", "edit_courses"


def make_group(apps, schema_editor):
    """Make the group with its permission, which Django itself would make only after the last migration."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    content_type, _ = ContentType.objects.get_or_create(app_label="tenants", model="tenantmembership")
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=PERMISSION,
        defaults={"name": "Can read and edit the courses of the tenant in the admin"},
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ("tenants", "0002_tenant_membership"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        # Backwards nothing: operators may have put users into the group.
        migrations.RunPython(make_group, migrations.RunPython.noop),
    ]
