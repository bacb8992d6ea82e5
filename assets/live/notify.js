// Tells in a notification of the browser what a page thinks worth it: each new data-live-notify="sentence" in it.
// Only when the reader has asked for that, in this browser, and looks elsewhere.

const KEY = "deployer-notify";
const MOST = 3; // at once; the rest is a number

const isPossible = () => "Notification" in window && window.isSecureContext;
const isOn = () => isPossible() && Notification.permission === "granted" && localStorage.getItem(KEY) === "on";
const sentences = () =>
  new Set([...document.querySelectorAll("[data-live-notify]")].map((one) => one.dataset.liveNotify.trim()).filter(Boolean));

let known = new Set();

/** @param {HTMLButtonElement | null} button */
export function offerNotifications(button) {
  known = sentences();
  if (!button || !isPossible() || !document.querySelector("[data-live-notify]")) return;
  const show = () => {
    const isRefused = Notification.permission === "denied";
    button.hidden = false;
    button.disabled = isRefused;
    button.setAttribute("aria-pressed", String(isOn()));
    button.textContent = isRefused ? "Notifications are blocked by this browser" : "Notify me in this browser";
  };
  button.addEventListener("click", async () => {
    if (isOn()) localStorage.setItem(KEY, "off");
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
    show();
  });
  addEventListener("storage", (event) => event.key === KEY && show());
  show();
}

/** After each update of the page. */
export function notifyOfNew() {
  const now = sentences();
  const fresh = [...now].filter((one) => !known.has(one));
  known = now;
  if (!fresh.length || !isOn() || document.hasFocus()) return;
  const told = fresh.length > MOST ? [...fresh.slice(0, MOST - 1), `${fresh.length - MOST + 1} more`] : fresh;
  for (const sentence of told) {
    // Of several tabs that say the same, one notification is shown.
    const one = new Notification(sentence, { tag: sentence, icon: document.querySelector("link[rel=icon]")?.href });
    one.addEventListener("click", () => {
      window.focus();
      one.close();
    });
  }
}
