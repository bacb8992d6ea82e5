// What GOV.UK Frontend adds to pages that work without it.
import { Button, ErrorSummary, PasswordInput, SkipLink, createAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) {
  createAll(component);
}
