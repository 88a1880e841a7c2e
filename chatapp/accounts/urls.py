"""Addresses of this feature."""

from django.urls import path

from chatapp.accounts import people_views, views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("account/", views.Account.as_view(), name="account"),
    path("people/", people_views.people, name="people"),
    path("people/<int:number>/", people_views.person, name="person"),
    path("people/groups/", people_views.add_group, name="add-group"),
    path("people/groups/<int:number>/", people_views.rename_group, name="rename-group"),
]
