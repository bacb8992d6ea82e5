"""What messages in Slack look like. Pure: from events, without a query.

Everything that came from outside is escaped: in mrkdwn only &, < and > mean something that could reach further than the
message, such as a mention of everybody in a channel.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from deployer.audit.models import Event
from deployer.integrations.notify.slack import Card
from deployer.integrations.text import one_line
from deployer.notifications.texts import Way, ways_of

SECTION = 3000
HEADER = 150
BUTTON = 75
URL = 3000
"""What Slack takes at most, in characters."""
MOST_BUTTONS = 10
MOST_STEPS = 10
MOST_LINES = 40
MOST_SECTIONS = 40
"""Of the 50 blocks that Slack takes."""
MOST_EVIDENCE = 5
SIGNS = {
    "waiting": ":hourglass_flowing_sand:",
    "deploying": ":arrows_counterclockwise:",
    "verifying": ":mag:",
    "succeeded": ":white_check_mark:",
    "failed": ":red_circle:",
    "errored": ":large_orange_circle:",
    "aborted": ":black_square_for_stop:",
    "superseded": ":fast_forward:",
}


def kept(history: Sequence[Event]) -> Card:
    """The message that is kept current: what the promotion is, its state, and what was told of it last."""
    newest = history[-1]
    data = newest.data
    title, url = _title(newest), str(data.get("url") or "")
    told = [f"{_when(event.at)} {escape(one_line(event.sentence, 250))}" for event in history[-MOST_STEPS:]]
    blocks: list[Block] = [_section(f"*{_link(title, url)}*\n{_state(newest)}")]
    blocks += _sections(told)
    blocks += _buttons([Way("Open the promotion", url=url)])
    return Card(text=escape(f"{title}: {_state_name(newest)}"), blocks=blocks)


def details(events: Sequence[Event]) -> Card:
    """What goes into the thread: each event with its reason, and what was seen of the last that have that."""
    seen = [event for event in events if _evidence(event)][-MOST_EVIDENCE:]
    limit = 1000 if len(events) < 20 else 250
    blocks: list[Block] = []
    lines: list[str] = []
    for event in events:
        lines.append("\n".join(_said(event, limit)))
        if event in seen:
            blocks += [*_sections(lines), _section(_code(_evidence(event)))]
            lines = []
    return Card(text=escape(one_line(events[-1].sentence)), blocks=[*blocks, *_sections(lines)])


def stop(event: Event, why: str) -> Card:
    """The loud one: what has stopped, what was seen, what is live, whose move it is, and the ways out."""
    data, ways = event.data, ways_of(event)
    headline = one_line(f"{_state_name(event).capitalize()}: {_title(event)}", HEADER)
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=headline)), _section(escape(event.sentence))]
    blocks += _seen(event)
    facts = [f"Live in {event.environment}: {data['live']}"] if data.get("live") else []
    facts += [f"Whose move: {data['whose']}."] if data.get("whose") else []
    facts += [f"The policy rolls back to {data['rolls_back_to']}."] if data.get("rolls_back_to") else []
    authors = ", ".join(str(one.get("name", "")) for one in data.get("authors") or ())
    facts += [f"Changes by {one_line(authors, 500)}."] if authors else []
    blocks += _sections([escape(one_line(fact, 600)) for fact in [*facts, why]])
    blocks += _buttons([*(way for way in ways if way.url), Way("Open", url=str(data.get("url") or ""))])
    commands = [str(way) for way in ways if not way.url]
    blocks += [_section(f"Or:\n{_code(commands)}")] if commands else []
    return Card(text=f"<!here> {escape(one_line(event.sentence))}", blocks=_calling(blocks))


def several(events: Sequence[Event], whys: Iterable[str]) -> Card:
    """What is not about one promotion: one event, or a list of them."""
    blocks: list[Block]
    if len(events) == 1:
        (event,) = events
        url = str(event.data.get("url") or "")
        blocks = [_section(_line(event)), *_sections(_said(event, 1000)[1:]), *_seen(event)]
        blocks += _buttons([*ways_of(event), Way("Open", url=url)])
    else:
        blocks = [_section(f"*{len(events)} things happened*"), *_sections([f"• {_line(event)}" for event in events])]
    why = escape(" ".join(dict.fromkeys(whys)))[:1900]
    blocks.append(ContextBlock(elements=[_mrkdwn(why)]))
    return Card(text=escape(one_line(events[-1].sentence)), blocks=blocks)


def escape(text: str) -> str:
    """As Slack asks for it; and what would begin or end a code block doesn't."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")


