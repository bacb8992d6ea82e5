// An OpenID Connect provider on loopback: oidc-provider as it is, with people whom the tests describe.
// Prints {"issuer": …} once it listens, and ends when its standard input does.
//
//   POST /test/people  {"jo": {"name": …, "groups": […]}}  who there is
//   GET  /test/tokens                                      every token that was handed out
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import Provider from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const tokens = [];
let people = {};

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  scopes: ["openid", "profile", "email", "groups"],
  claims: {
    openid: ["sub"],
    profile: ["name", "given_name", "family_name", "preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups", "hasgroups"],
  },
  pkce: { required: () => true },
  cookies: { keys: ["of these tests"] },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
provider.on("grant.success", (ctx) => tokens.push(ctx.body.access_token, ctx.body.id_token));
const answer = provider.callback();

server.on("request", async (request, response) => {
  if (request.url === "/test/people") {
    people = JSON.parse(await text(request));
    response.end();
  } else if (request.url === "/test/tokens") {
    response.end(JSON.stringify(tokens));
  } else {
    await answer(request, response);
  }
});
process.stdin.resume().on("end", () => process.exit());
console.log(JSON.stringify({ issuer }));
