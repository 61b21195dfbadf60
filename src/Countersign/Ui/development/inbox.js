// The development inbox. What messages say goes into the page as text, never as markup; their HTML is shown in a frame that may run nothing
// and fetch nothing.

import { copy } from "./copy.js";

const pollEvery = 1000;
/** Its heading at the lower edge of the window is not yet the newest message. */
const sightPercent = 60;
const byId = (id) => document.getElementById(id);
const status = byId("status"), list = byId("messages"), filter = byId("filter");

/** What is on the page, by key. A message never changes, so that it is built once and stays: selection, focus and scrolling with it. */
const shown = new Map();
let last = null, timer = 0, isPolling = false, isNew = false;

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
    point(arrived[0], text);
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

/** Where the inbox is out of sight, below what the user sees: the newest message, until it is looked at there or closed. */
function point(message, text) {
  byId("newest-text").textContent = text;
  byId("newest-code").textContent = message.oneTimeToken ?? "";
  byId("newest-copy").hidden = byId("newest-code").hidden = !message.oneTimeToken;
  isNew = true;
  follow();
}

function follow() {
  byId("newest").hidden = isInSight() || !isNew;
  if (byId("newest").hidden) return;
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  if (focused !== document.body) focused?.scrollIntoView({ block: "nearest" });
}

/** Measured anew each time: the observer speaks with the next frame, and a busy browser may draw none for long. */
function isInSight() {
  const { top, bottom } = byId("inbox-title").getBoundingClientRect();
  return bottom >= 0 && top <= innerHeight * sightPercent / 100;
}

function seen() {
  isNew = false;
  follow();
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
      // The policy of this page, which the frame inherits, lets no style block in. A mail has to look right without it anyway.
      frame.srcdoc = message.html.replace(/<style>[^]*?<\/style>/g, "");
      text.after(frame);
    }
    if (frame) frame.hidden = !html;
  };
  asText.addEventListener("click", () => show(false));
  asHtml.addEventListener("click", () => show(true));
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
  byId("start").hidden = total > 0;
  byId("tools").hidden = total === 0;
  byId("nothing").hidden = total === 0 || count > 0;
  byId("nothing-filter").textContent = filter.value.trim();
  byId("count").textContent = count === total ? `${total} ${total === 1 ? "message" : "messages"}` : `${count} of ${total} messages`;
  // In the fragment, which is not sent anywhere: a reload keeps it.
  history.replaceState(null, "", wanted === "" ? location.pathname : `#${encodeURIComponent(filter.value.trim())}`);
}

function readFragment() {
  try {
    filter.value = decodeURIComponent(location.hash.slice(1));
  } catch {
    filter.value = "";
  }
}

/** Also in a field of the element, whose events seem to come from the element itself. */
function isTyping(e) {
  return e.composedPath().some((target) => target instanceof Element && target.matches("input, textarea, select"));
}

new IntersectionObserver(follow, { rootMargin: `0px 0px -${100 - sightPercent}% 0px` }).observe(byId("inbox-title"));
byId("newest-copy").addEventListener("click", (e) => copy(e.currentTarget, byId("newest-code")));
byId("newest-close").addEventListener("click", seen);
byId("newest-show").addEventListener("click", () => {
  seen();
  byId("inbox-title").focus({ preventScroll: true });
  byId("inbox-title").scrollIntoView();
});

readFragment();
filter.addEventListener("input", applyFilter);
addEventListener("hashchange", () => { readFragment(); applyFilter(); });
byId("show-all").addEventListener("click", () => { filter.value = ""; applyFilter(); filter.focus(); });
addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || isTyping(e)) return;
  e.preventDefault();
  if (!byId("tools").hidden) filter.focus();
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
poll();
