"""What the templates of the log need beside Django's own."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now

from chatapp.moderation import presentation, words
from guardrails.verdict import Finding

register = template.Library()
register.filter(words.as_judged)


@register.filter
def category_name(code: str) -> str:
    return Finding(code, 0).name


@register.inclusion_tag("moderation/action.html")
def action_badge(action: str) -> dict[str, str]:
    tone, icon = presentation.TONES.get(action, ("info", "info"))
    return {"tone": tone, "icon": icon, "action": action}


@register.simple_tag
def moment(when: datetime, style: str = "short") -> SafeString:
    """``when`` as a ``<time>``: how long ago for a day, then the date; or all of it ("exact")."""
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
    return f"?{values.urlencode()}" if values else "?"


def _short(local: datetime) -> str:
    minutes = max(now() - local, timedelta()) // timedelta(minutes=1)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    this_year = local.year == localtime().year
    return date_format(local, "j M, H:i" if this_year else "j M Y")
