// Reads [{authToken, url, params}] and writes what Twilio's own library would put into X-Twilio-Signature for each.
import { readFileSync } from "node:fs";
import webhooks from "twilio/lib/webhooks/webhooks.js";

const requests = JSON.parse(readFileSync(0, "utf8"));
const signatures = requests.map(({ authToken, url, params }) => {
  const signature = webhooks.getExpectedTwilioSignature(authToken, url, params);
  if (!webhooks.validateRequest(authToken, signature, url, params))
    throw new Error("The library does not accept its own signature.");
  return signature;
});
process.stdout.write(JSON.stringify(signatures));
