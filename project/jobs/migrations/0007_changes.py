"""Marks each change of a job with its transaction, and tells whoever listens of it."""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION jobs_mark_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    PERFORM pg_notify('coursewright_jobs', NEW.tenant_id || ' ' || NEW.id);
    RETURN NEW;
END
$$;
"""
# Not heartbeats and leases, which are written every second and told to nobody.
TOLD = (
    "status", "stage", "done", "total", "plan", "attempt", "max_attempts", "token", "priority", "waits_for",
    "error_code", "error_message", "next_step", "result", "queued_at", "cancel_requested_at",
)
OLD, NEW = (", ".join(f"{row}.{column}" for column in TOLD) for row in ("OLD", "NEW"))
TRIGGERS = f"""
CREATE TRIGGER job_is_new BEFORE INSERT ON jobs_job
    FOR EACH ROW EXECUTE FUNCTION jobs_mark_change();
CREATE TRIGGER job_is_changed BEFORE UPDATE ON jobs_job
    FOR EACH ROW WHEN (({OLD}) IS DISTINCT FROM ({NEW})) EXECUTE FUNCTION jobs_mark_change();
"""
REVERSE = """
DROP TRIGGER job_is_changed ON jobs_job;
DROP TRIGGER job_is_new ON jobs_job;
DROP FUNCTION jobs_mark_change();
"""


class Migration(migrations.Migration):

    dependencies = [("jobs", "0005_list_filters")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="changed_in",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="The transaction that last changed what is told of the job.",
            ),
        ),
        migrations.RunSQL(FUNCTION + TRIGGERS, REVERSE),
    ]
