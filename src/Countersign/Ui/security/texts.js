import { languages } from "./served.js";

const fallback = "en";

/** What the element says, in the nearest language: de-AT is read as de, and what there is nothing for as English. */
export class Texts {
  constructor(tag) {
    this.tag = nearest(tag);
    this.direction = languages[this.tag].direction ?? "ltr";
    this.texts = languages[this.tag];
    // Digits as codes and countdowns have them.
    this.dates = new Intl.DateTimeFormat(this.tag, { dateStyle: "medium", numberingSystem: "latn" });
    this.times = new Intl.DateTimeFormat(this.tag, { dateStyle: "medium", timeStyle: "short", numberingSystem: "latn" });
  }

  /** A text as pieces, in which {name} stands for a value: text, or a description of an element. */
  pieces(name, values = {}) {
    return this.texts[name].split(/\{(\w+)\}/).map((piece, index) => (index % 2 === 0 ? piece : values[piece])).filter((piece) => piece !== "");
  }

  /** A text as it is read out. Values are kept apart from its direction by marks that nobody sees (FSI and PDI). */
  say(name, values = {}) {
    return this.pieces(name, Object.fromEntries(Object.entries(values).map(([key, value]) => [key, `\u2068${value}\u2069`]))).join("");
  }

  has(name) {
    return Object.hasOwn(this.texts, name);
  }

  date(at) {
    return this.dates.format(at);
  }

  time(at) {
    return this.times.format(at);
  }
}

function nearest(tag) {
  for (let rest = (tag || fallback).toLowerCase(); rest; rest = rest.slice(0, Math.max(0, rest.lastIndexOf("-")))) {
    if (Object.hasOwn(languages, rest)) return rest;
  }
  return fallback;
}

/** Minutes and seconds, rounded up: 0:00 is over. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
