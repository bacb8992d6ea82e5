"""Why something is refused, as the API says it: the reasons as values, and problem details."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError

from deployer.access.problems import CONTENT_TYPE, Conflict
from deployer.calendar.actions.freezes import FreezeRefusedError
from deployer.calendar.actions.slots import SlotRefusedError
from deployer.calendar.spans import Span
from deployer.gates import Blocker
from deployer.refusal import BlockedError, NotAllowedError, RefusedError
from deployer.web.calendar.api.fields import MomentField

CONFLICT = (409, CONTENT_TYPE)
"""Where the schema describes a refusal."""


class BlockerOut(serializers.Serializer[Any]):
    """One reason. `name` is what an override names; `until` is when it ends by itself, where that is known."""

    kind = serializers.CharField()
    name = serializers.CharField()
    sentence = serializers.CharField()
    who = serializers.CharField(help_text="Who can change it, in words.")
    until = MomentField(allow_null=True)
    link = serializers.SerializerMethodField()
    overridable = serializers.BooleanField()

    def get_link(self, blocker: Blocker) -> str | None:
        return settings.BASE_URL + blocker.link if blocker.link else None


class SpanOut(serializers.Serializer[Span]):
    starts_at = MomentField(source="start")
    ends_at = MomentField(source="end")


class ProblemOut(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


class RefusalOut(ProblemOut):
    """`blockers` and `next_free` are there when rules refuse."""

    blockers = BlockerOut(many=True, required=False)
    next_free = SpanOut(allow_null=True, required=False)


def blockers_out(blockers: Iterable[Blocker]) -> list[dict[str, Any]]:
    return list(BlockerOut(list(blockers), many=True).data)


def span_out(span: Span | None) -> dict[str, Any] | None:
    return dict(SpanOut(span).data) if span else None


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what actions raise into what the API answers."""
    try:
        yield
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except FreezeRefusedError as error:
        raise ValidationError(_by_field(error)) from error
    except SlotRefusedError as error:
        members = {"blockers": blockers_out(error.blockers), "next_free": span_out(error.next_free)}
        raise Conflict(str(error), **members) from error
    except BlockedError as error:
        raise Conflict(str(error), blockers=blockers_out(error.blockers)) from error
    except RefusedError as error:
        raise Conflict(str(error)) from error


def _by_field(error: FreezeRefusedError) -> dict[str, Any]:
    """Rule and zone are within `recurrence`."""
    within = {"recurrence": "rule", "zone": "zone"}.get(error.field)
    return {"recurrence": {within: [str(error)]}} if within else {error.field: [str(error)]}
