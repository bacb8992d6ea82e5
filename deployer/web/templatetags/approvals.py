"""What people said about a promotion, and can say: `{% load approvals %}`."""

from typing import Any

from django import template
from django.utils import timezone

from apps_registry.rights import rights_of_user
from deployer.access.models import User
from deployer.promotions.models import Pin, Promotion, Veto
from deployer.web.approvals.reading import approvals_of

register = template.Library()


@register.inclusion_tag("web/approvals/_approvals.html", takes_context=True)
def approvals(context: dict[str, Any], promotion: Promotion) -> dict[str, Any]:
    """Its approvals so far, with the way to the page on which they are given; nothing where it needs none."""
    user, now = context.get("user"), context.get("now") or timezone.now()
    found = approvals_of(promotion, rights_of_user(user), now) if isinstance(user, User) else None
    return {"approvals": found, "promotion": promotion, "now": now}


@register.inclusion_tag("web/pins/_standing.html", takes_context=True)
def pin_and_veto(context: dict[str, Any], promotion: Promotion) -> dict[str, Any]:
    """The veto of its release and the pin of its target, and the ways to place and to end them for who may."""
    user, application = context.get("user"), promotion.application
    may = isinstance(user, User) and rights_of_user(user).may_work_on(application) and not application.is_archived
    return {
        "promotion": promotion,
        "may": may,
        "veto": Veto.objects.standing().filter(release=promotion.release_id).first(),
        "pin": Pin.objects.standing().filter(target=promotion.target_id).select_related("release").first(),
        "now": context.get("now"),
    }
