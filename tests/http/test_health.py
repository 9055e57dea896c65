from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from project.jobs.models import ClusterHeartbeat


def test_it_is_alive_without_a_database() -> None:
    assert APIClient().get("/health/live").json()["status"] == "ok"


@pytest.mark.django_db
def test_it_is_not_ready_without_a_worker() -> None:
    answer = APIClient().get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["ok"]
    assert answer.json()["checks"]["storage"]["ok"]
    assert not answer.json()["checks"]["worker"]["ok"]
    assert "manage.py worker" in answer.json()["checks"]["worker"]["detail"]


@pytest.mark.django_db
def test_it_is_ready_while_a_worker_answers() -> None:
    now = timezone.now()
    ClusterHeartbeat.objects.create(cluster="here:1", seen_at=now, sent_at=now, answered_at=now)

    answer = APIClient().get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


@pytest.mark.django_db
def test_it_shows_the_api_to_everybody_without_leaving_the_machine() -> None:
    page = APIClient().get("/api/docs").content.decode()
    schema = APIClient().get("/api/schema")

    assert schema.status_code == 200
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page
