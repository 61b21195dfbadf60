/** Requests of which it may be unknown whether they were carried out. Sent again, the same request has the same name: what it did, it did once. */
export class Requests {
  /** The last request of each operation that has no answer yet. */
  #unanswered = new Map();

  async post(api, purpose, path, content) {
    const request = JSON.stringify([path, content]);
    if (this.#unanswered.get(purpose.id)?.request !== request) this.#unanswered.set(purpose.id, { request, key: newKey() });
    try {
      const answer = await api.post(path, content, this.#unanswered.get(purpose.id).key);
      this.#unanswered.delete(purpose.id);
      return answer;
    } catch (problem) {
      if (!problem.isUnknown) this.#unanswered.delete(purpose.id);
      throw problem;
    }
  }
}

/** Not crypto.randomUUID, which pages without TLS do not have. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
