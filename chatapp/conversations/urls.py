"""Addresses of this feature."""

from django.urls import path

from chatapp.conversations import export_views, feedback_views, file_views, list_views, views

urlpatterns = [
    path("", views.chat, name="chat"),
    path("conversations/search/", list_views.search, name="search-conversations"),
    path("conversations/models/", views.models, name="usable-models"),
    path("conversations/", list_views.conversations, name="conversations"),
    path("c/<uuid:conversation>/", views.chat, name="conversation"),
    path("c/<uuid:conversation>/turns/", views.turns, name="turns"),
    path("turns/<uuid:turn>/branch/", views.choose_branch, name="choose-branch"),
    path("turns/<uuid:turn>/feedback/", feedback_views.say, name="feedback"),
    path("c/<uuid:conversation>/export.<slug:suffix>", export_views.export, name="export"),
    path("c/<uuid:conversation>/pin/", list_views.pin, name="pin-conversation"),
    path("c/<uuid:conversation>/rename/", list_views.rename, name="rename-conversation"),
    path("c/<uuid:conversation>/delete/", list_views.delete, name="delete-conversation"),
    path("c/<uuid:conversation>/restore/", list_views.restore, name="restore-conversation"),
    path("c/<uuid:conversation>/close/", list_views.close, name="close-conversation"),
    path("c/begin/", file_views.begin, name="begin-conversation"),
    path("c/<uuid:conversation>/files/", file_views.listed, name="files"),
    path("c/<uuid:conversation>/files/upload/", file_views.attach, name="attach"),
    path("c/<uuid:conversation>/files/<uuid:file>/retry/", file_views.retry, name="retry-file"),
    path("c/<uuid:conversation>/files/<uuid:file>/remove/", file_views.detach, name="detach"),
    path("c/<uuid:conversation>/images/upload/", file_views.attach_image, name="attach-image"),
    path("images/<uuid:picture>/", file_views.image, name="image"),
    path("images/<uuid:picture>/remove/", file_views.remove_image, name="remove-image"),
    path("sources/<uuid:turn>/<int:number>/", views.source, name="source"),
]
