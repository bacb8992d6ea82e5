// What an element waits for, and whether a change is that: data-live="application:publisher freeze:* promotion:12", or "*".

/**
 * @param {string} wanted - of an attribute data-live
 * @param {ReadonlySet<string>} topics - of what has changed
 */
export function concerns(wanted, topics) {
  return wanted.split(/\s+/).some((one) => one === "*" || topics.has(one) || isKind(one, topics));
}

function isKind(one, topics) {
  if (!one.endsWith(":*")) return false;
  const kind = one.slice(0, -1);
  return [...topics].some((topic) => topic.startsWith(kind));
}
