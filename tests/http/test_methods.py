"""Methods that a route does not have, and OPTIONS, at every route of the document."""

from __future__ import annotations

import pytest
import yaml
from rest_framework.test import APIClient

from project.db.fields import new_id
from project.settings import BASE_DIR
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import Api

PATHS = yaml.load((BASE_DIR / "docs" / "api.yaml").read_bytes(), yaml.CSafeLoader)["paths"]
METHODS = ("get", "post", "put", "patch", "delete", "trace")


def fill(path: str) -> str:
    """Return a path of the document with values that name nothing."""
    for name in ("number", "step"):
        path = path.replace(f"{{{name}}}", "1")
    return "/".join(str(new_id()) if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
def keyed(api: Api, acme: Tenant) -> APIClient:
    return api(acme, *Scope)


def test_options_name_the_methods_of_every_route(keyed: APIClient) -> None:
    for path, operations in PATHS.items():
        answer = keyed.options(fill(path), {}, format="json")

        assert answer.status_code in {200, 404, 405}, (path, answer.content)  # 404: what is asked for is not there
        if answer.status_code == 200:
            offered = {method.strip().lower() for method in answer["Allow"].split(",")}
            assert {method for method in METHODS if method in operations} <= offered, path


def test_what_a_route_does_not_have_is_405(keyed: APIClient) -> None:
    for path, operations in PATHS.items():
        for method in METHODS:
            if method not in operations:
                answer = keyed.generic(method.upper(), fill(path), "{}", content_type="application/json")
                assert answer.status_code in {404, 405}, (method, path, answer.content)
