// The lines to take along: the element on a page of one's own, and the same steps from a terminal.

import { copy } from "./copy.js";

const base = new URL("..", import.meta.url).href;
const lines = {
  "step-element":
    `<script type="module" src="${base}ui/countersign-security.js"></script>\n` +
    `<countersign-security></countersign-security>\n` +
    `<script type="module">\n` +
    `  const security = document.querySelector("countersign-security");\n` +
    `  security.bearer = async () => "the access token of whoever is signed in";\n` +
    `</script>`,
  "step-token": `TOKEN=$(curl -s ${base}dev/token \\\n  --json '{"userId":"alice"}' \\\n  | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
  "step-issue":
    `curl -s ${base}api/v1/token/userKeys/adding/email \\\n  -H "Authorization: Bearer $TOKEN" \\\n  --json '{"newEmail":"alice@example.com"}'`,
  "step-redeem": `curl -s ${base}api/v1/userKeys/adding/email \\\n  -H "Authorization: Bearer $TOKEN" \\\n  --json '{"oneTimeToken":"the code"}'`,
};

for (const [id, text] of Object.entries(lines)) document.getElementById(id).textContent = text;
for (const button of document.querySelectorAll("[data-copies]"))
  button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copies)));
