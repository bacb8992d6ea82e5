// Keeps an open page up to date (docs/architecture.md, Live).

import { keepAges, setClock, showAges } from "./ages.js";
import { watchFilters } from "./filter.js";
import { notifyOfNew, offerNotifications } from "./notify.js";
import { Regions } from "./regions.js";
import { sayOfPage, sayOfStream } from "./status.js";
import { showState, takeState } from "./tab.js";
import { listen } from "./tabs.js";
import { watchTimes } from "./times.js";

const { livePosition, liveNow } = document.body.dataset;

function after(page) {
  takeState(page);
  showAges();
  notifyOfNew();
  // For scripts that give parts of the page something of their own.
  document.dispatchEvent(new CustomEvent("deployer:updated"));
}

setClock(liveNow);
showState();
keepAges();
watchFilters(after);
if (livePosition && document.querySelector("[data-live]")) {
  offerNotifications(document.getElementById("live-notify"));
  const regions = new Regions({ after, say: sayOfPage });
  const tell = (changes) => {
    regions.tell(changes);
    // For parts that fetch by themselves, such as a log; without topics anything may have changed.
    const detail = changes.reset ? null : { topics: changes.topics };
    document.dispatchEvent(new CustomEvent("deployer:changed", { detail }));
  };
  watchTimes((topics) => tell({ topics, reset: false }));
  listen({ position: livePosition, tell, say: sayOfStream });
}
