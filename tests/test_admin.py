"""The admin: every model is there, readable and searchable, without counting or loading big columns."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.fields import ArrayField
from django.db.models import JSONField, Model, TextField
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from materials.models import MaterialEntry
from materials.tree.services import create_node
from project.admin_login import WINDOW_MINUTES
from project.jobs.models import Job, JobStatus
from structures.models import StructureSnapshot
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import ApiKey, Tenant
from tests.conftest import Api, drain
from tests.rate_windows import wait_for_window
from tests.structures.course_page.stored import store_snapshot

OURS = [
    model
    for label in ("tenants", "jobs", "llm", "materials", "structures")
    for model in apps.get_app_config(label).get_models()
]
MODELS = [model for model in OURS if not model._meta.auto_created]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_every_model_can_be_looked_at(
    operator: Client,
    api: Api,
    acme: Tenant,
    lecture: MaterialEntry,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    subtests: pytest.Subtests,
) -> None:
    api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {}, format="json")
    drain()
    assert MODELS

    for model in MODELS:
        with subtests.test(model.__name__):
            assert model in admin.site._registry
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

            with django_assert_max_num_queries(14) as asked:
                page = operator.get(path)
            searched = operator.get(path, {"q": "water"})

            assert (page.status_code, searched.status_code) == (200, 200)
            statements = [query["sql"] for query in asked.captured_queries]
            assert not [sql for sql in statements if "COUNT(" in sql and "auth_" not in sql]
            assert not [sql for sql in statements if '"materials_chunk"."text"' in sql]


@pytest.mark.parametrize("model", list(apps.get_app_config("structures").get_models()), ids=lambda each: each.__name__)
def test_lists_of_structures_read_no_large_column_that_they_do_not_show(
    operator: Client, model: type[Model], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page = admin.site._registry[model]
    tables = {each._meta.db_table: each for each in OURS}

    with django_assert_max_num_queries(14) as asked:
        answer = operator.get(reverse(f"admin:structures_{model._meta.model_name}_changelist"))

    assert answer.status_code == 200
    statements = [query["sql"] for query in asked.captured_queries if f'FROM "{model._meta.db_table}"' in query["sql"]]
    assert statements
    for table, column in re.findall(r'"(\w+)"\."(\w+)"', " ".join(statements)):
        if (owner := tables.get(table)) is None or (table == model._meta.db_table and column in page.list_display):
            continue
        field = next(each for each in owner._meta.concrete_fields if each.column == column)
        assert not isinstance(field, JSONField | TextField | ArrayField), f"{table}.{column}"


@pytest.fixture
def snapshot(acme: Tenant) -> StructureSnapshot:
    return store_snapshot(acme, create_node(tenant=acme, title="Course"), [])


@pytest.mark.parametrize("is_operator", [True, False])
def test_only_whom_the_pages_of_courses_answer_gets_a_link_to_them(
    operator: Client, acme: Tenant, snapshot: StructureSnapshot, is_operator: bool
) -> None:
    copy = create_working_copy(
        tenant=acme, snapshot_id=snapshot.pk, name="main", actor=Actor(kind="user", id="1", name="Grace")
    )
    reader = operator
    if not is_operator:
        onlooker = User.objects.create_user("onlooker", is_staff=True)
        onlooker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        reader = Client()
        reader.force_login(onlooker)

    for name, row, target in (
        ("structuresnapshot", snapshot.pk, f"/admin/courses/{copy.node_id}/"),
        ("workingcopy", copy.pk, f"/admin/courses/copies/{copy.pk}/"),
    ):
        page = reader.get(reverse(f"admin:structures_{name}_change", args=[row]))
        assert page.status_code == 200
        assert (target in page.content.decode()) == is_operator
        assert reader.get(target).status_code == (200 if is_operator else 403)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_an_operator_issues_a_key_and_sees_it_once(operator: Client, acme: Tenant, mode: str) -> None:
    form = {
        "tenant": str(acme.pk),
        "label": "back end",
        "scopes": ["prep"],
        "mode": mode,
        "prep_per_minute": 5,
        "check_per_minute": 9,
        "networks": "127.0.0.0/8, ::1",
    }
    page = operator.post(reverse("admin:tenants_apikey_add"), form, follow=True).content.decode()

    secret = re.search(rf"cw_{mode}_[0-9A-Za-z]{{36}}", page)
    assert secret is not None
    told = APIClient(headers={"X-API-Key": secret[0]}).get("/api/v1/me").json()
    assert (told["prep_per_minute"], told["mode"]) == (5, mode)
    assert ApiKey.objects.get().networks == ["127.0.0.0/8", "::1/128"]
    assert secret[0] not in operator.get(reverse("admin:tenants_apikey_changelist")).content.decode()


def test_an_operator_revokes_a_key(operator: Client, api: Api, acme: Tenant) -> None:
    client = api(acme)
    chosen = {"action": "revoke_keys", "_selected_action": [str(ApiKey.objects.get().pk)]}

    operator.post(reverse("admin:tenants_apikey_changelist"), chosen)

    assert client.get("/api/v1/me").json()["code"] == "key_revoked"


def test_an_operator_retries_and_cancels_jobs(operator: Client, lecture: MaterialEntry) -> None:
    again = {"action": "ingest_entries", "_selected_action": [str(lecture.pk)]}
    operator.post(reverse("admin:materials_materialentry_changelist"), again)
    job = Job.objects.get(status=JobStatus.QUEUED)

    for action, status in (("cancel_jobs", JobStatus.CANCELLED), ("retry_jobs", JobStatus.QUEUED)):
        operator.post(reverse("admin:jobs_job_changelist"), {"action": action, "_selected_action": [str(job.pk)]})
        job.refresh_from_db()
        assert job.status == status


def test_nothing_is_changed_by_hand(operator: Client, lecture: MaterialEntry) -> None:
    address = reverse("admin:materials_materialentry_change", args=[lecture.pk])

    assert operator.post(address, {"name": "other"}).status_code == 403
    assert operator.post(reverse("admin:materials_materialentry_delete", args=[lecture.pk])).status_code == 403


@pytest.mark.parametrize("action", ["revoke_keys", "rotate"])
def test_an_action_needs_more_than_the_permission_to_look(api: Api, acme: Tenant, action: str) -> None:
    client = api(acme)
    onlooker = User.objects.create_user("onlooker", is_staff=True)
    onlooker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Client()
    browser.force_login(onlooker)
    keys = reverse("admin:tenants_apikey_changelist")
    assert browser.get(keys).status_code == 200

    browser.post(keys, {"action": action, "_selected_action": [str(ApiKey.objects.get().pk)]})

    assert client.get("/api/v1/me").json()["expires_at"] is None
    assert ApiKey.objects.count() == 1


def test_every_action_names_the_permission_that_it_needs() -> None:
    admins = map(admin.site.get_model_admin, OURS)
    actions = [getattr(model_admin, str(name)) for model_admin in admins for name in model_admin.actions or ()]

    assert actions
    assert not [action for action in actions if not getattr(action, "allowed_permissions", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"prep_per_minute": 0},
        {"scopes": []},
        {"expires_at_0": "2020-01-01", "expires_at_1": "00:00"},
        {"node_id": "0192f0c1-7d3e-7a3b-9d57-3b1f0a3f7c11"},
        {"networks": "10.0.0.1/8"},
    ],
)
def test_a_key_that_could_not_work_is_not_issued(operator: Client, acme: Tenant, wrong: dict[str, Any]) -> None:
    limits = {"prep_per_minute": 5, "check_per_minute": 9}
    form = {"tenant": str(acme.pk), "label": "x", "scopes": ["prep"], "mode": "live", **limits}

    page = operator.post(reverse("admin:tenants_apikey_add"), {**form, **wrong})

    assert page.status_code == 200
    assert page.context["adminform"].errors
    assert not ApiKey.objects.exists()


def test_the_admin_shows_whose_sandbox_a_tenant_is_and_gives_it_no_live_key(operator: Client, sandbox: Tenant) -> None:
    form = {"tenant": str(sandbox.pk), "label": "x", "scopes": ["prep"], "mode": "live"}

    page = operator.get(reverse("admin:tenants_tenant_changelist"), {"sandbox_of__isempty": "0"}).content.decode()
    refused = operator.post(reverse("admin:tenants_apikey_add"), {**form, "prep_per_minute": 5, "check_per_minute": 9})

    assert page.count("acme-sandbox") >= 1
    assert "A sandbox has test keys only" in refused.content.decode()
    assert not ApiKey.objects.exists()


LOGIN = "/admin/login/"
PASSWORD = "correct horse battery staple"  # of a user of these tests


@pytest.fixture
def admin_user(db: None) -> User:
    return User.objects.create_superuser("operator", password=PASSWORD)


@pytest.fixture
def one_window() -> None:
    """Begin where the window of the limits has half a minute left."""
    wait_for_window(minutes=WINDOW_MINUTES, seconds=30)


def log_in(password: str, *, name: str = "operator", client_ip: str = "192.0.2.50") -> int:
    return Client(REMOTE_ADDR=client_ip).post(LOGIN, {"username": name, "password": password}).status_code


@pytest.mark.usefixtures("one_window")
def test_wrong_passwords_are_limited_before_they_are_looked_at(admin_user: User) -> None:
    statuses = [log_in("wrong", client_ip="192.0.2.51") for _ in range(5)]

    refused = Client(REMOTE_ADDR="192.0.2.51").post(LOGIN, {"username": "operator", "password": PASSWORD})

    assert statuses == [200] * 5
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 15 * 60
    assert log_in("wrong", name=" OPERATOR ", client_ip="192.0.2.51") == 429
    assert log_in(PASSWORD, client_ip="192.0.2.52") == 302, "others are not locked out"


@pytest.mark.usefixtures("one_window")
def test_a_client_that_tries_many_names_is_limited_too(admin_user: User) -> None:
    statuses = [log_in("wrong", name=f"name-{number}", client_ip="192.0.2.53") for number in range(26)]

    assert statuses == [200] * 25 + [429]


def test_a_good_password_ends_the_count(admin_user: User) -> None:
    statuses = [log_in(password, client_ip="192.0.2.54") for password in ("wrong", "wrong", PASSWORD) * 4]

    assert statuses == [200, 200, 302] * 4


@pytest.mark.usefixtures("one_window")
def test_whoever_has_an_account_gets_no_more_tries_for_other_names(admin_user: User) -> None:
    for number in range(12):
        log_in("wrong", name=f"name-{number}", client_ip="192.0.2.55")
    assert log_in(PASSWORD, client_ip="192.0.2.55") == 302

    statuses = [log_in("wrong", name=f"other-{number}", client_ip="192.0.2.55") for number in range(13)]

    assert statuses == [200] * 12 + [429]


def test_nothing_in_the_admin_runs_a_function_by_its_name(operator: Client) -> None:
    queue = [model for model in apps.get_app_config("django_q").get_models() if model in admin.site._registry]

    assert queue == []
    assert operator.get("/admin/django_q/schedule/add/").status_code == 404
    assert settings.Q_CLUSTER["scheduler"] is False
