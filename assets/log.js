// A step's log on an open page: what is printed comes by itself, words are found in it, and a line has an address.
// Without this script the end of the log is on the page, and the form and the links lead to pages of the whole log.

const SOONEST = 2000;
const LATEST = 15_000;
const MOST_LINES = 5000;
const MOST_HITS = 2000;
const NEAR = 8;
const LINE = /^#log-(\d+)-L(\d+)$/;

class DeployerLog extends HTMLElement {
  connectedCallback() {
    if (this.pane) return;
    this.pane = this.querySelector(".app-log");
    this.lines = this.querySelector("[data-log-lines]");
    this.url = this.dataset.logUrl;
    this.next = this.dataset.logNext;
    this.runs = "logRuns" in this.dataset;
    this.following = true;
    this.delay = SOONEST;
    this.hits = [];
    this.here = -1;
    this.pane.classList.replace("app-log--end", "app-log--scrolls");
    this.makeTools();
    this.pane.addEventListener("scroll", () => this.follow(this.isAtEnd()), { passive: true });
    this.changed = (event) => {
      const topics = event.detail?.topics;
      if (!topics || [...topics].includes(this.dataset.logTopic)) this.soon();
    };
    this.seen = () => document.hidden || this.soon();
    this.moved = () => this.toHash();
    document.addEventListener("deployer:changed", this.changed);
    document.addEventListener("visibilitychange", this.seen);
    window.addEventListener("hashchange", this.moved);
    this.closest("details")?.addEventListener("toggle", () => this.opened());
    this.toEnd();
    this.toHash();
    this.plan();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    document.removeEventListener("deployer:changed", this.changed);
    document.removeEventListener("visibilitychange", this.seen);
    window.removeEventListener("hashchange", this.moved);
  }

  // --- What is printed ---

  plan() {
    clearTimeout(this.timer);
    if (this.runs) this.timer = setTimeout(() => this.fetchNew(), this.delay);
  }

  soon() {
    this.delay = SOONEST;
    if (this.runs) this.fetchNew();
  }

  opened() {
    if (this.following) this.toEnd();
    this.soon();
  }

  async fetchNew() {
    if (this.busy || document.hidden || !this.isShown()) return this.plan();
    this.busy = true;
    let more = false;
    try {
      const part = await this.part({ after: this.next });
      if (part) {
        const before = this.next;
        this.next = part.dataset.logNext;
        more = "logMore" in part.dataset;
        if ("logEnded" in part.dataset) this.stop();
        this.take([...part.children]);
        this.delay = this.next === before ? Math.min(this.delay * 1.5, LATEST) : SOONEST;
      }
    } catch {
      this.delay = LATEST;
    } finally {
      this.busy = false;
    }
    if (more) this.fetchNew();
    else this.plan();
  }

