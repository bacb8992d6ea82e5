"""Reading iCalendar to the letter of RFC 5545, by nothing that has written it."""

import re
from dataclasses import dataclass, field

NAME = re.compile(r"[A-Z0-9-]+")
CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
ESCAPES = {"\\": "\\", ";": ";", ",": ",", "n": "\n", "N": "\n"}


@dataclass
class Part:
    """A component: its properties as (name with parameters, raw value), in order, and what is in it."""

    name: str
    properties: list[tuple[str, str]] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def raw(self, name: str) -> str:
        """The value as it is written, of a property that must be there once."""
        [value] = [value for key, value in self.properties if key.partition(";")[0] == name]
        return value

    def text(self, name: str) -> str:
        [value] = self.texts(name)
        return value

    def texts(self, name: str) -> list[str]:
        """The values of a TEXT property, which may have several with commas between."""
        return [unescaped(value) for value in re.findall(r"(?:\\.|[^\\,])+", self.raw(name))]

    def named(self, name: str) -> list["Part"]:
        return [part for part in self.parts if part.name == name]


def lines_of(source: bytes) -> list[str]:
    """The content lines, unfolded. Fails for a line of more than 75 octets, one that does not end in CRLF or is not
    UTF-8 by itself, and for a control character."""
    assert source.endswith(b"\r\n")
    physical = source.removesuffix(b"\r\n").split(b"\r\n")
    for line in physical:
        assert 0 < len(line) <= 75, line
        assert not CONTROLS.search(line), line
        line.decode()
    return re.sub("\r\n[ \t]", "", source.removesuffix(b"\r\n").decode()).split("\r\n")


def read(source: bytes) -> Part:
    """The VCALENDAR. Fails for what is not nested, has no name, or stands outside."""
    root = Part("")
    open_parts = [root]
    for line in lines_of(source):
        key, colon, value = line.partition(":")
        assert colon, line
        assert NAME.fullmatch(key.partition(";")[0]), line
        if key == "BEGIN":
            part = Part(value)
            open_parts[-1].parts.append(part)
            open_parts.append(part)
        elif key == "END":
            assert open_parts.pop().name == value
        else:
            open_parts[-1].properties.append((key, value))
    [calendar] = root.parts
    assert (open_parts, root.properties, calendar.name) == ([root], [], "VCALENDAR")
    assert calendar.parts, "a calendar has at least one component"
    return calendar


def events(source: bytes) -> list[Part]:
    return read(source).named("VEVENT")


def unescaped(value: str) -> str:
    """Fails for a backslash before anything that is not escaped so, and for a semicolon that is not."""
    assert not {"\\", ";", ","} & set(re.sub(r"\\.", "", value)), value
    return re.sub(r"\\(.)", lambda found: ESCAPES[found[1]], value)
