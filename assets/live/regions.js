// Keeps the parts of the page current: which are stale, when they are fetched, and what becomes of the answer.

import { GoneError, SignedOutError, fetched } from "./fetching.js";
import { holdsTouched, morph } from "./morph.js";
import { concerns } from "./topics.js";

const PAUSE_MS = 400; // from one fetch to the next, so that a burst is one
const HIDDEN_PAUSE_MS = 15_000; // where nobody looks, but at the tab's title and icon
const SOON_MS = 100;
const SPREAD_MS = 600; // for a whole that hundreds of pages fetch at once
const AGAIN_MS = [1_000, 2_000, 5_000, 10_000];

/** @typedef {"current" | "failed" | "signed-out" | "gone"} Outcome */

export class Regions {
  #stale = new Set(); // ids
  #whole = false;
  #busy = false;
  #last = -Infinity;
  #failures = 0;
  #timer = 0;

  /** @param {{after: (page: Document) => void, say: (outcome: Outcome) => void}} given */
  constructor({ after, say }) {
    this.after = after;
    this.say = say;
    document.addEventListener("visibilitychange", () => document.hidden || this.#plan());
  }

  /** @param {{topics: string[], reset: boolean}} changes */
  tell({ topics, reset }) {
    const changed = new Set(topics);
    for (const region of document.querySelectorAll("[data-live][id]")) {
      if (reset || concerns(region.dataset.live, changed)) this.#stale.add(region.id);
    }
    if (reset && this.#stale.size) this.#whole = true;
    this.#plan();
  }

  #plan() {
    clearTimeout(this.#timer);
    if (this.#busy || !(this.#stale.size || this.#whole)) return;
    const again = this.#failures ? AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length) - 1] : 0;
    const pause = Math.max(document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS, again);
    this.#timer = setTimeout(() => this.#update(), Math.max(0, this.#last + pause - performance.now()));
  }

  async #update() {
    const [stale, whole] = [[...this.#stale], this.#whole];
    this.#stale.clear();
    this.#whole = false;
    this.#busy = true;
    try {
      await this.#fetch(stale, whole);
      this.#failures = 0;
      this.say("current");
    } catch (error) {
      for (const id of stale) this.#stale.add(id);
      this.#whole ||= whole;
      this.#failures += 1;
      if (error instanceof GoneError) this.#forget();
      this.say(error instanceof SignedOutError ? "signed-out" : error instanceof GoneError ? "gone" : "failed");
    } finally {
      this.#busy = false;
      this.#last = performance.now();
      this.#plan();
    }
  }

  /** It is not there any more, or not for this reader: what is shown stays, and the reader is told. */
  #forget() {
    this.#stale.clear();
    this.#whole = false;
  }

  async #fetch(ids, whole) {
    const regions = ids.map((id) => document.getElementById(id)).filter((one) => one !== null);
    const apart = whole ? [] : regions.filter((one) => one.dataset.liveSource);
    const rest = new Set(regions.filter((one) => !apart.includes(one)).map((one) => one.id));
    for (const [source, some] of bySource(apart)) await this.#fetchApart(source, some);
    if (rest.size) this.#show(await fetched(ownAddress()), rest);
  }

  /** What a source says of the regions, and of what is to be fetched whole: a moment later, so that the parts come first. */
  async #fetchApart(source, regions) {
    const address = new URL(source, location.href);
    for (const region of regions) address.searchParams.append("only", region.dataset.liveOnly ?? region.id);
    const answer = await fetched(address.href);
    for (const fresh of answer.querySelectorAll("[id]")) {
      const old = document.getElementById(fresh.id);
      const isPart = fresh.parentElement?.closest("[id]"); // comes with its parent
      if (old && !isPart) morph(old, fresh);
    }
    this.after(answer);
    for (const { dataset } of answer.querySelectorAll("[data-live-whole]")) {
      for (const { id } of document.querySelectorAll(dataset.liveWhole)) this.#later(id);
    }
  }

  #later(id) {
    setTimeout(() => {
      this.#stale.add(id);
      this.#plan();
    }, SOON_MS + Math.random() * SPREAD_MS);
  }

  #show(page, ids) {
    for (const id of ids) {
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (old && fresh) morph(old, fresh);
      else if (old && !old.matches("[data-live-keep]") && !holdsTouched(old)) old.replaceChildren();
    }
    this.after(page);
  }
}

export function ownAddress() {
  return location.pathname + location.search;
}

function bySource(regions) {
  const sources = new Map();
  for (const region of regions) {
    const { liveSource } = region.dataset;
    sources.set(liveSource, [...(sources.get(liveSource) ?? []), region]);
  }
  return sources;
}
