// Makes a part of the page what it now is, and leaves alone what the reader is at.

import { Idiomorph } from "../idiomorph.js";

const FIELDS = "input, textarea, select";

/**
 * @param {Element} old - in the page
 * @param {Element} fresh - as fetched
 */
export function morph(old, fresh) {
  const focused = remembered(document.activeElement);
  const anchor = firstInView();
  Idiomorph.morph(old, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks });
  focused();
  anchor();
}

const callbacks = {
  beforeNodeMorphed: (old) => !(isElement(old) && (old.hasAttribute("data-live-keep") || isTouched(old))),
  beforeNodeRemoved: (node) => !(isElement(node) && (isKept(node) || holdsTouched(node))),
  beforeAttributeUpdated: (name, element, what) => !isOfTheReader(name, element, what),
};

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const isKept = (element) => element.hasAttribute("data-live-keep");

/** A field that is being typed in, or is no longer as it was sent. */
function isTouched(element) {
  if (!element.matches(FIELDS)) return false;
  if (element.type === "hidden" || element.type === "submit") return false;
  if (element === document.activeElement) return true;
  if (element instanceof HTMLSelectElement) {
    const options = [...element.options];
    // A list without a chosen option shows its first.
    const sent = options.some((one) => one.defaultSelected) ? (one) => one.defaultSelected : (one, at) => at === 0;
    return !element.multiple && options.some((one, at) => one.selected !== sent(one, at));
  }
  return element.value !== element.defaultValue || element.checked !== element.defaultChecked;
}

export const holdsTouched = (element) => isTouched(element) || [...element.querySelectorAll(FIELDS)].some(isTouched);

/** What is open stays open, and what scripts have marked stays marked. */
function isOfTheReader(name, element, what) {
  if (name === "open") return element.matches("details, dialog");
  return what === "remove" && /^data-govuk-.*-init$/.test(name);
}

/** What had the focus has it again when its element was replaced by its like. */
function remembered(element) {
  if (!element || element === document.body) return () => {};
  const { id } = element;
  const href = element.getAttribute("href");
  const region = element.closest("[data-live]");
  return () => {
    if (document.activeElement === element && element.isConnected) return;
    const like = (id && document.getElementById(id)) || (href && linkTo(href, region?.isConnected ? region : document));
    (like || (element.isConnected ? element : null))?.focus({ preventScroll: true });
  };
}

const linkTo = (href, within) => within.querySelector(`a[href="${CSS.escape(href)}"]`);

/** What is read stays where it is on the screen, however much has come or gone above it. */
function firstInView() {
  if (window.scrollY <= 0) return () => {};
  const element = document.elementFromPoint(innerWidth / 2, Math.min(innerHeight / 3, 240));
  if (!element || element === document.body || element === document.documentElement) return () => {};
  const { top } = element.getBoundingClientRect();
  return () => {
    if (!element.isConnected) return;
    const moved = element.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 1) window.scrollBy({ top: moved, behavior: "instant" });
  };
}
