"""What the templates of the log need beside Django's own."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now

from chatapp.moderation import presentation, words
from guardrails.verdict import CATEGORIES, Finding

register = template.Library()
register.filter(words.as_judged)


@register.simple_tag
def category(code: str) -> SafeString:
    """The category by its name, with its code where that is one of the taxonomy."""
    coded = format_html('<span class="code">{}</span> ', code) if code in CATEGORIES else ""
    return format_html("{}{}", coded, Finding(code, 0).name)


@register.inclusion_tag("moderation/action.html")
def action_badge(action: str) -> dict[str, str]:
    tone, icon = presentation.TONES.get(action, ("info", "info"))
    return {"tone": tone, "icon": icon, "action": action}


@register.simple_tag
def moment(when: datetime, style: str = "short") -> SafeString:
    """``when`` as a ``<time>``: for an hour how long ago, then the time, then the date; with
    the style "exact" all of it."""
    local = localtime(when)
    exact = date_format(local, "j F Y, H:i:s T")
    shown = exact if style == "exact" else _short(local)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), exact, shown)


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], query: str = "", **changed: Any) -> str:
    """The query string ``query`` with other values for some names, "?" included."""
    values = context["request"].GET.__class__(query, mutable=True)
    for name, value in changed.items():
        values[name] = str(value)
    return f"?{values.urlencode()}" if values else ""


def _short(local: datetime) -> str:
    minutes = max(now() - local, timedelta()) // timedelta(minutes=1)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    today = localtime()
    if local.date() == today.date():
        return date_format(local, "H:i")
    return date_format(local, "j M, H:i" if local.year == today.year else "j M Y")
