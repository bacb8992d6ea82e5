// What GOV.UK Frontend adds to pages that work without it.
import { Button, Checkboxes, ErrorSummary, PasswordInput, Radios, ServiceNavigation, SkipLink, createAll } from "./govuk-frontend.min.js";
import "./live/main.js";

// A radio has no aria-expanded (WAI-ARIA 1.2), which GOV.UK Frontend gives to those that reveal something.
class PlainRadios extends Radios {
  syncConditionalRevealWithInputState(input) {
    super.syncConditionalRevealWithInputState(input);
    input.removeAttribute("aria-expanded");
  }
}

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, Checkboxes, ErrorSummary, PasswordInput, PlainRadios, ServiceNavigation, SkipLink]) {
  createAll(component);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const find = document.getElementById("find");
  if (event.key === "/" && find && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const menu = document.getElementById("menu");
    if (menu.hidden) {
      document.querySelector(".govuk-js-service-navigation-toggle").click();
    }
    event.preventDefault();
    find.focus();
  }
});
