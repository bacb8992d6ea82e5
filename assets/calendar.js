// The calendar's grid. The server has drawn a list already, and that stays what is printed and what is shown where there
// is no room: this draws the same on a grid, with a lane for each environment, and lets slots be dragged.

import { keepCurrent } from "./calendar/current.js";
import { ask, element } from "./calendar/dom.js";
import { dragging, messages } from "./calendar/dragging.js";
import { columnsOf, contentOf, eventsOf, hoursOf, resourcesOf } from "./calendar/events.js";
import { dayName } from "./calendar/times.js";

const VIEWS = { day: "resourceTimeGridDay", week: "resourceTimeGridWeek", month: "dayGridMonth" };
const calendar = document.getElementById("calendar");
const grid = document.getElementById("calendar-grid");

if (calendar && grid) {
  listenToKeys();
  const layout = grid.dataset.layout || (matchMedia("(min-width: 48em)").matches ? "grid" : "list");
  document.querySelector(`[data-layout=${layout}]`)?.setAttribute("aria-current", "true");
  if (layout === "grid") draw();
  addEventListener("pageshow", (event) => event.persisted && location.reload()); // Come back to: it may have changed.
}

async function draw() {
  const settings = { ...grid.dataset };
  const message = messages(document.getElementById("calendar-message"), document.getElementById("calendar-status"));
  calendar.classList.add("app-calendar--grid");
  grid.hidden = false;
  grid.replaceChildren(element("p", { class: "app-calendar__status" }, "Loading…"));
  try {
    const answer = await ask(settings.range);
    grid.replaceChildren();
    const drawn = EventCalendar.create(grid, optionsOf(answer, settings, message, () => refresh(drawn, settings)));
    keepCurrent(grid, () => refreshGrid(drawn, settings));
  } catch (error) {
    calendar.classList.remove("app-calendar--grid");
    grid.hidden = true;
    message.tell("The grid could not be drawn", [element("p", {}, `The list below shows the same. ${error.message}`)]);
  }
}

function optionsOf(answer, settings, message, refreshed) {
  const dayAddress = (day) => settings.day.replace("DATE", day.slice(0, 10));
  const hours = settings.hours === "all" ? { hiddenDays: [] } : hoursOf(answer);
  if (settings.view !== "week") hours.hiddenDays = [];
  if (settings.view !== "month") sayHours(hours, settings);
  grid.style.setProperty("--app-columns", columnsOf(answer, settings.view, hours.hiddenDays));
  return {
    view: VIEWS[settings.view],
    date: settings.date,
    timeZone: settings.offset, // For "now" and "today": times come as the wall clock of the reader's zone shows them.
    locale: "en-GB",
    firstDay: 1,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    nowIndicator: true,
    datesAboveResources: true,
    dayMaxEvents: true,
    height: settings.view === "month" ? `${2 + 10.5 * settings.weeks}rem` : undefined,
    slotEventOverlap: false,
    slotDuration: "00:30",
    snapDuration: "00:15",
    slotHeight: settings.view === "day" ? 44 : 38,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit" },
    scrollTime: "08:00",
    dayHeaderFormat: (date) => ({ domNodes: [dayHead(date, settings.view, dayAddress)] }),
    views: { dayGridMonth: { dayHeaderFormat: { weekday: "short" } } },
    dayCellFormat: (date) => ({ domNodes: [dayHead(date, "cell", dayAddress)] }),
    moreLinkContent: ({ num }) => `${num} more`,
    ...hours,
    resources: resourcesOf(answer),
    events: eventsOf(answer, { view: settings.view, dayAddress }),
    eventContent: contentOf,
    eventStartEditable: false,
    eventDurationEditable: false,
    viewDidMount: makeReadable,
    ...dragging(settings, message, refreshed),
  };
}

// Which hours and days are left out, and the way to have them.
function sayHours({ slotMinTime, slotMaxTime, hiddenDays }, settings) {
  const all = settings.hours === "all";
  if (!all && slotMinTime === "00:00" && slotMaxTime === "24:00" && !hiddenDays.length) return;
  const what = hiddenDays.length ? "Nights and the weekend are left out" : "Nights are left out";
  const link = element("a", { href: settings.all, class: "app-link" }, all ? "Leave out nights" : "Show all hours");
  grid.after(element("p", { class: "app-calendar__hours" }, all ? "" : `${what}, as nothing is booked then. `, link));
}

// After a change of the reader's own: what the server says now, on the grid and in the list, which is what is printed.
async function refresh(drawn, settings) {
  const [, page] = await Promise.all([refreshGrid(drawn, settings), fetch(location.href).then((one) => one.text())]);
  const list = new DOMParser().parseFromString(page, "text/html").getElementById("calendar-list");
  if (list) document.getElementById("calendar-list").replaceChildren(...list.childNodes);
}

async function refreshGrid(drawn, settings) {
  const dayAddress = (day) => settings.day.replace("DATE", day.slice(0, 10));
  const answer = await ask(settings.range);
  const focused = grid.contains(document.activeElement) && document.activeElement.getAttribute("href");
  drawn.setOption("events", eventsOf(answer, { view: settings.view, dayAddress }));
  if (!focused) return;
  await new Promise(requestAnimationFrame); // It is drawn by then.
  if (!grid.contains(document.activeElement)) {
    grid.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}

// A day's name, which leads to the day by itself.
function dayHead(date, place, dayAddress) {
  const local = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  const day = local.join("-");
  const [weekday, number, month] = dayName(day).split(" ");
  const text = place === "cell" ? number : `${weekday.slice(0, 3)} ${number} ${month.slice(0, 3)}`;
  if (place === "day") return element("span", {}, dayName(day));
  const label = place === "cell" && dayName(day);
  return element("a", { href: dayAddress(day), class: "app-day-link", "aria-label": label }, text);
}

// EventCalendar's cells have the roles of a table's parts, and not the structure of one. To who listens, the grid is a list
// of links that each say all; the list, which the layout links lead to, is the table.
function makeReadable() {
  for (const one of grid.querySelectorAll("[role]:not([role=button])")) {
    for (const name of ["role", "aria-colindex", "aria-colspan"]) one.removeAttribute(name);
  }
  const main = grid.querySelector(".ec-main");
  main.tabIndex = 0;
  main.setAttribute("role", "group");
  main.setAttribute("aria-label", "Calendar grid");
}

// Keys count only while something in the calendar has the focus, and never in a field: nothing that is typed is caught.
function listenToKeys() {
  calendar.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const link = calendar.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!link) return;
    event.preventDefault();
    const address = new URL(link.href);
    if (address.pathname === location.pathname) address.hash = "calendar"; // Where the keys go on working.
    location.assign(address);
  });
}
