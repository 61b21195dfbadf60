import { h } from "./dom.js";
import { countdown } from "./texts.js";
import { EMAIL, PHONE, operations, purposeOf, titleOf } from "./operations.js";
import { codeForm } from "./served.js";

// What is to be seen, from nothing but the model. act.* is what the buttons do.

export function view(model, act) {
  const { texts } = model;
  return [
    h("div", { class: "all", lang: texts.tag, dir: texts.direction },
      h("p", { key: "announcer", class: "unseen", role: "status" }, model.announcement),
      model.account ? account(model, act) : absent(model, act)),
  ];
}

function absent({ failure, texts }, act) {
  if (!failure) return h("p", { key: "loading", class: "quiet" }, texts.say("loading"));
  return h("div", { key: "failure", class: "card", part: "card" }, h("p", {}, texts.say(failure)), h("div", { class: "buttons" }, button(texts.say("tryAgain"), act.refresh)));
}

function account(model, act) {
  const { account, failure, texts } = model;
  return [
    failure && h("div", { key: "stale", class: "note error" }, h("p", {}, texts.say(failure)), button(texts.say("tryAgain"), act.refresh)),
    account.holds.length > 0 && holds(model),
    keyCard(model, act, EMAIL),
    keyCard(model, act, PHONE),
    "antiPhishingCode" in account && phishingCard(model, act),
  ];
}

function holds({ account, texts }) {
  return h("section", { key: "holds", class: "card holds", part: "card", "aria-labelledby": "holds" },
    h("h2", { id: "holds" }, texts.say("holds")),
    h("p", { class: "quiet" }, texts.say("holdsMean")),
    h("ul", {}, account.holds.map((hold) => h("li", { key: hold.reason },
      texts.pieces("heldUntil", { reason: texts.say(texts.has(`hold/${hold.reason}`) ? `hold/${hold.reason}` : "hold/other"), time: h("time", { datetime: hold.until }, texts.time(Date.parse(hold.until))) })))));
}

function keyCard(model, act, keyType) {
  const { account, texts } = model;
  const key = account.userKeys.find((candidate) => candidate.keyType === keyType);
  const pending = account.pendingOperations.filter((candidate) => candidate.keyType === keyType);
  const may = (operation) => !pending.some((candidate) => titleOf(candidate) === titleOf({ operation, keyType }));
  const offer = (operation, label) => may(operation) && action(model, act, purposeOf(operation, keyType), label);
  const mfa = key?.mfaEnabled;

  return card(model, act, keyType, texts.say(keyType), pending, [
    h("div", { key: "key", class: "row" },
      key
        ? h("p", { class: "value" }, value(key.userKey), h("span", { class: "quiet" }, texts.pieces("verified", { date: texts.date(Date.parse(key.verifiedAt)) })))
        : h("p", { class: "quiet" }, texts.say(`none/${keyType}`)),
      h("div", { class: "buttons" },
        key ? offer("userKeys/changing", "change") : offer("userKeys/adding", "add"),
        // The last one cannot be removed.
        key && account.userKeys.length > 1 && offer("userKeys/removing", "remove"))),
    mfa !== undefined && h("div", { key: "mfa", class: "row" },
      h("p", {}, texts.say("mfa"), " ", h("strong", { class: mfa ? "badge on" : "badge" }, texts.say(mfa ? "on" : "off"))),
      h("div", { class: "buttons" }, mfa ? offer("mfa/disabling", "turnOff") : offer("mfa/enabling", "turnOn"))),
  ]);
}

function phishingCard(model, act) {
  const { account, texts } = model;
  const pending = account.pendingOperations.filter((candidate) => !candidate.keyType);
  const isSet = account.antiPhishingCode !== null;
  const operation = isSet ? "antiPhishing/changing" : "antiPhishing/adding";
  const hasEmail = account.userKeys.some((key) => key.keyType === EMAIL);

  return card(model, act, "phishing", texts.say("phishing"), pending, [
    h("div", { key: "value", class: "row" },
      h("p", { class: isSet ? "value" : "quiet" }, isSet ? value(account.antiPhishingCode) : texts.say("none/phishing")),
      h("div", { class: "buttons" }, hasEmail && pending.length === 0 && action(model, act, purposeOf(operation), isSet ? "change" : "set"))),
    h("p", { key: "why", class: "quiet" }, texts.say(!hasEmail ? "phishingNeedsEmail" : isSet ? "phishingMeans" : "phishingOffers")),
  ]);
}

