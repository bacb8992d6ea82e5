"""What a web process does once before its first page."""

import gc

from django.urls import reverse


def settle() -> None:
    """Import what the pages need, and keep it out of the search for garbage: it stays until the process ends, and the
    page during which Python looks through all of it would take far longer than the others."""
    reverse("board")  # which imports every page
    gc.collect()
    gc.freeze()
