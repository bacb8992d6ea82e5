// One quiet line: whether the page is kept up to date. It speaks when that changes and stays so, not at each blink.

const STEADY_MS = 3_000;
const WORDS = {
  live: "Live",
  connecting: "Reconnecting",
  away: "Deployer can’t be reached. Trying again",
  polling: "Updating every 10 s",
  failed: "Could not update. Trying again",
  gone: "This page can’t be updated any more: reload it",
  "signed-out": "You are signed out, and this page is no longer updated",
};

const line = document.getElementById("live-status");
const signIn = document.getElementById("live-sign-in");
let [stream, page] = ["connecting", "current"];
let planned = "";
let timer = 0;

/** @param {import("./stream.js").Status} now */
export function sayOfStream(now) {
  stream = now;
  plan();
}

/** @param {import("./regions.js").Outcome} now */
export function sayOfPage(now) {
  page = now;
  plan();
}

const said = () => (stream === "signed-out" || page === "current" ? stream : page);

/** What is said again and again is still said once. */
function plan() {
  if (said() === planned) return;
  planned = said();
  clearTimeout(timer);
  timer = setTimeout(show, planned === "live" || planned === "signed-out" ? 0 : STEADY_MS);
}

function show() {
  if (!line) return;
  line.dataset.status = planned;
  line.textContent = WORDS[planned];
  if (signIn) signIn.hidden = planned !== "signed-out";
}