function card(model, act, id, title, pending, content) {
  const { open, texts } = model;
  const note = model.notes[id];
  const isOpen = open !== null && cardOf(open) === id && !pending.some((candidate) => titleOf(candidate) === titleOf(open));
  const panels = pending.map((operation) => purposeOf(operation.operation, operation.keyType).id);
  if (isOpen) panels.push(open.id);
  return h("section", { key: id, class: "card", part: "card", "aria-labelledby": `${id}:title` },
    h("h2", { id: `${id}:title`, tabindex: -1 }, title),
    note && !panels.includes(note.purpose.id) && shownNote(note, act, texts),
    content,
    isOpen && start(model, act, open, note?.purpose.id === open.id ? note : null),
    pending.map((operation) => {
      const purpose = purposeOf(operation.operation, operation.keyType);
      return redeeming(model, act, purpose, operation, note?.purpose.id === purpose.id ? note : null);
    }));
}

/** Before a code is sent: what will happen, and what has to be known for it. */
function start(model, act, purpose, note) {
  const { account, texts, busy } = model;
  const { operation, keyType } = purpose;
  const key = account.userKeys.find((candidate) => candidate.keyType === (keyType ?? EMAIL));
  const buttons = (...children) => h("div", { class: "buttons" }, children, button(texts.say("cancel"), act.close));

  if (key?.mfaEnabled && (operation === "userKeys/changing" || operation === "userKeys/removing")) {
    return panel(model, purpose, {},
      h("p", { key: "why" }, texts.say("mfaFirst")),
      buttons(button(texts.say("mfa/disabling/" + keyType), () => act.open(purposeOf("mfa/disabling", keyType)), { class: "primary" })));
  }

  const lock = model.locks[purpose.id];
  return panel(model, purpose, { onsubmit: act.submitting((form) => act.send(purpose, form)) },
    h("p", { key: "why" }, operations[operation].before ? texts.say(`newGets/${keyType}`) : texts.pieces("currentGets", { destination: value(key.userKey) })),
    operation === "userKeys/changing" && h("p", { key: "steps" }, texts.say("twoSteps")),
    operation === "userKeys/removing" && keyType === EMAIL && account.antiPhishingCode && h("p", { key: "loses" }, texts.say("phishingGoes")),
    operations[operation].before === "target" && targetField(texts, purpose, note),
    generalNote(note, act, texts),
    lock && !note && h("p", { key: "lock", class: "note error" }, texts.pieces("lockedUntil", { time: texts.time(lock.until) })),
    buttons(button(texts.say("sendCode"), null, { class: "primary", type: "submit", "aria-disabled": busy === purpose.id || lock ? "true" : null })));
}

/** While a code is awaited: where it went, for how long it is good, and where it goes in. */
function redeeming(model, act, purpose, pending, note) {
  const { texts, now, busy } = model;
  const flow = operations[purpose.operation];
  const resendIn = Date.parse(pending.resendAt) - now;
  const isBusy = busy === purpose.id ? "true" : null;
  const delivery = { QUEUED: "queued", SENT: "sent", FAILED: "failed" }[pending.delivery] ?? "sent";

  return panel(model, purpose, { onsubmit: act.submitting((form) => act.redeem(purpose, form)) },
    flow.step && h("ol", { key: "steps", class: "steps", "aria-label": texts.say("steps") }, [1, 2].map((step) =>
      h("li", { "aria-current": step === flow.step ? "step" : null, class: step < flow.step ? "past" : null }, texts.say(`step${step}/${purpose.keyType}`)))),
    h("p", { key: "delivery", class: delivery === "failed" ? "note error" : null }, texts.pieces(delivery, { destination: value(pending.destination) })),
    field(texts, `${purpose.id}:code`, texts.say("code"), texts.pieces("codeHint", { reference: value(pending.reference, "reference") }), fieldNote(note, "code"), {
      name: "code", class: "code", autocomplete: "one-time-code", inputmode: codeForm.isDigits ? "numeric" : "text",
      size: codeForm.length + 2, autocapitalize: "characters", dir: "ltr", spellcheck: "false",
    }),
    flow.beside === "target" && targetField(texts, purpose, note),
    flow.beside === "phrase" && field(texts, `${purpose.id}:phrase`, texts.say("phrase"), texts.say("phraseHint"), fieldNote(note, "phrase"), {
      name: "phrase", autocomplete: "off", autocapitalize: "none", dir: "ltr", spellcheck: "false",
    }),
    generalNote(note, act, texts),
    h("p", { key: "limits", class: "quiet limits" },
      h("span", {}, texts.pieces("expiresIn", { time: time(Date.parse(pending.expiresAt) - now) })),
      // A wrong code has just said it.
      note?.field !== "code" && h("span", {}, texts.pieces("triesLeft", { tries: pending.attemptsRemaining }))),
    h("div", { key: "buttons", class: "buttons" },
      button(texts.say(flow.isDangerous ? "remove" : flow.step === 1 ? "continue" : "confirm"), null, { class: flow.isDangerous ? "primary danger" : "primary", type: "submit", "aria-disabled": isBusy }),
      button(resendIn > 0 ? texts.pieces("resendIn", { time: time(resendIn) }) : texts.say("resend"), () => act.resend(purpose),
        { id: `${purpose.id}:resend`, "aria-disabled": isBusy || resendIn > 0 || model.locks[purpose.id] ? "true" : null }),
      button(texts.say("cancel"), () => act.cancel(purpose), { "aria-disabled": isBusy })));
}

