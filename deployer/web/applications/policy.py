"""The page on which a target becomes automatic or manual: what it needs, what it lacks, and what would go at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps_registry.models import Target
from apps_registry.models.target import Policy
from apps_registry.policies import REASON_LENGTH, may_override, set_policy
from apps_registry.readiness import missing
from deployer.promotions.readiness_facts import readiness_of, rolled_back
from deployer.web.applications.forms import PolicyForm
from deployer.web.applications.going import would_go
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.refusals import refusals_in


@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    reader = reader_of(request)
    found = Target.objects.select_related("application__owner", "environment")
    target = get_object_or_404(found, application__slug=slug, environment__slug=environment)
    form = PolicyForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            changed = set_policy(
                target=target,
                policy=Policy(form.cleaned_data["policy"]),
                rights=reader.rights,
                rolled_back_at=rolled_back([target.pk]).get(target.pk),
                override_reason=form.cleaned_data["reason"],
                now=reader.now,
            )
            messages.success(request, f"{target} is {changed.policy} now.")
            return redirect(target.policy_url)
    items = readiness_of([target])[target.pk]
    lacking = missing(items)
    context = {
        "now": reader.now,
        "target": target,
        "application": target.application,
        "environment": target.environment,
        "automatic": target.policy == Policy.AUTOMATIC,
        "items": items,
        "lacking": lacking,
        "lasting": [item for item in lacking if not item.overridable],
        "going": [] if target.policy == Policy.AUTOMATIC else would_go(target, reader.now),
        "may_work_on": reader.rights.may_work_on(target.application),
        "may_override": may_override(reader.rights),
        "reason_length": REASON_LENGTH,
        "later": _later_automatic(target),
        "form": form,
        "freeze_scope": [(target.application, target.environment)],
    }
    return render(request, "web/applications/policy.html", context)


def _later_automatic(target: Target) -> list[str]:
    """The environments after this one in which it is automatic: nothing would arrive there by itself."""
    later = target.application.targets.filter(
        policy=Policy.AUTOMATIC, environment__position__gt=target.environment.position
    )
    return list(later.order_by("environment__position").values_list("environment__name", flat=True))
