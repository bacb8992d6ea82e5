"""What the registry says to the domains above it, which it may not import. Sent inside the change's transaction."""

from django.dispatch import Signal

automation_changed = Signal()
"""Releases of an application may go by themselves that might not, or the other way round. With `application_id`,
`environment_id` (None for all of its targets), whose rows are locked, and `now`."""