function panel(model, purpose, properties, ...children) {
  const id = `${purpose.id}:panel`;
  return h("form", { key: id, class: "panel", part: "panel", novalidate: true, "aria-labelledby": id, autocomplete: "off", ...properties },
    h("h3", { id, tabindex: -1 }, model.texts.say(titleOf(purpose))), children);
}

function targetField(texts, purpose, note) {
  const isEmail = purpose.keyType === EMAIL;
  return field(texts, `${purpose.id}:target`, texts.say(`new/${purpose.keyType}`), isEmail ? null : texts.say("phoneHint"), fieldNote(note, "target"), {
    name: "target", type: isEmail ? "text" : "tel", inputmode: isEmail ? "email" : "tel", autocomplete: isEmail ? "email" : "tel",
    autocapitalize: "none", dir: "ltr", spellcheck: "false",
  });
}

function field(texts, id, label, hint, error, properties) {
  const described = [hint && `${id}:hint`, error && `${id}:error`].filter(Boolean).join(" ");
  return h("div", { key: id, class: "field" },
    h("label", { for: id }, label),
    hint && h("p", { key: "hint", id: `${id}:hint`, class: "quiet" }, hint),
    h("input", { key: "input", id, part: "field", type: "text", "aria-describedby": described || null, "aria-invalid": error ? "true" : null, ...properties }),
    error && h("p", { key: "error", id: `${id}:error`, class: "error" }, error));
}

function fieldNote(note, field) {
  return note?.field === field ? note.pieces : null;
}

function generalNote(note, act, texts) {
  return note && !note.field && shownNote(note, act, texts);
}

/** What came of the last thing that was done. It is read out by the announcer, or because the focus goes to its field. */
function shownNote(note, act, texts) {
  return h("div", { key: "note", class: `note ${note.kind}`, part: "note" },
    h("p", {}, note.pieces),
    note.kind === "stepUp" && button(texts.say("signIn"), act.stepUp, { id: "step-up", class: "primary" }),
    note.kind === "done" && button(texts.say("close"), () => act.dismiss(note.purpose)));
}

function action(model, act, purpose, label) {
  const { texts, open } = model;
  const title = texts.say(titleOf(purpose));
  return button(texts.say(label), () => act.open(purpose), {
    key: purpose.id, id: `${purpose.id}:action`, "aria-label": title, "aria-expanded": open?.id === purpose.id ? "true" : "false",
  });
}

function button(label, onclick, properties = {}) {
  return h("button", { type: "button", part: "button", onclick: (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && onclick?.(), ...properties }, label);
}

/** An address, a code: from left to right, wherever it stands. */
function value(text, className = null) {
  return h("bdi", { dir: "ltr", class: className }, text);
}

function time(milliseconds) {
  return h("span", { class: "time", dir: "ltr" }, countdown(milliseconds));
}

/** The card that an operation belongs to. */
export function cardOf(purpose) {
  return purpose.keyType ?? "phishing";
}
