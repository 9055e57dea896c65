"""Claiming deliveries that are due, a share of the threads for everybody.

A claim is a lease: when the process dies, the delivery is due again once the lease has run out, and is sent once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from tenants.models import WebhookDelivery

# Four times the longest attempt (`sender.SEND_SECONDS`): what is claimed is sent at once, and recorded within seconds.
LEASE = timedelta(seconds=60)
# Attempts at a time. One endpoint that hangs holds its own share alone, and from its first failure on a single thread;
# a tenant with many such endpoints holds eight.
ENDPOINT_CAP, FAILING_ENDPOINT_CAP, TENANT_CAP = 4, 1, 8
# Of the advisory lock under which claims are made one after the other, so that the caps hold for all processes.
_CLAIM_LOCK = int.from_bytes(b"webhook")

_CLAIM = """
WITH under_way AS (
    SELECT endpoint_id, tenant_id, count(*) AS attempts
    FROM tenants_webhookdelivery
    WHERE lease_until > %(now)s
    GROUP BY endpoint_id, tenant_id
),
due AS (
    SELECT delivery.id, endpoint.tenant_id, delivery.next_attempt_at, delivery.turn
    FROM tenants_webhookendpoint endpoint
    JOIN tenants_tenant tenant ON tenant.id = endpoint.tenant_id AND tenant.suspended_at IS NULL
    LEFT JOIN under_way ON under_way.endpoint_id = endpoint.id
    CROSS JOIN LATERAL (
        SELECT id, next_attempt_at,
               coalesce(under_way.attempts, 0) + row_number() OVER (ORDER BY next_attempt_at, id) AS turn
        FROM tenants_webhookdelivery
        WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at <= %(now)s
          AND (lease_until IS NULL OR lease_until <= %(now)s)
        ORDER BY next_attempt_at, id
        LIMIT %(endpoint_cap)s
    ) delivery
    WHERE endpoint.disabled_at IS NULL
      AND (endpoint.throttled_until IS NULL OR endpoint.throttled_until <= %(now)s)
      AND delivery.turn <= CASE WHEN endpoint.failing_since IS NULL THEN %(endpoint_cap)s ELSE %(failing_cap)s END
),
fair AS (
    SELECT due.id, due.next_attempt_at,
           coalesce((SELECT sum(attempts) FROM under_way WHERE under_way.tenant_id = due.tenant_id), 0)
           + row_number() OVER (PARTITION BY due.tenant_id ORDER BY due.turn, due.next_attempt_at, due.id) AS turn
    FROM due
),
chosen AS (
    SELECT id FROM tenants_webhookdelivery
    WHERE status = 'pending' AND id IN (
        SELECT id FROM fair WHERE turn <= %(tenant_cap)s ORDER BY turn, next_attempt_at, id LIMIT %(limit)s
    )
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE tenants_webhookdelivery SET lease_until = %(lease_until)s, token = token + 1
WHERE id IN (SELECT id FROM chosen)
RETURNING id
"""


def claim_deliveries(*, limit: int, now: datetime) -> Sequence[WebhookDelivery]:
    """Return up to `limit` deliveries that are due, with their endpoints; nobody else claims them before LEASE is over.

    The tenants with the fewest attempts under way go first, and of each the endpoints with the fewest.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
        cursor.execute(
            _CLAIM,
            {
                "now": now,
                "lease_until": now + LEASE,
                "limit": limit,
                "endpoint_cap": ENDPOINT_CAP,
                "failing_cap": FAILING_ENDPOINT_CAP,
                "tenant_cap": TENANT_CAP,
            },
        )
        ids: list[UUID] = [row[0] for row in cursor.fetchall()]
    return list(WebhookDelivery.objects.select_related("endpoint").filter(pk__in=ids)) if ids else []
