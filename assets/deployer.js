// What GOV.UK Frontend adds to pages that work without it.
import { Button, Checkboxes, ErrorSummary, PasswordInput, Radios, SkipLink, createAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, Checkboxes, ErrorSummary, PasswordInput, Radios, SkipLink]) {
  createAll(component);
}
