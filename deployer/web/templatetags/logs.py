"""Lines of a log, and charts of what was measured: `{% load logs %}`."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from deployer.integrations.checks.base import Outcome
from deployer.promotions.charts import path_of
from deployer.promotions.log_lines import Part
from deployer.promotions.models import Step

register = template.Library()

MARK = 6


@register.simple_tag
def log_lines(step: Step, part: Part) -> SafeString:
    """The part's lines. Their numbers are links, which say their number to the style sheet alone, so that it isn't
    copied with the text."""
    log = f"log-{step.position}"
    return format_html_join(
        "\n",
        '<div class="app-log__line" id="{0}-L{1}">'
        '<a class="app-log__number" href="#{0}-L{1}" data-line="{1}" tabindex="-1" aria-label="Line {1}"></a>'
        '<code class="app-log__text">{2}</code></div>',
        ((log, line.number, line.html) for line in part.lines),
    )


@register.simple_tag
def outcome_mark(outcome: str) -> SafeString:
    """The form by which a chart shows an outcome, for its legend."""
    known = outcome if outcome in set(Outcome) else Outcome.INCONCLUSIVE
    return format_html(
        '<svg class="app-chart__key" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
        '<path class="app-chart__mark app-chart__mark--{}" d="{}"></path></svg>',
        known,
        path_of(known, MARK, MARK),
    )
