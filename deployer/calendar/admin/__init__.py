"""The calendar in the admin: hours and closing days are edited there, slots and freezes are looked at. Importing them
registers their models."""

from deployer.calendar.admin import hours, records

__all__ = ["hours", "records"]
