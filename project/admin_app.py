"""The app of the admin's theme, which makes our site the one that admin pages register with."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import sites
from unfold.apps import BasicAppConfig


class AdminSiteConfig(BasicAppConfig):
    """unfold's app with `CoursewrightAdminSite` in the place of its own site."""

    default = False

    def ready(self) -> None:
        from project.admin_site import CoursewrightAdminSite  # noqa: PLC0415  # needs the models of all apps

        admin.site = sites.site = CoursewrightAdminSite()
