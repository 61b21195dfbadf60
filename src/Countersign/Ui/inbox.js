// The development inbox. What messages say goes into the page as text, never as markup; their HTML is shown in a frame that may run nothing
// and fetch nothing.

const pollEvery = 1000;
const byId = (id) => document.getElementById(id);
const status = byId("status"), list = byId("messages"), filter = byId("filter");

/** What is on the page, by key. A message never changes, so that it is built once and stays: selection, focus and scrolling with it. */
const shown = new Map();
let last = null, timer = 0, isPolling = false;

async function poll() {
  clearTimeout(timer);
  if (isPolling || document.hidden) return;
  isPolling = true;
  try {
    const response = await fetch("dev/inbox", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(response.status === 503 ? "The store is away" : `Error ${response.status}`);
    const text = await response.text();
    if (text !== last) update(JSON.parse(text), last === null);
    last = text;
    say("live", "Live");
  } catch (error) {
    say("lost", error instanceof TypeError || error.name === "TimeoutError" ? "Server is away, trying again" : `${error.message}, trying again`);
  } finally {
    isPolling = false;
    timer = setTimeout(poll, pollEvery);
  }
}

function say(state, text) {
  if (status.dataset.state === state && status.textContent === text) return;
  status.dataset.state = state;
  status.textContent = text;
}

/** Messages come newest first. */
function update(messages, isFirst) {
  const keys = new Set();
  const arrived = [];
  let before = list.firstElementChild;
  for (const message of messages) {
    const key = JSON.stringify(message);
    if (keys.has(key)) continue;
    keys.add(key);
    let item = shown.get(key)?.item;
    if (!item) {
      item = build(message);
      shown.set(key, { item, message });
      if (!isFirst) {
        item.classList.add("fresh");
        arrived.push(message);
      }
    }
    if (item === before) before = before.nextElementSibling;
    else list.insertBefore(item, before);
  }
  for (const [key, { item }] of shown) {
    if (keys.has(key)) continue;
    item.remove();
    shown.delete(key);
  }

  const destinations = [...new Set(messages.map((message) => message.destination))].sort();
  byId("destinations").replaceChildren(...destinations.map((destination) => Object.assign(document.createElement("option"), { value: destination })));
  if (arrived.length > 0) {
    const text = arrived.length === 1 ? `New message to ${arrived[0].destination}` : `${arrived.length} new messages`;
    byId("announcement").textContent = text;
  }
  applyFilter();
}

function build(message) {
  const item = byId("message").content.cloneNode(true).firstElementChild;
  const find = (selector) => item.querySelector(selector);
  const isEmail = message.channel === "EMAIL";
  find(".message").classList.toggle("sms", !isEmail);
  find(".channel").textContent = isEmail ? "Email" : "SMS";
  find(".destination").textContent = message.destination;

  const sentAt = new Date(message.sentAt);
  find("time").dateTime = message.sentAt;
  find("time").title = sentAt.toString();
  find("time").textContent = sentAt.toDateString() === new Date().toDateString() ? sentAt.toLocaleTimeString() : sentAt.toLocaleString();

  if (message.subject) find(".subject").textContent = message.subject;
  else find(".subject").remove();

  if (message.oneTimeToken) {
    find(".code").textContent = message.oneTimeToken;
    find(".copy").setAttribute("aria-label", `Copy the code to ${message.destination}`);
    find(".copy").addEventListener("click", (e) => copy(e.currentTarget, find(".code")));
    find(".reference strong").textContent = message.reference ?? "";
    find(".reference").hidden = !message.reference;
  } else {
    find(".secret").remove();
  }

  const text = find(".text");
  text.textContent = message.text;
  // Of a notice the text is all there is, and an SMS is short.
  find("details").open = !isEmail || !message.oneTimeToken;
  if (message.html) offerHtml(find(".views"), text, message);
  else find(".views").remove();
  return item;
}

function offerHtml(views, text, message) {
  const [asText, asHtml] = views.querySelectorAll("button");
  let frame = null;
  const show = (html) => {
    asText.setAttribute("aria-pressed", String(!html));
    asHtml.setAttribute("aria-pressed", String(html));
    text.hidden = html;
    if (html && !frame) {
      frame = document.createElement("iframe");
      frame.className = "rendered";
      frame.title = `The message to ${message.destination}, as HTML`;
      // An origin of its own and no script; and the policy of this page holds in it, so that nothing is fetched.
      frame.setAttribute("sandbox", "");
      frame.srcdoc = message.html;
      text.after(frame);
    }
    if (frame) frame.hidden = !html;
  };
  asText.addEventListener("click", () => show(false));
  asHtml.addEventListener("click", () => show(true));
}

async function copy(button, source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // No clipboard for pages that are neither on this machine nor on HTTPS: select it, so that it can be copied by hand.
    getSelection().selectAllChildren(source);
    return;
  }
  button.textContent = "Copied";
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = "Copy";
    button.classList.remove("done");
  }, 1500);
}

function applyFilter() {
  // Digits find a number however it was typed.
  const wanted = filter.value.trim().toLowerCase();
  const plain = wanted.replace(/[\s().-]/g, "");
  let count = 0;
  for (const { item, message } of shown.values()) {
    const destination = message.destination.toLowerCase();
    item.hidden = !destination.includes(wanted) && !(/^\+?\d+$/.test(plain) && destination.includes(plain));
    if (!item.hidden) count++;
  }

  const total = shown.size;
  // It stays below what it has led to: the code that just came is still to be redeemed.
  byId("start").hidden = false;
  byId("start-title").textContent = total === 0 ? "Nothing has been sent yet" : "From a terminal";
  byId("tools").hidden = total === 0;
  byId("nothing").hidden = total === 0 || count > 0;
  byId("nothing-filter").textContent = filter.value.trim();
  byId("count").textContent = count === total ? `${total} ${total === 1 ? "message" : "messages"}` : `${count} of ${total} messages`;
  // In the fragment, which is not sent anywhere: a reload keeps it.
  history.replaceState(null, "", wanted === "" ? location.pathname : `#${encodeURIComponent(filter.value.trim())}`);
}

function fillSteps() {
  const base = new URL(".", location.href).href;
  byId("step-token").textContent =
    `TOKEN=$(curl -s ${base}dev/token \\\n  --json '{"userId":"alice"}' \\\n  | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`;
  byId("step-issue").textContent =
    `curl -s ${base}api/v1/token/userKeys/adding/email \\\n  -H "Authorization: Bearer $TOKEN" \\\n  --json '{"newEmail":"alice@example.com"}'`;
  byId("step-redeem").textContent =
    `curl -s ${base}api/v1/userKeys/adding/email \\\n  -H "Authorization: Bearer $TOKEN" \\\n  --json '{"oneTimeToken":"the code"}'`;
  for (const button of document.querySelectorAll("[data-copies]"))
    button.addEventListener("click", () => copy(button, byId(button.dataset.copies)));
}

function readFragment() {
  try {
    filter.value = decodeURIComponent(location.hash.slice(1));
  } catch {
    filter.value = "";
  }
}

fillSteps();
readFragment();
filter.addEventListener("input", applyFilter);
addEventListener("hashchange", () => { readFragment(); applyFilter(); });
byId("show-all").addEventListener("click", () => { filter.value = ""; applyFilter(); filter.focus(); });
addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input")) return;
  e.preventDefault();
  if (!byId("tools").hidden) filter.focus();
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
poll();
