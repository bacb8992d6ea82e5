// Search as you type: <form method="get" data-live-filter="#results">. Without this its button does the same.

import { SignedOutError, fetched } from "./fetching.js";
import { morph } from "./morph.js";

const PAUSE_MS = 200;

/** @param {(page: Document) => void} after */
export function watchFilters(after) {
  for (const form of document.querySelectorAll("form[data-live-filter]")) new Filter(form, after);
}

class Filter {
  #timer = 0;
  #shown = location.search;
  #asked = 0;

  constructor(form, after) {
    this.form = form;
    this.after = after;
    form.addEventListener("input", () => this.#soon());
    form.addEventListener("change", () => this.#now());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#now();
    });
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#now(), PAUSE_MS);
  }

  async #now() {
    clearTimeout(this.#timer);
    const address = new URL(this.form.action, location.href);
    const values = [...new FormData(this.form)].filter(([, value]) => value !== "");
    address.search = new URLSearchParams(values);
    if (address.search === this.#shown) return;
    this.#shown = address.search;
    const number = ++this.#asked;
    const results = document.querySelector(this.form.dataset.liveFilter);
    results?.setAttribute("aria-busy", "true");
    try {
      const page = await fetched(address.href);
      if (number !== this.#asked) return; // more was typed meanwhile
      const fresh = page.querySelector(this.form.dataset.liveFilter);
      if (results && fresh) morph(results, fresh);
      history.replaceState(history.state, "", address.pathname + address.search);
      this.after(page);
    } catch (error) {
      // The browser's own way says what is wrong, and leads to the sign-in page.
      if (error instanceof SignedOutError || number === this.#asked) this.form.submit();
    } finally {
      if (number === this.#asked) results?.removeAttribute("aria-busy");
    }
  }
}
