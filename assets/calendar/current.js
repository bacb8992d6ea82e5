// Keeps the grid current while it is open; the list beside it is a region of the page, and keeps itself.

import { concerns } from "../live/topics.js";

const PAUSE_MS = 1_000; // from one look to the next: a week of promotions is a long answer
const FAILED_MS = 10_000;

/**
 * @param {HTMLElement} grid - whose list says, by its data-live, what it is about
 * @param {() => Promise<void>} refresh
 */
export function keepCurrent(grid, refresh) {
  const about = document.getElementById("calendar-list").dataset.live;
  let isStale = false;
  let isBusy = false;
  let isHeld = false; // by a pointer, which may be dragging
  let next = 0;
  let timer = 0;

  const plan = () => {
    clearTimeout(timer);
    if (!isStale || isBusy || isHeld || document.hidden) return;
    timer = setTimeout(look, Math.max(0, next - performance.now()));
  };
  const look = async () => {
    [isStale, isBusy] = [false, true];
    let pause = PAUSE_MS;
    try {
      await refresh();
    } catch {
      [isStale, pause] = [true, FAILED_MS]; // The page says that the server is away.
    }
    isBusy = false;
    next = performance.now() + pause;
    plan();
  };
  document.addEventListener("deployer:changed", ({ detail }) => {
    if (detail && !concerns(about, new Set(detail.topics))) return;
    isStale = true;
    plan();
  });
  document.addEventListener("visibilitychange", plan);
  grid.addEventListener("pointerdown", () => {
    isHeld = true;
  });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, () => {
      isHeld = false;
      plan();
    });
  }
}
