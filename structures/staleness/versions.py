"""The version of all that the tree of a node and its structures show, in one statement."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from project.errors import NotFound
from project.jobs.models import Job
from tenants.models import Tenant

# `xmin` and `ctid` are what `project.db.row_versions` says: they change with a row, whoever writes it. Of an open job
# only that it is open shows. Structure nodes and references never change (a trigger refuses it); what their staleness
# compares them with are fingerprints, which are in the rows of entries, and when a text was corrected.
_COURSE_VERSION_SQL = """
WITH RECURSIVE subtree AS (
    SELECT id FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = %(node)s
    UNION
    SELECT child.id FROM materials_materialnode child JOIN subtree ON child.parent_id = subtree.id
), entry AS (
    SELECT entry.id, entry.job_id, 'e' || entry.xmin || entry.ctid AS version
    FROM materials_materialentry entry JOIN subtree ON entry.node_id = subtree.id
), snapshot AS (
    SELECT snapshot.id, 's' || snapshot.xmin || snapshot.ctid AS version
    FROM structures_structuresnapshot snapshot JOIN subtree ON snapshot.node_id = subtree.id
), versions AS (
    SELECT 'n' || node.xmin || node.ctid AS version FROM materials_materialnode node JOIN subtree USING (id)
    UNION ALL
    SELECT entry.version
        || CASE WHEN job.status = ANY(%(open)s) THEN 'open' ELSE coalesce(job.xmin || job.ctid::text, '') END
    FROM entry LEFT JOIN jobs_job job ON job.id = entry.job_id
    UNION ALL
    SELECT 'c' || correction.xmin || correction.ctid
    FROM materials_chunkcorrection correction JOIN entry ON correction.entry_id = entry.id
    UNION ALL
    SELECT version FROM snapshot
    UNION ALL
    SELECT 'p' || publication.xmin || publication.ctid
    FROM structures_publication publication JOIN snapshot ON publication.snapshot_id = snapshot.id
    UNION ALL
    SELECT 'r' || event.xmin || event.ctid
    FROM structures_reviewevent event JOIN snapshot ON event.snapshot_id = snapshot.id
)
SELECT md5(string_agg(version, ' ' ORDER BY version)) FROM versions
"""


def read_course_version(*, tenant: Tenant, node_id: UUID) -> str:
    """Return a text that changes whenever the node's tree, or a structure of a node in it, would be shown otherwise.

    One statement. It may change when nothing does that is shown. Raises NotFound.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COURSE_VERSION_SQL, {"tenant": tenant.pk, "node": node_id, "open": list(Job.OPEN)})
        version: str | None = cursor.fetchone()[0]
    if version is None:
        raise NotFound(f"There is no node {node_id}.")
    return version
