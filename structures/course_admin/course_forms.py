"""Forms of the page of a course: a refusal comes back with what was typed, and with the way back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from materials.models import MaterialNode
from project.errors import DomainError
from structures.course_admin.pages import CourseAdminView, can_be_sent_again, describe_next_step
from structures.models import StructureSnapshot


class CourseFormView(CourseAdminView):
    """Does what a form with one text asks for, of the course or the snapshot that the URL names."""

    def refuse(self, error: DomainError, *, intent: str, name: str, label: str) -> HttpResponse:
        """Return the page of a form that was refused. `name` and `label` are those of its text."""
        course = self._find_course()
        context = {
            "error": error,
            "next_step": describe_next_step(error),
            "intent": intent,
            "name": name,
            "label": label,
            "typed": self.request.POST.get(name, ""),
            "can_be_sent_again": can_be_sent_again(error),
            "way_back": reverse("course_admin:course", args=[course]) if course else reverse("course_admin:courses"),
        }
        return self.render_page("refused_course.html", context, status=error.status)

    def _find_course(self) -> UUID | None:
        """Return the id of the course, None when there is none that the user may see. One statement."""
        nodes = MaterialNode.objects.all()
        if "node" in self.kwargs:
            rows = nodes.filter(pk=self.kwargs["node"])
        else:
            rows = nodes.filter(pk__in=StructureSnapshot.objects.filter(pk=self.kwargs["snapshot"]).values("node"))
        if self.access.tenant is not None:
            rows = rows.filter(tenant=self.access.tenant)
        return rows.values_list("pk", flat=True).first()
