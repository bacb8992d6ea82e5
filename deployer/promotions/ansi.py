"""One line of a log as HTML: a terminal's colours as spans with classes, and nothing else of what was printed."""

import re

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from rich.ansi import AnsiDecoder
from rich.color import Color, ColorSystem
from rich.style import Style

from deployer.promotions.log_text import INVISIBLE, TERMINAL_CODES

LONGEST = 5_000
"""Of a longer line only so much is shown."""
_COLOURS = re.compile(r"\x1b\[([\d;]{0,60})m", re.ASCII)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*)?|\x9b[0-?]*[ -/]*)\Z")
_MOST_CARRIED = 60
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike", "reverse")


def carried(line: str, before: str = "") -> str:
    """The colours that hold after the line, as the numbers of one code ("1;32"), given those `before` it."""
    if "\x1b" not in line:
        return before
    for numbers in _COLOURS.findall(line):
        parts = numbers.split(";")
        resets = [place for place, part in enumerate(parts) if part in ("", "0")] if "38" not in parts else []
        if resets or numbers in ("", "0"):
            before = ";".join(parts[resets[-1] + 1 :]) if resets else ""
        else:
            before = f"{before};{numbers}" if before else numbers
        if len(before) > _MOST_CARRIED:
            before = numbers
    return before


def overwritten(line: str) -> str:
    """What a terminal would show of a line that was written over again and again, as progress bars do."""
    if "\r" not in line:
        return line
    parts = line.split("\r")
    kept = next((place for place in range(len(parts) - 1, -1, -1) if TERMINAL_CODES.sub("", parts[place]).strip()), 0)
    colours = "".join(f"\x1b[{numbers}m" for part in parts[:kept] for numbers in _COLOURS.findall(part)[-3:])
    return colours + parts[kept]


def html_of(line: str, before: str = "") -> SafeString:
    """The line without its end; `before` is what `carried` says of the lines before it."""
    left = len(line) - LONGEST
    line = overwritten(line[:LONGEST])
    shown = _coloured(line, before) if "\x1b" in line or "\x9b" in line or before else mark_safe(escape(_clean(line)))  # noqa: S308
    if left <= 0:
        return shown
    return format_html('{} <span class="app-log__rest">and {} more characters</span>', shown, f"{left:,}")


def plain_of(line: str) -> str:
    """Its words alone, as they are searched."""
    return _clean(TERMINAL_CODES.sub("", _UNFINISHED.sub("", overwritten(line))))


def _clean(text: str) -> str:
    return INVISIBLE.sub("", text)


def _coloured(line: str, before: str) -> SafeString:
    # Nothing but short codes of digits reaches the decoder, whose numbers come from outside.
    safe = TERMINAL_CODES.sub(_only_colours, _UNFINISHED.sub("", line))
    text = AnsiDecoder().decode_line(f"\x1b[{before}m{safe}" if before else safe)
    plain, parts, end = text.plain, [], 0
    for span in text.spans:
        parts += [escape(_clean(plain[end : span.start])), _span(plain[span.start : span.end], span.style)]
        end = span.end
    parts.append(escape(_clean(plain[end:])))
    return mark_safe("".join(parts))  # noqa: S308 — every part has been escaped


def _only_colours(code: re.Match[str]) -> str:
    return code.group() if _COLOURS.fullmatch(code.group()) else ""


def _span(text: str, style: Style | str) -> SafeString:
    names = _classes(style) if isinstance(style, Style) else []
    return format_html('<span class="{}">{}</span>', " ".join(names), _clean(text)) if names else escape(_clean(text))


def _classes(style: Style) -> list[str]:
    """Those of assets/app/_log.scss. What was printed to be hidden is shown."""
    names = [f"app-ansi-{name}" for name in _ATTRIBUTES if getattr(style, name)]
    for where, colour in (("fg", style.color), ("bg", style.bgcolor)):
        number = _number(colour)
        if number is not None:
            names.append(f"app-ansi-{where}-{number}")
    return names


def _number(colour: Color | None) -> int | None:
    """Of a terminal's sixteen the nearest; None for the usual one."""
    if colour is None or colour.is_default:
        return None
    return colour.downgrade(ColorSystem.STANDARD).number
