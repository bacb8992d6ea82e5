// The tab's title and icon show the state of what the page is about.

const ICONS = new Set(["stopped", "moving", "waiting", "ok"]);
const icon = document.querySelector("link[rel=icon]");
const plain = icon?.getAttribute("href");

export function showState() {
  const state = document.body.dataset.state?.trim() ?? "";
  icon?.setAttribute("href", ICONS.has(state) ? plain.replace(/favicon\.svg.*$/, `states/${state}.svg`) : plain);
}

/** @param {Document} page - what was fetched; parts of a page have neither. */
export function takeState(page) {
  if (page.title) document.title = page.title;
  if (page.body.dataset.state !== undefined) document.body.dataset.state = page.body.dataset.state;
  showState();
}
