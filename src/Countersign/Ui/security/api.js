/** How long a request may take, in milliseconds. */
const timeout = 15_000;

/** An answer that is an error, by the code of the contract; "unreachable" where there was no answer. */
export class Problem extends Error {
  constructor(code, body = {}, retryAfter = null) {
    super(body.detail ?? code);
    this.code = code;
    this.attemptsRemaining = body.attemptsRemaining;
    this.fields = Object.keys(body.errors ?? {});
    this.stepUp = { maxAge: body.maxAge, acrValues: body.acrValues, amrValues: body.amrValues };
    this.retryAfter = retryAfter;
  }

  /** Whether it is unknown if the request was carried out. */
  get isUnknown() {
    return this.code === "unreachable" || this.code === "unavailable" || this.code === "internal";
  }
}

/** The API of one server, as the user whose bearer it is. */
export class Api {
  /** How far the server's clock is ahead of this one, in milliseconds. Countdowns are by the server's. */
  clockAhead = 0;
  #bearer = null;

  /** @param supply gives the bearer; told with isFresh that the last one was refused. */
  constructor(baseUrl, supply) {
    this.url = new URL("api/v1/", baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
    this.supply = supply;
  }

  now() {
    return Date.now() + this.clockAhead;
  }

  use(bearer) {
    this.#bearer = bearer;
  }

  account() {
    return this.#send("GET", "account");
  }

  post(path, body, idempotencyKey) {
    return this.#send("POST", path, body, idempotencyKey);
  }

  /** A bearer that has expired since is replaced once. */
  async #send(method, path, body, idempotencyKey) {
    this.#bearer ??= await this.supply({ isFresh: false });
    try {
      return await this.#request(method, path, body, idempotencyKey);
    } catch (problem) {
      if (problem.code !== "unauthenticated") throw problem;
    }
    this.#bearer = await this.supply({ isFresh: true });
    return this.#request(method, path, body, idempotencyKey);
  }

  async #request(method, path, body, idempotencyKey) {
    if (!this.#bearer) throw new Problem("unauthenticated");
    const headers = { authorization: `Bearer ${this.#bearer}` };
    if (body) headers["content-type"] = "application/json";
    if (idempotencyKey) headers["idempotency-key"] = `"${idempotencyKey}"`;

    let response, text;
    try {
      response = await fetch(new URL(path, this.url), {
        method, headers, body: body && JSON.stringify(body),
        cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", signal: AbortSignal.timeout(timeout),
      });
      text = await response.text();
    } catch (error) {
      console.warn(`countersign-security: no answer from ${this.url}. If the browser says that CORS forbids it, this origin (${location.origin}) has to be among the server's Countersign:AllowedOrigins.`, error);
      throw new Problem("unreachable");
    }

    const date = Date.parse(response.headers.get("date") ?? "");
    // It has whole seconds: what differs by less does not differ.
    if (!Number.isNaN(date)) this.clockAhead = Math.abs(date - Date.now()) < 1_500 ? 0 : date - Date.now();
    if (!response.ok) throw problemOf(response, text);
    if (text === "") return null;
    // What signs a user in to a network answers for everybody.
    if (!isJson(response)) throw new Problem("unavailable");
    return JSON.parse(text);
  }
}

const isJson = (response) => response.headers.get("content-type")?.includes("json") ?? false;

/** What comes from a proxy in between need not be JSON. */
function problemOf(response, text) {
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  if (!isJson(response)) return new Problem(response.status === 401 ? "unauthenticated" : "unavailable", {}, retryAfter);
  const body = JSON.parse(text);
  return new Problem(body.code ?? "internal", body, retryAfter);
}
