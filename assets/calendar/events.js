// What the server says of a stretch of the calendar, as EventCalendar's resources and events. Each lane has two columns:
// one for what is booked and, beside it, one for what was promoted.

import { element, local } from "./dom.js";
import { clocks, dayName, later, milliseconds, weekday, written } from "./times.js";

const SHORTEST = 15 * 60 * 1000; // What takes less is drawn as long as this, so that its words can be read.
const SLOT_STATES = { open: "Under way", finished: "Finished", missed: "Missed" };
const SIGNS = { succeeded: "✓", failed: "✕", errored: "?", aborted: "–", deploying: "…", verifying: "…" };
const RUNNING = ["deploying", "verifying"];
const RAN = "/ran";
const DAY = 24 * 60;
const USUAL = [8 * 60, 18 * 60];

export function resourcesOf(answer) {
  return answer.lanes.flatMap((lane) => [
    { id: lane.environment, title: lane.name },
    { id: lane.environment + RAN, title: "Promotions" },
  ]);
}

// The environment of a resource.
export function environmentOf(resource) {
  return resource.id.replace(RAN, "");
}

export function eventsOf(answer, { view, dayAddress }) {
  if (view === "month") return monthOf(answer, dayAddress);
  return answer.lanes.flatMap((lane) => [
    ...bandsOf(answer, lane),
    ...lane.slots.map((slot) => slotEvent(slot, lane)),
    ...lane.promotions.map((promotion) => promotionEvent(promotion, lane, answer)),
  ]);
}

// The widths of the columns, lane by lane and day by day. What is to come has no promotions yet.
export function columnsOf(answer, view, hiddenDays) {
  const columns = [];
  for (let at = milliseconds(answer.starts_at_local); at < milliseconds(answer.ends_at_local); at += DAY * 60000) {
    const day = written(at);
    if (hiddenDays.includes(weekday(day))) continue;
    const widths = day > answer.now_local ? ["1fr", "1px"] : view === "day" ? ["3fr", "minmax(3.5rem, 2fr)"] : ["1fr", "1.75rem"];
    columns.push(`minmax(5.25rem, ${widths[0]}) ${widths[1]} `.repeat(answer.lanes.length));
  }
  return columns.join("");
}

// The hours and days worth drawing: those in which anything is booked or promoted, or opens and closes, and the usual ones.
export function hoursOf(answer) {
  const minutes = (wall) => Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16));
  let [first, last] = USUAL;
  const widen = (start, end) => {
    const overnight = end.slice(0, 10) !== start.slice(0, 10);
    first = Math.min(first, overnight ? 0 : minutes(start));
    last = Math.max(last, overnight ? DAY : minutes(end));
  };
  const drawn = answer.lanes.flatMap((lane) => [...lane.slots, ...lane.promotions]);
  for (const one of drawn) widen(one.starts_at_local, one.ends_at_local ?? answer.now_local);
  for (const { closed } of answer.lanes) {
    closed.slice(1).forEach((span, index) => widen(closed[index].ends_at_local, span.starts_at_local));
  }
  const clock = (value) => `${String(value).padStart(2, "0")}:00`;
  const weekend = drawn.some((one) => [0, 6].includes(weekday(one.starts_at_local)));
  return {
    slotMinTime: clock(Math.floor(first / 60)),
    slotMaxTime: clock(Math.ceil(last / 60)),
    hiddenDays: weekend ? [] : [0, 6],
  };
}

function bandsOf(answer, lane) {
  const band = (span, className, extendedProps = {}) =>
    [lane.environment, lane.environment + RAN].map((resourceId, index) => ({
      start: later(span.starts_at_local, answer.starts_at_local),
      end: span.ends_at_local ?? answer.ends_at_local,
      display: "background",
      resourceIds: [resourceId],
      classNames: ["app-band", className],
      extendedProps: index ? {} : extendedProps,
    }));
  return [
    ...lane.closed.flatMap((span) => band(span, "app-band--closed")),
    ...lane.holidays.flatMap((day) => band(day, "app-band--holiday", { label: `Closed: ${day.name}` })),
    ...lane.freezes.flatMap((freeze) =>
      band(freeze, freeze.only_for.length ? "app-band--partly" : "app-band--freeze", {
        where: `${lane.name}:`,
        label: `Frozen: ${freeze.title}`,
        more: `${clocks(freeze.starts_at_local, freeze.ends_at_local)}. ${freeze.sentence}`,
        link: local(freeze.url),
      }),
    ),
  ];
}

// A month has no lanes: what is the same in several environments is said once, and slots name theirs.
function monthOf(answer, dayAddress) {
  const whole = (start, end, className, label, lanes, link) => {
    const note = lanes.length < answer.lanes.length ? lanes.join(", ") : "";
    const classNames = ["app-event", className];
    return { start, end, allDay: true, classNames, extendedProps: { label, note, link } };
  };
  const everyLane = (list, key) =>
    grouped(answer.lanes.flatMap((lane) => lane[list].map((one) => ({ ...one, lane: lane.name }))), key);
  return [
    ...everyLane("holidays", (one) => one.day + one.name).map(([one, names]) =>
      whole(one.day, one.day, "app-event--closed", `Closed: ${one.name}`, names),
    ),
    ...everyLane("freezes", (one) => `${one.id} ${one.starts_at}`).map(([one, names]) => {
      const [start, end] = [later(one.starts_at_local, answer.starts_at_local), one.ends_at_local ?? answer.ends_at_local];
      return whole(start, end, "app-event--freeze", `Frozen: ${one.title}`, names, local(one.url));
    }),
    ...everyLane("promotion_counts", (one) => one.day).map(([{ day }]) => countEvent(answer, day, dayAddress)),
    ...answer.lanes.flatMap((lane, index) => lane.slots.map((slot) => monthSlotEvent(slot, lane, answer.lanes.length - index))),
  ];
}

