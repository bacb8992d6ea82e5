"""The addresses of freezes."""

from django.urls import path

from deployer.web.calendar.freezes import views

urlpatterns = [
    path("", views.freezes, name="freezes"),
    path("new/", views.new, name="freeze-new"),
    path("<int:pk>/", views.freeze_page, name="freeze"),
    path("<int:pk>/extend/", views.extend_page, name="freeze-extend"),
    path("<int:pk>/lift/", views.lift_page, name="freeze-lift"),
]
