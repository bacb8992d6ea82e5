// What has changed, from the stream, and by asking now and then while the stream brings nothing.

const OPEN_MS = 5_000; // until the stream has said hello
const SILENCE_MS = 25_000; // two and a half heartbeats
const POLL_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** @typedef {"live" | "connecting" | "polling" | "away" | "signed-out"} Status */
/** @typedef {{topics: string[], reset: boolean, position: string}} Changes */

/** Begins at a position; `close` ends it. `tell` hears of each change, and `say` of each status. */
export class Stream {
  #source = null;
  #silence = 0;
  #reopening = 0;
  #polling = 0;
  #failures = 0;
  #asking = false;
  #closed = false;

  /**
   * @param {{position: string, tell: (changes: Changes) => void, say: (status: Status) => void}} given
   */
  constructor({ position, tell, say }) {
    this.position = position;
    this.tell = tell;
    this.say = say;
    this.#open();
  }

  close() {
    this.#closed = true;
    this.#source?.close();
    for (const timer of [this.#silence, this.#reopening, this.#polling]) clearTimeout(timer);
  }

  /** Try again at once: the page is seen again, or the network is back. */
  wake() {
    if (this.#closed || this.#source) return;
    clearTimeout(this.#reopening);
    this.#open();
  }

  #open() {
    if (this.#closed) return;
    const source = new EventSource(`/live/?since=${encodeURIComponent(this.position)}`);
    this.#source = source;
    const listen = (name, heard) =>
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        if (event.lastEventId) this.position = event.lastEventId;
        this.#isThere();
        heard?.(event);
      });
    listen("hello");
    listen("heartbeat");
    listen("change", (event) => this.#pass({ topics: JSON.parse(event.data).topics, reset: false }));
    listen("reset", () => this.#pass({ topics: [], reset: true }));
    listen("bye", () => this.#lost());
    source.addEventListener("error", () => source === this.#source && this.#lost());
    this.#await(OPEN_MS);
  }

  #isThere() {
    this.#failures = 0;
    clearTimeout(this.#polling);
    this.#polling = 0;
    this.#await(SILENCE_MS);
    this.say("live");
  }

  #await(time) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), time);
  }

  #pass(changes) {
    this.tell({ ...changes, position: this.position });
  }

  /** The stream has ended, never began, or is silent: another is tried, and meanwhile the page asks. */
  #lost() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#silence);
    if (this.#closed) return;
    this.#failures += 1;
    if (this.#failures === 1) this.say("connecting");
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    clearTimeout(this.#reopening);
    // Not all pages of a server that restarts at the same moment.
    this.#reopening = setTimeout(() => this.#open(), pause * (0.5 + Math.random() / 2));
    if (!this.#polling) this.#poll();
  }

  async #poll() {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const status = await this.#ask();
    this.#asking = false;
    if (this.#closed || (this.#source && this.#failures === 0)) return;
    this.say(status);
    clearTimeout(this.#polling);
    this.#polling = setTimeout(() => this.#poll(), POLL_MS);
  }

  /** @returns {Promise<Status>} */
  async #ask() {
    try {
      const since = this.position;
      const answer = await fetch(`/live/changes/?since=${encodeURIComponent(since)}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(POLL_MS),
      });
      if (answer.status === 401 || answer.status === 403) return "signed-out";
      if (!answer.ok) return "away";
      const changes = await answer.json();
      // What the stream has brought meanwhile goes further.
      if (since === this.position) this.position = changes.position;
      if (changes.topics.length || changes.reset) this.tell(changes);
      return this.#failures > 1 ? "polling" : "connecting";
    } catch {
      return "away";
    }
  }
}
