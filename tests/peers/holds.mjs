// Reads {jwks, issuer, at, statements} and writes for each statement what a withdrawal service would make of it at that time (Unix seconds): its
// claims, or why not.
import { readFileSync } from "node:fs";
import { createLocalJWKSet, jwtVerify } from "jose";

const { jwks, issuer, at, statements } = JSON.parse(readFileSync(0, "utf8"));
const options = {
  issuer,
  algorithms: ["ES256"],
  typ: "countersign-holds+jwt",
  requiredClaims: ["sub", "iat", "exp", "holds"],
  currentDate: new Date(at * 1000),
};
const verdicts = [];
for (const statement of statements) {
  try {
    const { payload, protectedHeader } = await jwtVerify(statement, createLocalJWKSet(jwks), options);
    verdicts.push({ key: protectedHeader.kid, claims: payload });
  } catch (error) {
    verdicts.push({ error: error.code });
  }
}
process.stdout.write(JSON.stringify(verdicts));
