"""The routes of courses in the admin."""

from django.urls import path

from structures.course_admin import course_views as course

app_name = "course_admin"
urlpatterns = [
    path("", course.CourseListView.as_view(), name="courses"),
    path("<uuid:node>/", course.CourseView.as_view(), name="course"),
    path("snapshots/<uuid:snapshot>/page", course.SnapshotPageView.as_view(), name="page"),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>", course.EvidenceView.as_view(), name="evidence"),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>/media", course.MediaView.as_view(), name="media"),
    path("snapshots/<uuid:snapshot>/evidence/<uuid:reference>/picture", course.PictureView.as_view(), name="picture"),
    path("snapshots/<uuid:snapshot>/changes/", course.ChangesView.as_view(), name="changes"),
    path("snapshots/<uuid:snapshot>/differences/<uuid:earlier>", course.DifferencesView.as_view(), name="differences"),
]
