// Elements, and asking the server.

// An element with these attributes (empty ones are left out) and children, which are elements or text.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value) made.setAttribute(key, value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

// The path of one of our own addresses: the page may be looked at by another name than Deployer's own.
export function local(address) {
  if (!address) return "";
  const { pathname, search, hash } = new URL(address, location.href);
  return pathname + search + hash;
}

// The answer as JSON. Throws a Problem when the server refuses, an Error when it does not answer.
export async function ask(address, options = {}) {
  const response = await fetch(address, { cache: "no-store", ...options });
  const json = response.headers.get("content-type")?.includes("json");
  const body = json ? await response.json() : {};
  if (!response.ok) throw new Problem(body, response.status);
  return body;
}

// A refusal: `body` is the problem document (RFC 9457).
export class Problem extends Error {
  constructor(body, status) {
    super(body.detail ?? `The server answered ${status}.`);
    this.body = body;
  }
}
