from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client


def test_the_documentation_runs_no_script_of_its_page() -> None:
    answer = Client().get("/api/docs")

    assert "script-src 'self'" in answer["Content-Security-Policy"].split("; ")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.content.decode(), re.DOTALL)
    assert len(scripts) >= 3
    assert all("src=" in attributes and not body.strip() for attributes, body in scripts)


def test_the_admin_loads_nothing_from_elsewhere() -> None:
    policy = Client().get("/admin/login/")["Content-Security-Policy"]

    assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy.split("; "))
    assert "http" not in policy


@pytest.mark.django_db
def test_a_log_in_without_an_aim_leads_to_the_admin() -> None:
    User.objects.create_superuser("operator", password="correct horse battery")

    answer = Client().post("/admin/login/", {"username": "operator", "password": "correct horse battery"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_data_has_no_policy() -> None:
    assert "Content-Security-Policy" not in Client().get("/health/live")