def _mrkdwn(text: str) -> MarkdownTextObject:
    """Verbatim: else Slack looks for channels and mentions in plain words too, such as a commit's title."""
    return MarkdownTextObject(text=text, verbatim=True)


def _calling(blocks: list[Block]) -> list[Block]:
    """A stop calls those who are in the channel now. The only mention that Deployer makes."""
    return [*blocks, ContextBlock(elements=[_mrkdwn("<!here>")])]


def _said(event: Event, limit: int) -> list[str]:
    """When and what, and why when that is not said in it."""
    reason = event.reason if event.reason not in event.sentence else ""
    said = [f"{_when(event.at)} {escape(one_line(event.sentence, limit))}"]
    return [*said, f"Reason: {escape(one_line(reason, limit))}"] if reason else said


def _evidence(event: Event) -> list[str]:
    """What was seen or printed last."""
    return [str(line) for line in (event.data.get("evidence") or ())[-MOST_LINES:]]


def _seen(event: Event) -> list[Block]:
    lines = _evidence(event)
    return [_section(_code(lines))] if lines else []


def _line(event: Event) -> str:
    url = str(event.data.get("url") or "")
    return _link(one_line(event.sentence, 250), url)


def _title(event: Event) -> str:
    return one_line(str(event.data.get("title") or f"{event.application} {event.environment}"), HEADER)


def _state_name(event: Event) -> str:
    return one_line(str(event.data.get("state") or event.kind.partition(".")[2].replace("_", " ")), 40)


def _state(event: Event) -> str:
    name = _state_name(event)
    place = f" in {event.environment}" if event.environment else ""
    return f"{SIGNS.get(name, ':small_blue_diamond:')} *{escape(name.capitalize())}*{escape(place)}"


def _when(at: datetime) -> str:
    """In the reader's own zone; what can't show that shows UTC."""
    return f"<!date^{int(at.timestamp())}^{{time_secs}}|{at:%H:%M:%S} UTC>"


def _link(text: str, url: str) -> str:
    shown = escape(text).replace("|", "¦")
    return f"<{escape(url)}|{shown}>" if url and len(url) <= 1000 else shown


def _code(lines: Sequence[str]) -> str:
    """A code block of the last of them that fit. Nothing in it can end it."""
    text = "\n".join(escape(line) for line in lines)
    return f"```\n{_cut_front(text, SECTION - 100)}\n```"


def _cut_front(text: str, limit: int) -> str:
    """The end of it; no escaped sign is cut in two."""
    if len(text) <= limit:
        return text
    cut = text[-limit:]
    start = cut.find("\n")
    return f"…{cut[start:]}" if 0 <= start < limit // 2 else f"… {cut.partition(';')[2] or cut}"


def _section(text: str) -> SectionBlock:
    if len(text) > SECTION:
        text = text[: SECTION - 10].rpartition("\n")[0] or text[: SECTION - 10].rpartition(" ")[0] or "…"
        text += "\n…"
    return SectionBlock(text=_mrkdwn(text))


def _sections(lines: Sequence[str]) -> list[Block]:
    """As few sections as hold the lines; the last says how many didn't fit."""
    packed: list[list[str]] = []
    room = 0
    for number, line in enumerate(lines):
        if len(line) + 1 > room:
            if len(packed) == MOST_SECTIONS:
                packed.append([f"and {len(lines) - number} more"])
                break
            packed.append([])
            room = SECTION
        packed[-1].append(line)
        room -= len(line) + 1
    return [_section("\n".join(some)) for some in packed]


def _buttons(ways: Iterable[Way]) -> list[Block]:
    """Links, each address once: nothing has to listen for a click."""
    links = {way.url: way for way in reversed(list(ways)) if way.url and len(way.url) <= URL}
    chosen = list(links.values())[::-1][:MOST_BUTTONS]
    buttons = [
        ButtonElement(
            text=PlainTextObject(text=one_line(way.label or "Open", BUTTON)), action_id=f"open-{number}", url=way.url
        )
        for number, way in enumerate(chosen)
    ]
    return [ActionsBlock(elements=buttons)] if buttons else []
