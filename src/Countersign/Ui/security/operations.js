// The operations of the contract: POST token/X sends the code for X, POST X redeems it.

export const EMAIL = "EMAIL";
export const PHONE = "PHONE_NUMBER";

const addingPath = { [EMAIL]: "userKeys/adding/email", [PHONE]: "userKeys/adding/phoneNumber" };
const addingField = { [EMAIL]: "newEmail", [PHONE]: "newPhoneNumber" };

/**
 * issue: the request that sends the code, of the new key where one is asked for. redeem: the request that the code goes into. asksFor: what else is
 * entered, before the code is sent (before) or with it (beside).
 */
export const operations = {
  "userKeys/adding": {
    issue: (keyType, target) => [`token/${addingPath[keyType]}`, { [addingField[keyType]]: target }],
    redeem: (keyType, code) => [addingPath[keyType], { oneTimeToken: code }],
    before: "target",
  },
  "userKeys/changing": {
    issue: (keyType) => ["token/userKeys/changing", { keyType }],
    redeem: (keyType, code, target) => ["token/userKeys/changing/newKey", { oneTimeToken: code, newUserKey: target }],
    beside: "target",
    step: 1,
  },
  "userKeys/changing/newKey": {
    redeem: (keyType, code) => ["userKeys/changing", { keyType, oneTimeToken: code }],
    step: 2,
  },
  "userKeys/removing": {
    issue: (keyType) => ["token/userKeys/removing", { keyType }],
    redeem: (keyType, code) => ["userKeys/removing", { keyType, oneTimeToken: code }],
    isDangerous: true,
  },
  "antiPhishing/adding": {
    issue: () => ["token/antiPhishing/adding"],
    redeem: (keyType, code, phrase) => ["antiPhishing/adding", { oneTimeToken: code, antiPhishingCode: phrase }],
    beside: "phrase",
  },
  "antiPhishing/changing": {
    issue: () => ["token/antiPhishing/changing"],
    redeem: (keyType, code, phrase) => ["antiPhishing/changing", { oneTimeToken: code, antiPhishingCode: phrase }],
    beside: "phrase",
  },
  "mfa/enabling": {
    issue: (destination) => ["token/mfa/enabling", { destination }],
    redeem: (destination, code) => ["mfa/enabling", { destination, oneTimeToken: code }],
  },
  "mfa/disabling": {
    issue: (destination) => ["token/mfa/disabling", { destination }],
    redeem: (destination, code) => ["mfa/disabling", { destination, oneTimeToken: code }],
  },
};

/** An operation of one key: what tokens are pending for. */
export function purposeOf(operation, keyType) {
  return keyType ? { operation, keyType, id: `${operation}/${keyType}` } : { operation, id: operation };
}

/** The name of the text that says what an operation is: both steps of a change are one. */
export function titleOf({ operation, keyType }) {
  const name = operation === "userKeys/changing/newKey" ? "userKeys/changing" : operation;
  return keyType ? `${name}/${keyType}` : name;
}
