/** Codes that the browser reads from SMS, where it does (WebOTP). */
export class SmsCodes {
  #reading = null;

  /** @param take is given each code that comes. */
  constructor(take) {
    this.take = take;
  }

  /** Said again and again: one message is waited for at a time. Where the browser, or its user, does not want to, it is not asked again for this one. */
  listen(isAwaited) {
    if (!isAwaited) {
      this.#reading?.abort();
      this.#reading = null;
    } else if (!this.#reading && "OTPCredential" in window) {
      this.#reading = new AbortController();
      this.#read(this.#reading.signal);
    }
  }

  async #read(signal) {
    try {
      const { code } = await navigator.credentials.get({ otp: { transport: ["sms"] }, signal });
      this.take(code);
      this.#reading = null;
    } catch (error) {
      // Not wanted any more, or not granted: the code is typed.
      console.debug("countersign-security: no code from an SMS.", error);
    }
  }
}
