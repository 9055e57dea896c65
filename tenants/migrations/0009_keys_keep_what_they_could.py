"""Give the keys that exist the scopes of what they could do before these scopes existed."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Whoever could write could start generations, approve, publish and export; whoever could read could export.
_ADDED = {"prep": ("generate", "approve", "export"), "check": ("export",)}
_NEW = {"generate", "approve", "export", "webhooks", "keys", "admin"}


def add_scopes(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    for key in apps.get_model("tenants", "ApiKey").objects.only("scopes").iterator():
        added = {scope for held in key.scopes for scope in _ADDED.get(held, ())}
        if added - set(key.scopes):
            key.scopes = sorted(added.union(key.scopes))
            key.save(update_fields=["scopes"])


def remove_scopes(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Leave each key the scopes that the version before knew; one that has none of them can then do nothing."""
    keys = apps.get_model("tenants", "ApiKey").objects
    for key in keys.only("scopes").iterator():
        known = set(key.scopes) - _NEW | ({"prep"} if "admin" in key.scopes else set())
        key.scopes = sorted(known) or ["immediate"]
        key.save(update_fields=["scopes"])


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0008_finer_scopes'),
    ]

    operations = [migrations.RunPython(add_scopes, remove_scopes)]
