"""Whether this process lives and can work; for load balancers, without sign-in and without details."""

from http import HTTPStatus

import django_rq
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from deployer.queueing import ENGINE


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """503 while the database can't be asked. A queue that is down is only said: the clock works without it."""
    ready = _database_answers()
    body = {"database": "ok" if ready else "down", "queue": "ok" if _queue_answers() else "down"}
    return JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def _queue_answers() -> bool:
    try:
        return bool(django_rq.get_connection(ENGINE).ping())
    except (RedisError, OSError):
        return False
