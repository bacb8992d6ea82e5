// One stream for all tabs of a browser, which allows a host few connections: the tab that holds a lock has the stream, and
// tells the others. When it is closed another gets the lock, and goes on from where it had heard.

import { Stream } from "./stream.js";

const NAME = "deployer-live";

/**
 * @param {{position: string, tell: (changes: import("./stream.js").Changes) => void,
 *   say: (status: import("./stream.js").Status) => void}} given
 */
export function listen({ position, tell, say }) {
  if (!navigator.locks || !window.BroadcastChannel) {
    const stream = new Stream({ position, tell, say });
    wakeOnReturn(() => stream.wake());
    return;
  }
  const channel = new BroadcastChannel(NAME);
  let heard = position;
  let status = "connecting";
  /** @type {Stream | null} */
  let stream = null;

  const take = (changes) => {
    heard = changes.position;
    tell(changes);
  };
  const show = (now) => {
    status = now;
    say(now);
  };
  channel.addEventListener("message", ({ data }) => {
    if (data.kind === "hello" && stream) channel.postMessage({ kind: "status", status });
    if (data.kind === "wake") stream?.wake();
    if (stream) return;
    if (data.kind === "changes") take(data.changes);
    if (data.kind === "status") show(data.status);
  });

  const lead = () => {
    stream = new Stream({
      position: heard,
      tell: (changes) => {
        channel.postMessage({ kind: "changes", changes });
        take(changes);
      },
      say: (now) => {
        if (now !== status) channel.postMessage({ kind: "status", status: now });
        show(now);
      },
    });
    return new Promise(() => {}); // as long as the tab is there
  };
  navigator.locks.request(NAME, { ifAvailable: true }, (lock) => (lock ? lead() : follow()));

  // What another tab was told while this one did not listen is asked for once.
  const catchUp = () => {
    channel.postMessage({ kind: "hello" });
    fetch(`/live/changes/?since=${encodeURIComponent(heard)}`, { cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((changes) => changes && (changes.topics.length || changes.reset) && tell(changes))
      .catch(() => {}); // the leader's stream says that the server is away
  };
  const follow = () => {
    catchUp();
    navigator.locks.request(NAME, lead);
  };
  wakeOnReturn(() => (stream ? stream.wake() : channel.postMessage({ kind: "wake" })));
  // A page that was kept for the back button heard nothing meanwhile.
  addEventListener("pageshow", (event) => event.persisted && (stream ? stream.wake() : catchUp()));
}

function wakeOnReturn(wake) {
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
}
