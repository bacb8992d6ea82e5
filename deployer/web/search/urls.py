from django.urls import path

from deployer.web.search import views

urlpatterns = [path("search/", views.search, name="search")]
