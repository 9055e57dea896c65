"""The routes of courses in the admin."""

from django.urls import path

from structures.course_admin import copy_views as copy
from structures.course_admin import course_views as course

app_name = "course_admin"
urlpatterns = [
    path("", course.CourseListView.as_view(), name="courses"),
    path("<uuid:node>/", course.CourseView.as_view(), name="course"),
    path("snapshots/<uuid:snapshot>/page", course.SnapshotPageView.as_view(), name="page"),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>", course.EvidenceView.as_view(), name="evidence"),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>/media", course.MediaView.as_view(), name="media"),
    path(
        "snapshots/<uuid:snapshot>/evidence/<uuid:reference>/captions", course.CaptionsView.as_view(), name="captions"
    ),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>/picture", course.PictureView.as_view(), name="picture"),
    path("snapshots/<uuid:snapshot>/changes/", course.ChangesView.as_view(), name="changes"),
    path("snapshots/<uuid:snapshot>/differences/<uuid:earlier>", course.DifferencesView.as_view(), name="differences"),
    path("snapshots/<uuid:snapshot>/copies/", copy.CreateCopyView.as_view(), name="create-copy"),
    path("copies/<uuid:copy>/", copy.EditorView.as_view(), name="copy"),
    path("copies/<uuid:copy>/edit/<slug:operation>/", copy.EditView.as_view(), name="edit"),
    path("copies/<uuid:copy>/undo/", copy.StepView.as_view(), {"step": "undo"}, name="undo"),
    path("copies/<uuid:copy>/redo/", copy.StepView.as_view(), {"step": "redo"}, name="redo"),
    path("copies/<uuid:copy>/approve/", copy.ApproveView.as_view(), name="approve"),
    path("copies/<uuid:copy>/close/", copy.CloseView.as_view(), name="close"),
    path("copies/<uuid:copy>/sources/<uuid:entry>/", copy.SourceView.as_view(), name="source"),
]
