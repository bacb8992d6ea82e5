// A page of this site, as a document of its own; why there is none where there is none.

const PATIENCE_MS = 20_000;

export class SignedOutError extends Error {}
export class GoneError extends Error {}

/**
 * @param {string} address
 * @returns {Promise<Document>} Rejects with SignedOutError, with GoneError when asking again is no use, else with others.
 */
export async function fetched(address) {
  const answer = await fetch(address, {
    cache: "no-store",
    headers: { Accept: "text/html", "X-Live-Update": "1" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const signIn = document.body.dataset.signIn;
  if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === signIn)) throw new SignedOutError();
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) throw new GoneError();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
