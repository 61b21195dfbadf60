// The demonstration users, and the element as whichever of them is chosen. They are made when they are first chosen, by the service API, as a platform
// makes the accounts of its own users.

const people = [
  { id: "demo-alice", name: "Alice", has: "Email only", account: { email: "alice@demo.example" } },
  {
    id: "demo-ben", name: "Ben", has: "Email with MFA, phone, anti-phishing code",
    account: { email: "ben@demo.example", phoneNumber: "+12025550143", mfa: { email: true }, antiPhishingCode: "blue4sky" },
  },
  { id: "demo-chloe", name: "Chloe", has: "New, no key yet", account: {} },
];

const base = new URL("..", import.meta.url);
const byId = (id) => document.getElementById(id);
const security = byId("security"), stage = byId("stage"), status = byId("people-status");
let chosen = people[0];

/** What bearers are kept for; one that ends within a minute counts as ended. */
const bearers = new Map();

async function send(method, path, bearer, body) {
  const headers = {};
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(new URL(path, base), { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

async function bearerOf(userId, scope) {
  const kept = bearers.get(userId);
  if (kept && kept.until > Date.now()) return kept.accessToken;
  const { status, body } = await send("POST", "dev/token", null, { userId, ...(scope && { scope }) });
  if (status !== 200) throw new Error(body.detail);
  bearers.set(userId, { accessToken: body.accessToken, until: Date.now() + (body.expiresIn - 60) * 1000 });
  return body.accessToken;
}

async function asPlatform(method, person, body) {
  const bearer = await bearerOf("demo-platform", "countersign.accounts");
  const answer = await send(method, `api/v1/admin/accounts/${person.id}`, bearer, body);
  if (answer.status >= 400 && answer.body.code !== "account-not-found") throw new Error(answer.body.detail);
  return answer.status;
}

/** Puts the element to use as whoever is chosen; what comes too late for another choice is dropped. */
async function show(person, prepare, done) {
  chosen = person;
  stage.setAttribute("aria-busy", "true");
  try {
    await prepare(person);
    if (chosen !== person) return;
    // Each time another function: that is how the element learns that it is somebody else now.
    security.bearer = () => bearerOf(person.id);
    stage.hidden = false;
    say(done);
  } catch (error) {
    if (chosen !== person) return;
    stage.hidden = true;
    say(`${person.name} could not be made ready. ${error instanceof TypeError || error.name === "TimeoutError" ? "The server is away." : error.message} Press Start over to try again.`);
  } finally {
    if (chosen === person) stage.removeAttribute("aria-busy");
  }
}

const say = (text) => (status.textContent = text);

async function make(person) {
  if ((await asPlatform("GET", person)) === 404) await asPlatform("PUT", person, person.account);
}

async function makeAgain(person) {
  await asPlatform("DELETE", person);
  await asPlatform("PUT", person, person.account);
}

function offer(person) {
  const item = byId("person").content.cloneNode(true).firstElementChild;
  const radio = item.querySelector("input");
  radio.value = person.id;
  item.querySelector("strong").textContent = person.name;
  item.querySelector("span").textContent = person.has;
  radio.checked = person === chosen;
  radio.addEventListener("change", () => {
    keep("person", person.id);
    show(person, make, "");
  });
  byId("people").append(item);
}

/** What was chosen lasts as long as the tab. */
const keep = (name, value) => sessionStorage.setItem(`countersign-${name}`, value);
const kept = (name) => sessionStorage.getItem(`countersign-${name}`);

function follow(select, name, apply) {
  if ([...select.options].some((option) => option.value === kept(name))) select.value = kept(name);
  apply(select.value);
  select.addEventListener("change", () => {
    keep(name, select.value);
    apply(select.value);
  });
}

if (!byId("users").hidden) {
  chosen = people.find((person) => person.id === kept("person")) ?? people[0];
  people.forEach(offer);
  follow(byId("language"), "language", (value) => (security.lang = value));
  follow(byId("appearance"), "appearance", (value) => {
    stage.style.colorScheme = value;
    security.style.colorScheme = value;
    stage.classList.toggle("framed", value !== "light dark");
  });
  byId("start-over").addEventListener("click", () => show(chosen, makeAgain, `${chosen.name} is as at the beginning.`));
  // Where an operation asks for a recent login: a page of one's own signs the user in again here.
  security.addEventListener("countersign-step-up", (e) => {
    bearers.delete(chosen.id);
    e.detail.supply(bearerOf(chosen.id));
    say(`${chosen.name} has signed in again.`);
  });
  // Set before the element is one, its property would hide the element's own.
  await customElements.whenDefined("countersign-security");
  show(chosen, make, "");
}