// The first of those with the same key, and the lanes of all of them.
function grouped(list, key) {
  const found = new Map();
  for (const one of list) {
    const group = found.get(key(one)) ?? [one, []];
    group[1].push(one.lane);
    found.set(key(one), group);
  }
  return [...found.values()];
}

function countEvent(answer, day, dayAddress) {
  const lines = [];
  let [total, stopped] = [0, 0];
  for (const lane of answer.lanes) {
    const states = lane.promotion_counts.find((one) => one.day === day)?.states ?? {};
    const count = Object.values(states).reduce((sum, number) => sum + number, 0);
    if (count) lines.push(`${lane.name} ${count}`);
    total += count;
    stopped += (states.failed ?? 0) + (states.errored ?? 0);
  }
  const label = `${total} promotion${total === 1 ? "" : "s"}${stopped ? `, ${stopped} stopped` : ""}`;
  const classNames = ["app-event", "app-event--counts", ...(stopped ? ["app-event--failed"] : [])];
  const extendedProps = { where: `${dayName(day)}:`, label, more: lines.join(", "), link: dayAddress(day) };
  return { start: day, end: day, allDay: true, classNames, extendedProps };
}

function monthSlotEvent(slot, lane, place) {
  const event = slotEvent(slot, lane);
  event.classNames.push(`app-event--place-${(place - 1) % 4}`);
  event.durationEditable = false;
  event.extendedProps.when = slot.starts_at_local.slice(11, 16);
  event.extendedProps.note = lane.name;
  return event;
}

function slotEvent(slot, lane) {
  const end = shownEnd(slot.starts_at_local, slot.ends_at_local);
  const more = [
    slot.watched_by && `watched by ${slot.watched_by}`,
    slot.exclusive && "nothing else meanwhile",
    slot.overridden_by && `overridden by ${slot.overridden_by}`,
  ];
  return {
    id: `slot-${slot.id}`,
    start: slot.starts_at_local,
    end,
    resourceIds: [lane.environment],
    startEditable: slot.may_move,
    durationEditable: slot.may_extend,
    classNames: ["app-event", "app-event--slot", `app-event--${slot.state}`],
    extendedProps: {
      slot: { ...slot, shown_end: end },
      where: `${dayName(slot.starts_at_local)}, ${lane.name}:`,
      label: slot.title,
      when: clocks(slot.starts_at_local, slot.ends_at_local),
      note: [SLOT_STATES[slot.state], slot.booked_by].filter(Boolean).join(", "),
      more: more.filter(Boolean).join(", "),
      link: local(slot.url),
    },
  };
}

function promotionEvent(promotion, lane, answer) {
  const { state } = promotion;
  const more = [
    clocks(promotion.starts_at_local, promotion.ends_at_local),
    promotion.outcome,
    promotion.overridden_by && `overridden by ${promotion.overridden_by}`,
  ];
  return {
    id: `promotion-${promotion.id}`,
    start: promotion.starts_at_local,
    end: shownEnd(promotion.starts_at_local, promotion.ends_at_local ?? answer.now_local),
    resourceIds: [lane.environment + RAN],
    classNames: ["app-event", "app-event--promotion", `app-event--${RUNNING.includes(state) ? "running" : state}`],
    extendedProps: {
      where: `${dayName(promotion.starts_at_local)}, ${lane.name}:`,
      sign: SIGNS[state],
      label: promotion.title,
      note: state && state[0].toUpperCase() + state.slice(1),
      more: more.filter(Boolean).join(", "),
      link: local(promotion.url),
    },
  };
}

// Long enough to be read; in the night in which the clocks go back something may end earlier by the clock than it began.
function shownEnd(start, end) {
  return later(end, written(milliseconds(start) + SHORTEST));
}

// What stands in an event: a link with its words, the state among them. What there is no room for is read to who listens,
// and shown to who points at it.
export function contentOf({ event }) {
  const { where, sign, label, when, note, more, link } = event.extendedProps;
  if (!label) return { domNodes: [] };
  const span = (className, text) => text && element("span", { class: className }, text, " ");
  const details = (when || note) && element("span", { class: "app-event__details" }, span("app-event__when", when) || "",
    span("app-event__note", note) || "");
  const text = element("span", { class: "app-event__text" }, span("govuk-visually-hidden", where),
    span("app-event__sign", sign), span("app-event__title", label), details, span("govuk-visually-hidden", more));
  const title = [where, label, when, note, more].filter(Boolean).join(" ");
  return { domNodes: [element(link ? "a" : "span", { class: "app-event__link", href: link, title, draggable: "false" }, text)] };
}
