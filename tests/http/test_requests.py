from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.models import Tenant
from tests.conftest import Api


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.msg for record in caplog.records if record.name == "project.http.requests" and record.msg]  # type: ignore[misc]


def test_it_logs_who_asked_for_what_but_no_query_and_no_key(
    api: Api, acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client = api(acme)

    answer = client.get("/api/v1/nodes?limit=7")

    (line,) = lines(caplog)
    assert line["method"] == "GET"
    assert line["path"] == "/api/v1/nodes"
    assert line["status"] == 200
    assert line["tenant"] == "acme"
    assert line["request_id"] == answer["X-Request-Id"]
    assert line["milliseconds"] >= 0
    assert "limit" not in str(line)
    assert client.defaults["HTTP_X_API_KEY"] not in str(line)


def test_a_request_leaves_nothing_in_the_log_of_the_next(
    api: Api, acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    api(acme).get("/api/v1/me")

    APIClient().get("/health/live")

    assert "tenant" in lines(caplog)[0]
    assert "tenant" not in lines(caplog)[1]


def test_no_cache_may_keep_an_answer(api: Api, acme: Tenant) -> None:
    assert api(acme).get("/api/v1/me")["Cache-Control"] == "private, no-cache"


def test_it_refuses_a_body_of_unannounced_length_instead_of_ignoring_it(api: Api, acme: Tenant) -> None:
    answer = api(acme).generic("POST", "/api/v1/nodes", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 411
    assert answer.json()["code"] == "length_required"
    assert answer["X-Request-Id"]
