"""The pages on which trust issues are opened and resolved."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps_registry.models import Application, Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.trust import open_trust_issue, resolve_trust_issue
from deployer.web.applications.forms import ResolveForm, TrustIssueForm
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.refusals import need_work_on, refusals_in


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """`environment` in the address, by its slug, is chosen to begin with."""
    reader, application = reader_of(request), get_object_or_404(Application.objects.select_related("owner"), slug=slug)
    need_work_on(reader, application, to="open a trust issue of it")
    form = TrustIssueForm(
        request.POST if request.method == "POST" else None,
        application=application,
        reader=reader,
        environment=request.GET.get("environment", ""),
    )
    if form.is_valid():
        with refusals_in(form):
            issue = open_trust_issue(
                application=application,
                environment=form.chosen_environment,
                reason=form.cleaned_data["reason"],
                rights=reader.rights,
                make_manual=form.cleaned_data["make_manual"],
                now=reader.now,
            )
            messages.success(request, f"Opened: nothing of {issue.scope} is deployed by itself until it is resolved.")
            return redirect(application)
    context = {"now": reader.now, "application": application, "form": form}
    return render(request, "web/applications/trust_issue_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    reader, found = (
        reader_of(request),
        TrustIssue.objects.select_related("application__owner", "environment", "opened_by"),
    )
    issue = get_object_or_404(found, pk=pk)
    need_work_on(reader, issue.application, to="resolve its trust issues")
    form = ResolveForm(request.POST if request.method == "POST" else None, reader=reader)
    if issue.resolved_at is None and form.is_valid():
        with refusals_in(form):
            resolve_trust_issue(
                issue=issue, resolution=form.cleaned_data["reason"], rights=reader.rights, now=reader.now
            )
            messages.success(request, "Resolved: what is automatic goes by itself again.")
            return redirect(issue.application)
    context = {"now": reader.now, "application": issue.application, "issue": issue, "form": form, **_policies(issue)}
    return render(request, "web/applications/trust_issue_resolve.html", context)


def _policies(issue: TrustIssue) -> dict[str, list[Target]]:
    """What goes by itself once it is resolved, and what stays with people."""
    targets = issue.application.targets.select_related("application", "environment").order_by("environment__position")
    if issue.environment is not None:
        targets = targets.filter(environment=issue.environment)
    here = list(targets)
    return {
        "automatic": [one for one in here if one.policy == Policy.AUTOMATIC],
        "manual": [one for one in here if one.policy == Policy.MANUAL],
    }
