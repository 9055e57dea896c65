"""The routes of courses in the admin."""

from django.urls import path

from structures.course_admin import comment_views as comments
from structures.course_admin import copy_views as copy
from structures.course_admin import course_views as course
from structures.course_admin import history_views as history
from structures.course_admin import review_views as reviews
from structures.course_admin.rebase_views import RebaseView

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
    path("copies/<uuid:copy>/history/", history.HistoryView.as_view(), name="history"),
    path("copies/<uuid:copy>/history/<int:number>/", history.StepDetailsView.as_view(), name="step"),
    path("copies/<uuid:copy>/differences", history.CopyDifferencesView.as_view(), name="copy-differences"),
    path("copies/<uuid:copy>/conflicts/", history.ConflictsView.as_view(), name="conflicts"),
    path("copies/<uuid:copy>/rebase/", RebaseView.as_view(), name="rebase"),
    path("copies/<uuid:copy>/submit/", reviews.ReviewRequestView.as_view(), {"step": "submit"}, name="submit"),
    path("copies/<uuid:copy>/withdraw/", reviews.ReviewRequestView.as_view(), {"step": "withdraw"}, name="withdraw"),
    path(
        "snapshots/<uuid:snapshot>/approve/",
        reviews.SnapshotReviewView.as_view(),
        {"step": "approve"},
        name="approve-snapshot",
    ),
    path(
        "snapshots/<uuid:snapshot>/publish/", reviews.SnapshotReviewView.as_view(), {"step": "publish"}, name="publish"
    ),
    path("<uuid:node>/unpublish/", reviews.UnpublishView.as_view(), name="unpublish"),
    path("<uuid:node>/reviews/", reviews.ReviewsView.as_view(), name="reviews"),
    path("copies/<uuid:copy>/comments/", comments.StartThreadView.as_view(), name="start-thread"),
    path("<uuid:node>/comments/", comments.ThreadsView.as_view(), name="threads"),
    path("comments/<uuid:thread>/", comments.ThreadView.as_view(), name="thread"),
]
