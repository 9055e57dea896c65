"""URL patterns of the API for models."""

from django.urls import path

from llm.views import BudgetView, CostsView

urlpatterns = [
    path("costs", CostsView.as_view(), name="costs"),
    path("budget", BudgetView.as_view(), name="budget"),
]
