// Ages go on by themselves: <time datetime="…" data-age>3 h</time>, in the unit and the words in which the page wrote them.

const EVERY_MS = 5_000;
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
const SHORT = ["s", "min", "h"];
const LONG = ["second", "minute", "hour"];
const WRITTEN = /^(?:just now|under 1 s|\d+ (s|min|h|seconds?|minutes?|hours?)( ago)?)$/;

let ahead = 0; // this computer's clock, of the server's, in milliseconds

/** @param {string | undefined} now - of the server, as a page says it */
export function setClock(now) {
  if (now) ahead = Date.now() - Date.parse(now);
}

/** By the server's clock, as near as this one's knows it. */
export const serverNow = () => Date.now() - ahead;

export function keepAges() {
  setInterval(() => document.hidden || showAges(), EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || showAges());
}

export function showAges() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = time.textContent.trim();
    const seconds = (serverNow() - Date.parse(time.dateTime)) / 1_000;
    const words = text.match(WRITTEN);
    const now = words && age(seconds, words);
    if (now && now !== text) time.textContent = now;
  }
}

/** From a day on the page says when, and not how long ago; it does that when it is next fetched. */
function age(seconds, [text, unit = "", ago = ""]) {
  if (seconds < 1 || seconds >= DAY) return null;
  const at = seconds >= HOUR ? 2 : seconds >= MINUTE ? 1 : 0;
  const count = Math.floor(seconds / [1, MINUTE, HOUR][at]);
  if (text !== "just now" && SHORT.includes(unit || "s")) return `${count} ${SHORT[at]}${ago}`;
  return `${count} ${LONG[at]}${count === 1 ? "" : "s"} ago`;
}
