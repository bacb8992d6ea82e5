"""What can be done about a promotion: `{% load promoting %}`."""

from typing import Any

from django import template

from apps_registry.rights import rights_of_user
from deployer.access.models import User
from deployer.promotions.models import Promotion
from deployer.web.promoting.offers import Offers, offers_on

register = template.Library()


@register.inclusion_tag("web/promoting/_actions.html", takes_context=True)
def promotion_actions(context: dict[str, Any], promotion: Promotion) -> dict[str, Any]:
    """A button for each, as links; to someone who may not, who may."""
    user = context.get("user")
    offers = offers_on(promotion, rights_of_user(user)) if isinstance(user, User) else Offers(offers=[])
    return {"offers": offers}
