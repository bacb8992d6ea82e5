// What begins or ends by the clock alone, and so is told by nobody: <span data-live-at="2026-…" data-live-topic="freeze:7">.
// At that moment the page fetches what is about the topic, as if that had been told.

import { serverNow } from "./ages.js";

const LONGEST_MS = 2 ** 31 - 1; // of a timer
const LATE_MS = 50; // The server must see the moment as past.

/** @param {(topics: string[]) => void} tell */
export function watchTimes(tell) {
  let timer = 0;
  const done = new Set(); // What the server says again, of a moment that has passed, is not asked for again.
  const plan = () => {
    clearTimeout(timer);
    const coming = [...document.querySelectorAll("[data-live-at]")]
      .map(({ dataset }) => ({ at: Date.parse(dataset.liveAt), topic: dataset.liveTopic }))
      .filter(({ at, topic }) => !done.has(`${at} ${topic}`));
    if (!coming.length) return;
    const first = Math.min(...coming.map(({ at }) => at));
    timer = setTimeout(() => look(coming), Math.min(Math.max(0, first - serverNow() + LATE_MS), LONGEST_MS));
  };
  const look = (coming) => {
    const due = coming.filter(({ at }) => at <= serverNow());
    for (const { at, topic } of due) done.add(`${at} ${topic}`);
    if (due.length) tell(due.map(({ topic }) => topic));
    plan();
  };
  document.addEventListener("deployer:updated", plan);
  document.addEventListener("visibilitychange", plan); // A computer that slept has slept through it.
  plan();
}
