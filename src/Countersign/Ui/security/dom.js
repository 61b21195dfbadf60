// What is to be seen is described anew after each change, and the page is made to fit the description.

/** Describes an element. Children are descriptions, text, or nothing (null, false); text is text, never markup. */
export function h(tag, properties, ...children) {
  return { tag, properties: properties ?? {}, children: children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false) };
}

/**
 * Makes the children of a node those that are described. A node that still fits stays, and with it its focus, its selection and what was typed: one with the
 * same key, or, without keys, the next of the same tag.
 */
export function patch(parent, descriptions) {
  const left = [...parent.childNodes];
  const nodes = descriptions.map((description) => {
    const place = left.findIndex((node) => fits(node, description));
    return place < 0 ? create(description) : left.splice(place, 1)[0];
  });
  left.forEach((node) => node.remove());
  nodes.forEach((node, index) => {
    const current = parent.childNodes[index];
    if (current !== node) parent.insertBefore(node, current ?? null);
    update(node, descriptions[index]);
  });
}

const keys = new WeakMap();
const handlers = /^on/;

function fits(node, description) {
  if (typeof description !== "object") return node.nodeType === Node.TEXT_NODE;
  return node.nodeType === Node.ELEMENT_NODE && node.localName === description.tag && keys.get(node) === description.properties.key;
}

function create(description) {
  if (typeof description !== "object") return document.createTextNode("");
  const node = document.createElement(description.tag);
  if (description.properties.key !== undefined) keys.set(node, description.properties.key);
  return node;
}

function update(node, description) {
  if (typeof description !== "object") {
    const text = String(description);
    if (node.data !== text) node.data = text;
    return;
  }

  const { key, ...properties } = description.properties;
  for (const name of node.getAttributeNames()) {
    if (!isSet(properties[name])) node.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(properties)) {
    if (handlers.test(name)) node[name] = value;
    else if (isSet(value) && node.getAttribute(name) !== String(value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
  }
  patch(node, description.children);
}

function isSet(value) {
  return value !== undefined && value !== null && value !== false;
}
