from deployer.calendar.models.feed import FeedAddress
from deployer.calendar.models.freeze import Freeze, FreezeLift
from deployer.calendar.models.hours import ClosedDay, EnvironmentCalendar, OpenHours
from deployer.calendar.models.override import OverrideBase, SlotOverride
from deployer.calendar.models.series import SlotSeries
from deployer.calendar.models.slot import Slot, SlotApplication

__all__ = [
    "ClosedDay",
    "EnvironmentCalendar",
    "FeedAddress",
    "Freeze",
    "FreezeLift",
    "OpenHours",
    "OverrideBase",
    "Slot",
    "SlotApplication",
    "SlotOverride",
    "SlotSeries",
]