  async part(query) {
    const answer = await fetch(`${this.url}?${new URLSearchParams(query)}`, { redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-log-next]");
  }

  take(lines) {
    for (const line of lines) {
      const shown = this.lineWithId(line.id);
      if (shown) shown.replaceWith(line);
      else this.lines.append(line);
    }
    while (this.lines.children.length > MOST_LINES) {
      this.lines.firstElementChild.remove();
      this.dataset.logWhole = "no";
    }
    if (lines.length && this.field.value) this.find(this.field.value, { moves: false });
    if (this.following) this.toEnd();
  }

  stop() {
    this.runs = false;
    this.button.hidden = true;
  }

  lineWithId(id) {
    const found = document.getElementById(id);
    return found && this.lines.contains(found) ? found : null;
  }

  // --- Where the reader is ---

  isShown() {
    return this.pane.getClientRects().length > 0;
  }

  isAtEnd() {
    return this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight < NEAR;
  }

  follow(following) {
    this.following = following;
    this.button.setAttribute("aria-pressed", String(following));
  }

  toEnd() {
    this.pane.scrollTop = this.pane.scrollHeight;
  }

  bring(element) {
    const top = element.getBoundingClientRect().top - this.pane.getBoundingClientRect().top + this.pane.scrollTop;
    this.follow(false);
    this.pane.scrollTop = top - this.pane.clientHeight / 3;
    this.pane.scrollIntoView({ block: "nearest" });
    this.follow(this.isAtEnd());
  }

  async toHash() {
    const [, log, number] = LINE.exec(window.location.hash) ?? [];
    this.lines.querySelector(".app-log__line--chosen")?.classList.remove("app-log__line--chosen");
    if (log !== this.dataset.log) return;
    for (let around = this.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    const id = `log-${log}-L${number}`;
    if (!this.lineWithId(id)) await this.fetchAround(number);
    const line = this.lineWithId(id);
    if (!line) return;
    line.classList.add("app-log__line--chosen");
    this.bring(line);
  }

  async fetchAround(number) {
    let part;
    try {
      part = await this.part({ line: number, part: "" });
    } catch {
      return;
    }
    const gap = document.createElement("div");
    const link = document.createElement("a");
    gap.className = "app-log__gap";
    link.className = "app-link";
    link.href = `${this.url}?line=${Number(part.dataset.logLast) + 1}`;
    link.textContent = "Lines left out here";
    gap.append(link);
    const first = this.lines.querySelector(".app-log__line");
    this.lines.querySelectorAll(".app-log__gap").forEach((one) => one.remove());
    const lines = [...part.children].filter((line) => !this.lineWithId(line.id));
    const isNext = first?.id === `log-${this.dataset.log}-L${Number(part.dataset.logLast) + 1}`;
    this.lines.prepend(...lines, ...(first && lines.length === part.children.length && !isNext ? [gap] : []));
  }

  // --- Words in it ---

  makeTools() {
    const form = this.querySelector("form");
    this.field = form.elements.q;
    this.count = document.createElement("span");
    this.count.className = "app-log-search__count";
    this.count.setAttribute("role", "status");
    this.everywhere = document.createElement("a");
    this.everywhere.className = "app-link app-log-search__count";
    this.everywhere.textContent = "Search the whole log";
    this.everywhere.hidden = true;
    this.before = this.tool("Previous", () => this.step(-1));
    this.behind = this.tool("Next", () => this.step(1));
    form.querySelector("button").remove();
    form.append(this.before, this.behind, this.count, this.everywhere);
    this.button = this.tool("Follow the end", () => {
      this.follow(!this.following);
      if (this.following) this.toEnd();
    });
    this.button.hidden = !this.runs;
    form.after(this.button);
    this.follow(true);
    let timer;
    this.field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.find(this.field.value), 150);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (this.hits.length || this.dataset.logWhole === "yes") this.step(event.shiftKey ? -1 : 1);
      else if (this.field.value.trim()) form.submit();
    });
    this.field.addEventListener("search", () => this.field.value || this.find(""));
  }

  tool(label, does) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary app-log-search__button";
    button.textContent = label;
    button.addEventListener("click", does);
    return button;
  }

  find(word, { moves = true } = {}) {
    const here = this.here;
    this.forget();
    const wanted = word.trim().toLowerCase();
    if (wanted) {
      for (const text of this.lines.querySelectorAll(".app-log__text")) {
        if (this.hits.length >= MOST_HITS) break;
        if (text.textContent.toLowerCase().includes(wanted)) this.hits.push(...marked(text, wanted));
      }
    }
    this.here = this.hits.length ? (moves ? this.hits.length - 1 : Math.min(Math.max(here, 0), this.hits.length - 1)) : -1;
    this.everywhere.hidden = !wanted || this.dataset.logWhole === "yes";
    this.everywhere.href = `${this.url}?${new URLSearchParams({ q: word.trim() })}`;
    this.show(moves);
  }

  forget() {
    for (const mark of this.lines.querySelectorAll("mark")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
    this.hits = [];
  }

  step(by) {
    if (!this.hits.length) return;
    this.here = (this.here + by + this.hits.length) % this.hits.length;
    this.show(true);
  }

  show(moves) {
    this.hits.forEach((marks, place) => {
      for (const mark of marks) mark.classList.toggle("app-log__hit--here", place === this.here);
    });
    const all = this.hits.length >= MOST_HITS ? `${this.hits.length} or more` : this.hits.length;
    if (this.hits.length) this.count.textContent = `${this.here + 1} of ${all}`;
    else this.count.textContent = this.field.value.trim() ? "None here" : "";
    if (moves && this.here >= 0) this.bring(this.hits[this.here][0]);
  }
}

// Mark each place of the word in the element, which colours may cut: the marks of each place.
function marked(element, word) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let length = 0;
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, start: length });
    length += walker.currentNode.length;
  }
  const text = element.textContent.toLowerCase();
  if (text.length !== length) return [];
  const places = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) places.unshift(at);
  return places
    .map((at) => {
      const marks = [];
      for (const { node, start } of [...nodes].reverse()) {
        const from = Math.max(at - start, 0);
        const to = Math.min(at + word.length - start, node.length);
        if (from >= to) continue;
        const piece = node.splitText(from);
        piece.splitText(to - from);
        const mark = document.createElement("mark");
        mark.className = "app-log__hit";
        piece.replaceWith(mark);
        mark.append(piece);
        marks.unshift(mark);
      }
      return marks;
    })
    .filter((marks) => marks.length)
    .reverse();
}

// A step that the address names is opened.
function openStep() {
  const step = /^#step-\d+$/.test(window.location.hash) && document.querySelector(window.location.hash);
  const details = step && step.querySelector("details.app-steps__more");
  if (details) details.open = true;
}

customElements.define("deployer-log", DeployerLog);
window.addEventListener("hashchange", openStep);
openStep();
