import { patch } from "./dom.js";
import { Texts } from "./texts.js";
import { Api, Problem } from "./api.js";
import { Requests } from "./requests.js";
import { SmsCodes } from "./sms.js";
import { EMAIL, PHONE, operations, purposeOf, titleOf } from "./operations.js";
import { cardOf, view } from "./view.js";
import { styles } from "./served.js";

/** Milliseconds after which an account is looked at again, while a message of its is being sent, and while a code is awaited. */
const lookAgainAfter = { sending: 2_000, awaiting: 10_000 };

/** What others may have done in the meantime: the page shows how things stand, and that is all there is to say. */
const overtaken = new Set(["key-exists", "key-missing", "mfa-disabled", "anti-phishing-exists", "anti-phishing-missing", "nothing-pending", "feature-disabled"]);

/** The fields of requests, by the fields of the page. */
const fields = { oneTimeToken: "code", antiPhishingCode: "phrase", newEmail: "target", newPhoneNumber: "target", newUserKey: "target" };

/** Whether all scripts of the page have run. While modules run, the document says already that it is interactive. */
function isParsed() {
  return document.readyState === "complete" || performance.getEntriesByType("navigation")[0]?.domContentLoadedEventStart > 0;
}

class CountersignSecurity extends HTMLElement {
  static observedAttributes = ["base-url", "lang"];

