"""What pages make of an action's refusal."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied

from apps_registry.models import Application
from deployer.refusal import NotAllowedError, RefusedError
from deployer.web.calendar.freezes.forms import ReaderForm
from deployer.web.calendar.slots.reader import Reader


@contextmanager
def permitted() -> Iterator[None]:
    """Turns the lack of a right into the page that says who has it."""
    try:
        yield
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error


@contextmanager
def refusals_in(form: ReaderForm) -> Iterator[None]:
    """The same, and shows any other refusal in the form, with everything as it was typed: what comes after is for the
    form's page."""
    try:
        yield
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        form.refuse(error)


def need_work_on(reader: Reader, application: Application, *, to: str) -> None:
    """Raises PermissionDenied, saying who may."""
    with permitted():
        reader.rights.need_work_on(application, to=to)
