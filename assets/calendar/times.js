// Times of the reader's wall clock, as the server writes them: 2026-03-02T10:00:00. They are counted with as if they were
// UTC, so that the browser's own zone and its clock changes play no part.

export function milliseconds(wall) {
  return Date.parse(wall.length > 10 ? `${wall}Z` : wall);
}

export function written(value) {
  return new Date(value).toISOString().slice(0, 19);
}

// The wall time that is `delta` (a duration of EventCalendar's) later.
export function shifted(wall, delta) {
  return written(milliseconds(wall) + (delta.days * 86400 + delta.seconds) * 1000);
}

// 0 is Sunday.
export function weekday(wall) {
  return new Date(milliseconds(wall)).getUTCDay();
}

export function later(one, other) {
  return one > other ? one : other;
}

// "10:00 to 10:30"; with both days when it ends on another.
export function clocks(start, end) {
  const [day, clock] = [start.slice(0, 10), start.slice(11, 16)];
  if (!end) return `since ${clock}`;
  if (end.slice(0, 10) === day) return clock === end.slice(11, 16) ? clock : `${clock} to ${end.slice(11, 16)}`;
  return `${dayName(start)}, ${clock} to ${dayName(end)}, ${end.slice(11, 16)}`;
}

// "Tuesday 3 March"
export function dayName(wall) {
  return new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" })
    .format(milliseconds(wall.slice(0, 10)))
    .replace(",", "");
}

// An instant as the clocks of the zone show it: "Tuesday 3 March, 11:00".
export function inWords(instant, zone) {
  const parts = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: zone });
  const said = Object.fromEntries(format.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${said.weekday} ${said.day} ${said.month}, ${said.hour}:${said.minute}`;
}
