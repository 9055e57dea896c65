from django.db import migrations

TABLES = ("structures_structuresnapshot", "structures_structurenode", "structures_reference")

FUNCTION = """
CREATE FUNCTION structures_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is immutable: a snapshot never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("structures", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION structures_refuse_update();"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER refuse_update BEFORE UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION structures_refuse_update();",
                f"DROP TRIGGER refuse_update ON {table};",
            )
            for table in TABLES
        ),
    ]
