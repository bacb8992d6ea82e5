// Booking, moving and extending slots by dragging. What the server refuses goes back to where it was, and every reason is
// said beside the grid.

import { ask, element, local, Problem } from "./dom.js";
import { environmentOf } from "./events.js";
import { inWords, shifted } from "./times.js";

// `settings` are the data of the grid's element; `refresh` draws anew what the server says.
export function dragging(settings, message, refresh) {
  const instantOf = async (wall, edge) =>
    (await ask(`${settings.instant}&${new URLSearchParams({ wall, edge })}`)).at;

  const span = (times) =>
    `${inWords(times.starts_at, settings.zone)} to ${inWords(times.ends_at, settings.zone).split(", ")[1]}`;

  // EventCalendar's constraints say what is drawn while something is dragged, and not what comes of it.
  async function book(info) {
    if (info.startStr < settings.now) {
      message.tell("This time can’t be booked", [element("p", {}, "It is past: choose a later one.")]);
      return;
    }
    try {
      const [start, end] = await Promise.all([instantOf(info.startStr, "start"), instantOf(info.endStr, "end")]);
      if (end <= start) {
        message.tell("This time can’t be booked", [element("p", {}, "The clocks go forward over it: choose another.")]);
        return;
      }
      const address = new URL(settings.new, location.href);
      for (const [name, value] of Object.entries({ environment: environmentOf(info.resource), start, end })) {
        address.searchParams.set(name, value);
      }
      location.assign(address);
    } catch (error) {
      message.tell("This time can’t be booked", [element("p", {}, said(error))]);
    }
  }

  const leavesLane = ({ oldResource, newResource }) =>
    Boolean(newResource) && environmentOf(newResource) !== environmentOf(oldResource);

  // A slot that is moved stays as long as it is; one that is made longer or shorter keeps its start.
  async function drop(info) {
    const slot = info.event.extendedProps.slot;
    if (leavesLane(info)) {
      info.revert();
      const text = "A slot stays in its environment: to change that, cancel it and book another.";
      message.tell(`${slot.title} stays where it was, ${span(slot)}`, [element("p", {}, text)]);
      return;
    }
    await change(slot, info.revert, async () => {
      const starts_at = await instantOf(shifted(slot.starts_at_local, info.delta), "start");
      const length = Date.parse(slot.ends_at) - Date.parse(slot.starts_at);
      return { starts_at, ends_at: new Date(Date.parse(starts_at) + length).toISOString() };
    });
  }

  async function resize(info) {
    const slot = info.event.extendedProps.slot;
    await change(slot, info.revert, async () => ({
      starts_at: slot.starts_at,
      ends_at: await instantOf(shifted(slot.shown_end, info.endDelta), "end"),
    }));
  }

  async function change(slot, revert, times) {
    let wanted, changed;
    try {
      wanted = await times();
      const same = ["starts_at", "ends_at"].every((name) => Date.parse(wanted[name]) === Date.parse(slot[name]));
      if (same) return revert();
      changed = await put(slot, wanted);
    } catch (error) {
      revert();
      return refuse(slot, error);
    }
    await tell({ ...slot, ...wanted, sequence: changed.sequence }, slot);
  }

  async function put(slot, { starts_at, ends_at }) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    return ask(`${settings.slots}${slot.id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json", "x-csrftoken": token },
      body: JSON.stringify({ starts_at, ends_at, sequence: slot.sequence }),
    });
  }

  // The slot as it is now, and as it was before, to which one may go back.
  async function tell(slot, before) {
    const back = button("Undo", () => change(slot, () => {}, () => before));
    const parts = [`${slot.title} is now booked for ${span(slot)}. `, back];
    try {
      await refresh();
    } catch {
      parts.push(" The rest of the calendar could not be read again: refresh the page to see it.");
    }
    message.note(element("p", {}, ...parts));
  }

  function refuse(slot, error) {
    const { blockers = [], next_free: free } = error.body ?? {};
    const reasons = blockers.map((one) =>
      element("li", {}, `${one.sentence} `, one.until && `Until ${inWords(one.until, settings.zone)}. `, `${one.who}. `,
        one.link && element("a", { href: local(one.link), class: "app-link" }, "See why"))
    );
    const parts = [reasons.length ? element("ul", { class: "govuk-list" }, ...reasons) : element("p", {}, said(error))];
    if (free && Date.parse(free.starts_at) === Date.parse(slot.starts_at)) {
      parts.push(element("p", {}, "The next free time is the one that it has."));
    } else if (free) {
      const text = `Book it for ${span(free)}`;
      parts.push(button(text, () => change(slot, () => {}, () => free), "govuk-button govuk-button--secondary"));
    } else if (blockers.length) {
      parts.push(element("p", {}, "No free time was found for it."));
    }
    message.tell(`${slot.title} stays where it was, ${span(slot)}`, parts);
  }

  return {
    selectable: Boolean(settings.new) && settings.view !== "month",
    select: book,
    selectConstraint: (info) => info.startStr >= settings.now,
    eventDrop: drop,
    eventResize: resize,
    dragConstraint: (info) => !leavesLane(info),
  };
}

function said(error) {
  if (error instanceof Problem) return error.message;
  return "Deployer did not answer: refresh the page to see how things stand, and try again.";
}

function button(text, click, className = "app-text-button") {
  const made = element("button", { type: "button", class: className }, text);
  made.addEventListener("click", click, { once: true });
  return made;
}

// The two regions beside the grid: one that interrupts, and one that waits until the reader has a moment.
export function messages(alert, status) {
  const clear = () => {
    alert.replaceChildren();
    status.replaceChildren();
  };
  return {
    clear,
    tell(title, parts) {
      clear();
      const close = element("button", { type: "button", class: "app-text-button" }, "Close this message");
      close.addEventListener("click", clear);
      alert.append(element("div", { class: "app-panel app-panel--stopped" },
        element("h3", { class: "govuk-heading-s" }, title), ...parts, close));
      alert.scrollIntoView({ block: "nearest" });
    },
    note(content) {
      const focused = [alert, status].some((region) => region.contains(document.activeElement));
      clear();
      status.append(content);
      if (focused) status.focus();
    },
  };
}
