"""Who opens the pages of courses: operators all, methodologists those of their tenant, nobody else any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import URLPattern, reverse

from materials.models import MaterialEntry
from structures.comments.services import start_thread
from structures.course_admin.urls import urlpatterns
from structures.editing.trees import COURSE_KEY
from structures.models import Comment, CommentThread, EditRecord, Reference, WorkingCopy
from tenants.actors import Actor
from tenants.models import Tenant, TenantMembership
from tenants.services import assign_methodologist, remove_methodologist, suspend_tenant
from tests.structures.course_admin.editor import parse_page

PAGES: list[URLPattern] = urlpatterns
NO_ROWS = {"courses"}
"""Pages without an id in their URL."""


def build_url(pattern: URLPattern, copy: WorkingCopy) -> str:
    """Return the URL of a page with the ids of this working copy and what belongs to it."""
    entry = MaterialEntry.objects.get(node=copy.node_id)
    reference = Reference.objects.filter(snapshot=copy.base_snapshot).first()
    assert reference is not None
    thread = CommentThread.objects.filter(node=copy.node_id).first() or start_thread(
        tenant=copy.tenant,
        node_id=copy.node_id,
        key=COURSE_KEY,
        text="secret comment",
        snapshot_id=None,
        copy_id=copy.pk,
        actor=Actor(kind="user", id="1", name="secret person"),
    )
    known: dict[str, Any] = {
        "thread": thread.pk,
        "node": copy.node_id,
        "snapshot": copy.base_snapshot,
        "earlier": copy.base_snapshot,
        "reference": reference.pk,
        "copy": copy.pk,
        "entry": entry.pk,
        "number": 2,
        "conflict": copy.pk,
        "operation": "delete_node",
        "step": "undo",
    }
    names = pattern.pattern.converters
    return reverse(f"course_admin:{pattern.name}", kwargs={name: known[name] for name in names})


def list_methods(pattern: URLPattern) -> Iterator[str]:
    view = pattern.callback.view_class  # type: ignore[attr-defined]  # all are class-based
    yield from (method for method in ("get", "post") if hasattr(view, method))


def test_no_page_shows_another_tenants_rows(browser: Client, copy: WorkingCopy, rival_copy: WorkingCopy) -> None:
    values = {"revision": "1", "key": str(rival_copy.node_id), "keep": "mine", "name": "x", "text": "x"}
    for pattern in PAGES:
        url = build_url(pattern, rival_copy)
        for method in list_methods(pattern):
            answer = getattr(browser, method)(url, values if method == "post" else None)

            assert answer.status_code == (200 if pattern.name in NO_ROWS else 404), (method, pattern.name)
            assert b"secret" not in answer.content, (method, pattern.name)
    assert WorkingCopy.objects.get(pk=rival_copy.pk).revision == 1
    assert WorkingCopy.objects.count() == 2
    assert Comment.objects.count() == 1


def test_no_page_opens_without_log_in(copy: WorkingCopy) -> None:
    for pattern in PAGES:
        url = build_url(pattern, copy)
        for method in list_methods(pattern):
            answer = getattr(Client(), method)(url)

            assert answer.status_code == 302, (method, pattern.name)
            assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("typed", [{}, {"key": "x"}, {"key": str(COURSE_KEY)}])
def test_a_form_that_was_sent_after_the_session_leads_to_a_page_that_says_so(
    methodologist: User, copy: WorkingCopy, typed: dict[str, str]
) -> None:
    methodologist.set_password("the analytical engine")
    methodologist.save()
    for pattern in PAGES:
        if "post" not in list_methods(pattern):
            continue
        answer = Client().post(build_url(pattern, copy), typed)
        target = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
        client = Client()
        client.force_login(methodologist)

        page = client.get(target)

        assert page.status_code == 200, (pattern.name, target)
        assert b"nothing of it was saved" in page.content, pattern.name
        assert b"nothing of it was saved" not in client.get(urlsplit(target).path).content
    assert WorkingCopy.objects.get().revision == 1


def test_the_url_of_a_form_leads_to_its_page(browser: Client, copy: WorkingCopy) -> None:
    for pattern in PAGES:
        if "get" not in list_methods(pattern):
            answer = browser.get(build_url(pattern, copy), follow=True)

            assert answer.status_code == 200, pattern.name
    assert browser.put(f"/admin/courses/copies/{copy.pk}/undo/").status_code == 405


def test_forms_of_other_sites_change_nothing(methodologist: User, copy: WorkingCopy) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(methodologist)
    for pattern in PAGES:
        answer = client.post(build_url(pattern, copy), {"revision": "1", "key": str(copy.node_id), "text": "x"})

        assert answer.status_code == 403, pattern.name
    assert not EditRecord.objects.exists()
    assert Comment.objects.count() == 1


def test_a_member_sees_no_table_whatever_permissions_they_are_given(browser: Client, methodologist: User) -> None:
    methodologist.user_permissions.set(Permission.objects.all())

    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        answer = browser.get(url)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/"), url
    assert browser.get("/admin/search/").status_code == 302


def test_a_member_logs_in_to_their_courses_and_out(methodologist: User, copy: WorkingCopy) -> None:
    methodologist.set_password("the analytical engine")
    methodologist.save()
    client = Client()
    form = {"username": "ada", "password": "the analytical engine", "next": "/admin/"}

    page = client.post("/admin/login/", form, follow=True)

    assert page.redirect_chain[-1] == ("/admin/courses/", 302)
    assert b"Water" in page.content
    assert client.get("/admin/password_change/").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/courses/").status_code == 302


def test_an_operator_sees_all_tenants(operator: Client, copy: WorkingCopy, rival_copy: WorkingCopy) -> None:
    page = operator.get("/admin/courses/").content.decode()

    assert "Water" in page
    assert "secret course" in page
    assert operator.get(f"/admin/courses/{rival_copy.node_id}/").status_code == 200
    assert operator.get(f"/admin/courses/{rival_copy.pk}/").status_code == 404


@pytest.mark.parametrize("what", ["no membership", "not staff", "left the group", "suspended"])
def test_others_are_told_that_it_is_closed(browser: Client, methodologist: User, acme: Tenant, what: str) -> None:
    if what == "no membership":
        TenantMembership.objects.all().delete()
    elif what == "not staff":
        User.objects.update(is_staff=False)
    elif what == "left the group":
        methodologist.groups.clear()
    else:
        suspend_tenant(tenant=acme)

    answer = browser.get("/admin/courses/")

    assert answer.status_code == 403
    assert "operator" in answer.content.decode()


def test_a_superuser_who_is_no_staff_gets_in_nowhere(operator: Client, copy: WorkingCopy) -> None:
    User.objects.update(is_staff=False)
    for pattern in PAGES:
        url = build_url(pattern, copy)
        for method in list_methods(pattern):
            answer = getattr(operator, method)(url, {"revision": "1", "text": "x"} if method == "post" else None)

            assert answer.status_code == 403, (method, pattern.name)
            assert b"Water" not in answer.content
    assert WorkingCopy.objects.get().revision == 1


def test_a_page_that_is_closed_links_to_no_page_that_is_closed_as_well(browser: Client) -> None:
    TenantMembership.objects.all().delete()

    page = parse_page(browser.get("/admin/courses/").content.decode())

    targets = [link.get("href") for link in page.iter("a")]
    assert targets == ["#main"]


def test_an_operator_makes_and_removes_a_methodologist(operator: Client, acme: Tenant, rival: Tenant) -> None:
    user = User.objects.create_user("joan")
    operator.post(reverse("admin:tenants_tenantmembership_add"), {"user": user.pk, "tenant": str(acme.pk)})
    membership = TenantMembership.objects.get(user=user)
    assert User.objects.get(pk=user.pk).has_perm("tenants.edit_courses")

    change = reverse("admin:tenants_tenantmembership_change", args=[membership.pk])
    operator.post(change, {"user": user.pk, "tenant": str(rival.pk)})
    assert TenantMembership.objects.get(user=user).tenant == rival

    chosen = {"action": "remove_members", "_selected_action": [str(membership.pk)]}
    operator.post(reverse("admin:tenants_tenantmembership_changelist"), chosen)
    gone = User.objects.get(pk=user.pk)
    assert (gone.is_staff, gone.has_perm("tenants.edit_courses")) == (False, False)


def test_whoever_was_staff_before_stays_staff(acme: Tenant, rival: Tenant) -> None:
    user = User.objects.create_user("joan", is_staff=True)

    assign_methodologist(user=User.objects.get(pk=user.pk), tenant=acme)
    membership = assign_methodologist(user=User.objects.get(pk=user.pk), tenant=rival)
    remove_methodologist(membership=membership)

    gone = User.objects.get(pk=user.pk)
    assert (gone.is_staff, gone.has_perm("tenants.edit_courses")) == (True, False)


def test_a_superuser_is_no_member(operator: Client, acme: Tenant) -> None:
    user = User.objects.get(username="operator")

    page = operator.post(reverse("admin:tenants_tenantmembership_add"), {"user": user.pk, "tenant": str(acme.pk)})

    assert b"A superuser sees all tenants." in page.content
    assert not TenantMembership.objects.exists()


def test_the_group_is_made_anew_when_somebody_deleted_it(acme: Tenant) -> None:
    Group.objects.all().delete()
    user = User.objects.create_user("joan")

    membership = assign_methodologist(user=user, tenant=acme)

    assert User.objects.get(pk=user.pk).has_perm("tenants.edit_courses")
    remove_methodologist(membership=membership)
    assert not User.objects.get(pk=user.pk).has_perm("tenants.edit_courses")


def test_pages_are_under_a_policy_without_inline_scripts(browser: Client, copy: WorkingCopy) -> None:
    answer = browser.get(f"/admin/courses/{copy.node_id}/")

    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    framed = browser.get(f"/admin/courses/snapshots/{copy.base_snapshot}/page")
    assert framed["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in framed["Content-Security-Policy"]
    assert settings.X_FRAME_OPTIONS == "DENY"
