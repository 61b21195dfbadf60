// An OpenID provider on 127.0.0.1 (oidc-provider) for one public client and, where "console" is given, a second one at any port of loopback, with a login form of its
// own. It reads commands from its standard input, a line each: "rotate" adds a key, which signs from then on; "retire" drops all keys but that one. It writes a line "ready <issuer>", and "done" for each command.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider, { errors, interactionPolicy } from "oidc-provider";

const { clientId, redirectUri, resources, acrValues, console: operators } = JSON.parse(process.argv[2]);
const { base, Check } = interactionPolicy;

// acr_values is a wish in OpenID Connect; a provider for RFC 9470 authenticates anew for it.
const policy = base();
policy.get("login").checks.add(new Check("acr_values", "another authentication level is required", ({ oidc }) => {
  const asked = oidc.params.acr_values?.split(" ");
  return asked && !asked.includes(oidc.acr) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
}));

// Native clients are asked for consent each time. The console is one here only because those may come back at any port.
policy.get("consent").checks.remove("native_client_prompt");

const newKey = () => ({ ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" });

const newProvider = () => new Provider(issuer, {
  jwks: { keys },
  acrValues,
  clients: [{
    client_id: clientId, redirect_uris: [redirectUri], token_endpoint_auth_method: "none",
    grant_types: ["authorization_code"], response_types: ["code"],
  }, ...(operators ? [{
    client_id: operators.clientId, redirect_uris: [operators.redirectUri], token_endpoint_auth_method: "none", application_type: "native",
    grant_types: ["authorization_code"], response_types: ["code"],
  }] : [])],
  scopes: ["openid", "offline_access", ...(operators ? [operators.scope] : [])],
  claims: { profile: ["name", "roles"] },
  cookies: { keys: ["of no secrecy"] },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        if (!resources[resource])
          throw new errors.InvalidTarget();
        return { scope: "security", audience: resources[resource], accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } };
      },
      useGrantedResource: () => true,
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id[0].toUpperCase()}${id.slice(1)} Example`, roles: operators?.granted.includes(id) ? ["staff", "support"] : ["staff"] }) }),
  // What RFC 9068 (2.2.1) says of the authentication, and what an account is made from.
  extraTokenClaims: ({ oidc }, token) => {
    const { authTime, acr, amr } = oidc.entities.AuthorizationCode;
    return { auth_time: authTime, acr, amr, email: `${token.accountId}@example.com`, email_verified: true };
  },
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid profile");
    if (operators?.granted.includes(oidc.session.accountId))
      grant.addOIDCScope(operators.scope);
    else if (operators)
      grant.rejectOIDCScope(operators.scope);
    Object.keys(resources).forEach((resource) => grant.addResourceScope(resource, "security"));
    await grant.save();
    return grant;
  },
  interactions: { policy, url: (_, { uid }) => `/interaction/${uid}` },
});

async function login(request, response) {
  let body = "";
  for await (const chunk of request)
    body += chunk;
  const form = new URLSearchParams(body);
  await provider.interactionFinished(request, response, {
    login: { accountId: form.get("user"), ts: Number(form.get("at") ?? Math.floor(Date.now() / 1000)), acr: form.get("acr") ?? undefined, amr: form.getAll("amr") },
  }, { mergeWithLastSubmission: false });
}

function show(response) {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(`<!doctype html><title>Provider</title><form method="post"><label>User <input name="user"></label><button>Continue</button></form>`);
}

const server = createServer((request, response) => {
  if (!request.url.startsWith("/interaction/"))
    return provider.callback()(request, response);
  return request.method === "POST" ? login(request, response) : show(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
let keys = [newKey()];
let provider = newProvider();
process.stdout.write(`ready ${issuer}\n`);

for await (const command of createInterface({ input: process.stdin })) {
  keys = command === "rotate" ? [newKey(), ...keys] : keys.slice(0, 1);
  provider = newProvider();
  process.stdout.write("done\n");
}

process.exit(0);
