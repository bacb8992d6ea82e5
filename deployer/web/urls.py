from django.urls import path

from deployer.web import sign_in, theme, views

urlpatterns = [
    path("", views.board, name="board"),
    path("board/rows/", views.board_rows, name="board-rows"),
    path("theme.css", theme.theme, name="theme"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/<slug:provider>/", sign_in.start, name="sign-in-start"),
    path("sign-in/<slug:provider>/complete/", sign_in.complete, name="sign-in-complete"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
]