  #root = this.attachShadow({ mode: "open" });
  #bearer = null;
  #api = null;
  #texts = new Texts(null);
  #model = { account: null, failure: null, open: null, notes: {}, locks: {}, busy: null, announcement: "" };
  #loads = 0;
  #loadedAt = 0;
  #ticking = 0;
  #waiting = null;
  /** Operations that were ended here, and of which that was said. */
  #ended = new Set();
  #requests = new Requests();
  #sms = new SmsCodes((code) => this.#fillIn(code));

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#root.adoptedStyleSheets = [sheet];
  }

  /** Supplies the bearer: a function, which is told with isFresh that the last one was refused, or a promise. */
  get bearer() {
    return this.#bearer;
  }

  set bearer(bearer) {
    this.#bearer = bearer;
    this.#api = null;
    this.refresh();
  }

  /** Asks for the bearer anew, and shows the account as it is now. */
  refresh() {
    if (!this.isConnected) return Promise.resolve();
    if (this.#api) this.#api.use(null);
    else this.#connect();
    this.#waiting = null;
    for (const [card, note] of Object.entries(this.#model.notes)) if (note.kind === "stepUp") delete this.#model.notes[card];
    return this.#load();
  }

  async connectedCallback() {
    document.addEventListener("visibilitychange", this.#look);
    this.#ticking = setInterval(() => this.#tick(), 1_000);
    this.#translate();
    this.#render();
    // Whoever is to supply the bearer may come with a script further down.
    if (!isParsed()) await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
    if (this.isConnected && this.#loads === 0) this.refresh();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#look);
    clearInterval(this.#ticking);
    this.#sms.listen(false);
    this.#loads = 0;
  }

  attributeChangedCallback(name) {
    if (!this.isConnected) return;
    if (name === "base-url") {
      this.#api = null;
      this.#model.account = null;
      this.refresh();
      return;
    }
    this.#translate();
    this.#model.notes = {};
    this.#render();
  }

  #connect() {
    const base = this.getAttribute("base-url");
    // Beside the module, which is at ui/ of the server.
    this.#api = new Api(base ? new URL(base, document.baseURI).href : new URL("..", import.meta.url).href, (wish) => this.#supply(wish));
  }

  #translate() {
    this.#texts = new Texts(this.getAttribute("lang") || this.closest("[lang]")?.getAttribute("lang") || navigator.language);
  }

  #supply({ isFresh }) {
    if (this.#bearer) return typeof this.#bearer === "function" ? this.#bearer({ isFresh }) : this.#bearer;
    const supplied = this.#ask("countersign-bearer", { isFresh });
    // A page that has no bearer yet will set it, or ask for a refresh.
    if (supplied === null && !isFresh) throw new Problem("unsupplied");
    return supplied;
  }

  /** Asks the page for a bearer; null where nobody is there who has one. */
  #ask(name, detail) {
    let supplied = null;
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail: { ...detail, supply: (bearer) => { supplied = bearer; } } }));
    return supplied;
  }

  async #load() {
    const load = ++this.#loads;
    this.#loadedAt = Date.now();
    const api = this.#api;
    try {
      const account = await api.account();
      if (load === this.#loads) this.#take(account);
    } catch (problem) {
      if (load === this.#loads) this.#model.failure = this.#failureOf(problem);
    }
    this.#render();
  }

  #failureOf(problem) {
    if (problem.code === "unauthenticated") {
      // Whoever that was is not here any more, and what is shown is nobody else's business.
      this.#model.account = null;
      return "signedOut";
    }
    if (problem.code === "unsupplied") return null;
    if (problem.code === "account-not-found") return "noAccount";
    return problem.code === "unreachable" || problem.code === "unavailable" || problem.code === "rate-limited" ? "unreachable" : this.#unexpected(problem);
  }

  #unexpected(problem) {
    console.error("countersign-security:", problem);
    return "internal";
  }

  /** Shows an account. Of a code that is not awaited any more, though nobody here ended it, is said why. */
  #take(account) {
    if (this.#model.account?.userId !== account.userId) Object.assign(this.#model, { account, open: null, notes: {}, locks: {}, announcement: "" });
    for (const pending of this.#model.account?.pendingOperations ?? []) {
      const purpose = purposeOf(pending.operation, pending.keyType);
      // The second step of a change stands for the first.
      const stands = account.pendingOperations.some((other) => titleOf(other) === titleOf(pending));
      if (!stands && !this.#ended.has(purpose.id)) this.#note(purpose, "info", Date.parse(pending.expiresAt) <= this.#now() ? "expired" : "overtaken");
    }
    this.#ended.clear();
    this.#model.account = account;
    this.#model.failure = null;
  }

  #now() {
    return this.#api?.now() ?? Date.now();
  }

  #look = () => {
    if (!document.hidden && this.#model.account) this.#load();
  };

  #tick() {
    const { account, locks } = this.#model;
    if (document.hidden || !account) return;

    const now = this.#now();
    const pending = account.pendingOperations;
    if (pending.length === 0 && Object.keys(locks).length === 0) return;

    for (const [id, lock] of Object.entries(locks)) if (lock.until <= now) delete locks[id];
    const isOver = pending.some((operation) => Date.parse(operation.expiresAt) <= now);
    const after = isOver ? 1_000 : pending.some((operation) => operation.delivery === "QUEUED") ? lookAgainAfter.sending : lookAgainAfter.awaiting;
    if (pending.length > 0 && Date.now() - this.#loadedAt >= after && !this.#model.busy) this.#load();
    this.#render();
  }

  #render() {
    const focused = this.#root.activeElement;
    const card = focused?.closest("section")?.getAttribute("aria-labelledby");
    patch(this.#root, view({ ...this.#model, texts: this.#texts, now: this.#now() }, this.#actions));
    // Whoever was in a panel that has ended is still at its card.
    if (card && !focused.isConnected) this.#root.getElementById(card)?.focus();
    this.#sms.listen(this.#awaitedBySms() !== undefined);
  }

  #focus(...ids) {
    this.#render();
    const node = ids.map((id) => this.#root.getElementById(id)).find((candidate) => candidate !== null);
    node?.focus();
    node?.select?.();
  }

  #actions = {
    refresh: () => this.refresh(),
    submitting: (act) => (event) => {
      event.preventDefault();
      act(event.currentTarget);
    },
    open: (purpose) => {
      this.#model.open = purpose;
      delete this.#model.notes[cardOf(purpose)];
      this.#focus(`${purpose.id}:target`, `${purpose.id}:panel`);
    },
    close: () => {
      const purpose = this.#model.open;
      this.#model.open = null;
      this.#focus(`${purpose.id}:action`);
    },
    dismiss: (purpose) => {
      delete this.#model.notes[cardOf(purpose)];
      this.#focus(`${cardOf(purpose)}:title`);
    },
    send: (purpose, form) => this.#send(purpose, form),
    redeem: (purpose, form) => this.#redeem(purpose, form),
    resend: (purpose) => this.#run(purpose, () => this.#post(purpose, "token/resending", body(purpose)), (issued) => this.#awaitCode(purpose, issued)),
    cancel: (purpose) => this.#run(purpose, () => this.#post(purpose, "token/cancelling", body(purpose)), async () => {
      this.#end(purpose, "info", "cancelled", { operation: this.#texts.say(titleOf(purpose)) });
      await this.#load();
      this.#focus(`${cardOf(purpose)}:title`);
    }),
    stepUp: () => this.#stepUp(),
  };

  #send(purpose, form) {
    const target = text(form, "target");
    const missing = operations[purpose.operation].before && !target;
    if (missing) return this.#invalid(purpose, "target");
    const [path, content] = operations[purpose.operation].issue(purpose.keyType, target);
    return this.#run(purpose, () => this.#post(purpose, path, content), (issued) => this.#awaitCode(purpose, issued));
  }

  #redeem(purpose, form) {
    const flow = operations[purpose.operation];
    for (const name of ["code", flow.beside]) {
      if (name && !text(form, name)) return this.#invalid(purpose, name);
    }
    // The server tells an email from a phone number by its form alone, and would look for the other's code.
    if (flow.beside === "target" && text(form, "target").includes("@") !== (purpose.keyType === EMAIL)) return this.#invalid(purpose, "target");
    const [path, content] = flow.redeem(purpose.keyType, text(form, "code"), flow.beside && text(form, flow.beside));
    return this.#run(purpose, () => this.#post(purpose, path, content), (answer) =>
      flow.step === 1 ? this.#awaitCode(purposeOf("userKeys/changing/newKey", purpose.keyType), answer) : this.#done(purpose, answer));
  }

  async #awaitCode(purpose, issued) {
    this.#model.open = null;
    delete this.#model.notes[cardOf(purpose)];
    await this.#load();
    const input = this.#root.getElementById(`${purpose.id}:code`);
    if (input) input.value = "";
    this.#announce("codeSent", { destination: issued.destination, reference: issued.reference });
    this.#focus(`${purpose.id}:code`, `${cardOf(purpose)}:title`);
  }

  #done(purpose, account) {
    // What is under way was asked before.
    this.#loads++;
    this.#end(purpose, "done", "done", { operation: this.#texts.say(titleOf(purpose)) });
    this.#take(account);
    this.#focus(`${cardOf(purpose)}:title`);
    this.dispatchEvent(new CustomEvent("countersign-changed", { bubbles: true, composed: true, detail: account }));
  }

  /** One request at a time. What comes of it is shown before the next. */
  async #run(purpose, request, succeed) {
    if (this.#model.busy) return;
    this.#model.busy = purpose.id;
    this.#render();
    // Once the bearer is another's, what was asked for with the one before is not to be seen.
    const api = this.#api;
    try {
      const answer = await this.#withStepUp(purpose, request, succeed);
      if (answer !== undefined && api === this.#api) await succeed(answer);
    } catch (problem) {
      if (api === this.#api) await this.#fail(purpose, problem);
    } finally {
      this.#model.busy = null;
      this.#render();
    }
  }

  /** Undefined where the user has to sign in again first: then the button that does it goes on from here. */
  async #withStepUp(purpose, request, succeed) {
    try {
      return await request();
    } catch (problem) {
      if (problem.code !== "insufficient-user-authentication") throw problem;
      const bearer = await this.#ask("countersign-step-up", problem.stepUp);
      if (bearer) {
        this.#api.use(bearer);
        return request();
      }
      this.#waiting = { purpose, request, succeed, stepUp: problem.stepUp };
      this.#note(purpose, "stepUp", "stepUp");
      this.#focus("step-up");
      return undefined;
    }
  }

  async #stepUp() {
    const { purpose, request, succeed, stepUp } = this.#waiting;
    const bearer = await this.#ask("countersign-step-up", stepUp);
    if (!bearer) return;
    this.#api.use(bearer);
    this.#waiting = null;
    delete this.#model.notes[cardOf(purpose)];
    await this.#run(purpose, request, succeed);
  }

  #post(purpose, path, content) {
    return this.#requests.post(this.#api, purpose, path, content);
  }

  async #fail(purpose, problem) {
    const until = problem.retryAfter ? this.#now() + problem.retryAfter * 1_000 : null;
    const when = { time: this.#texts.time(until ?? this.#now()) };
    switch (problem.code) {
      case "validation":
        return this.#invalid(purpose, fields[problem.fields[0]]);
      case "token-invalid":
        if (problem.attemptsRemaining > 0) {
          const pending = this.#model.account.pendingOperations.find((candidate) => purposeOf(candidate.operation, candidate.keyType).id === purpose.id);
          if (pending) pending.attemptsRemaining = problem.attemptsRemaining;
          return this.#wrong(purpose, "code", this.#texts.pieces("tokenInvalid", { tries: problem.attemptsRemaining }));
        }
        this.#end(purpose, "error", problem.attemptsRemaining === 0 ? "spent" : "tokenGone");
        break;
      case "too-many-attempts":
      case "rate-limited":
      case "account-frozen":
        if (until) this.#model.locks[purpose.id] = { until };
        this.#end(purpose, "error", problem.code, when);
        break;
      case "last-key":
      case "mfa-enabled":
      case "key-taken":
      case "email-required":
        this.#end(purpose, "error", problem.code);
        break;
      case "unauthenticated":
        this.#model.failure = this.#failureOf(problem);
        this.#announce(this.#model.failure);
        return;
      default:
        if (overtaken.has(problem.code)) {
          this.#end(purpose, "info", "overtaken");
          break;
        }
        // Unknown is not failed: the same request can be sent again.
        this.#note(purpose, "error", problem.code === "internal" || !problem.isUnknown ? this.#unexpected(problem) : "unreachable");
        return;
    }

    await this.#load();
    this.#focus(`${purpose.id}:panel`, `${cardOf(purpose)}:title`);
  }

  #invalid(purpose, field) {
    if (!field) {
      this.#note(purpose, "error", "internal");
      this.#render();
      return;
    }
    const pieces = this.#texts.pieces(field === "target" ? `invalid/${purpose.keyType}` : `invalid/${field}`);
    // The server refuses the current one as it does one that is malformed.
    if (field === "target" && operations[purpose.operation].step) pieces.push(" ", ...this.#texts.pieces("invalid/current"));
    this.#wrong(purpose, field, pieces);
  }

  #wrong(purpose, field, pieces) {
    this.#model.notes[cardOf(purpose)] = { purpose, kind: "error", field, pieces };
    this.#focus(`${purpose.id}:${field}`);
  }

  #note(purpose, kind, name, values) {
    this.#model.notes[cardOf(purpose)] = { purpose, kind, pieces: this.#texts.pieces(name, values) };
    this.#announce(name, values);
  }

  #end(purpose, kind, name, values) {
    this.#ended.add(purpose.id);
    this.#note(purpose, kind, name, values);
  }

  #announce(name, values) {
    this.#model.announcement = this.#texts.say(name, values);
  }

  #awaitedBySms() {
    return this.#model.account?.pendingOperations.find((pending) => pending.keyType === PHONE);
  }

  /** To send it is the user's. It is not always for what was awaited at first: a change has two steps. */
  #fillIn(code) {
    const pending = this.#awaitedBySms();
    const input = pending && this.#root.getElementById(`${purposeOf(pending.operation, pending.keyType).id}:code`);
    if (input) input.value = code;
  }
}

function body({ operation, keyType }) {
  return keyType ? { operation, keyType } : { operation };
}

/** What is pasted brings along marks that nobody sees, and spaces and dashes of every kind. */
function text(form, name) {
  return (form.elements[name]?.value ?? "").replace(/\p{Cf}/gu, "").replace(/\s/gu, " ").replace(/\p{Pd}/gu, "-").trim();
}

if (!customElements.get("countersign-security")) customElements.define("countersign-security", CountersignSecurity);
