"""What the calendar says to the domains above it, which it may not import. Sent inside the change's transaction."""

from django.dispatch import Signal

calendar_changed = Signal()
"""Something may go now that could not, or the other way round. With `environments` and `applications`: the ids that it
touches, None for all; and `now`."""

freeze_declared = Signal()
"""With `freeze`, `by` and `now`: who waits for it is to be told."""
