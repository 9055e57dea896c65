"""URL patterns of the API for models."""

from django.urls import path

from llm.views import CostsView

urlpatterns = [path("costs", CostsView.as_view(), name="costs")]
