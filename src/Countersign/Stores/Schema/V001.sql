-- One text for every engine: text, whole numbers and bytes; time as Unix milliseconds; a truth value as 0 or 1.
-- BYTEA is PostgreSQL's name for bytes; SQLite stores a blob as a blob whatever the column is called.

CREATE TABLE accounts (
  user_id TEXT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  -- The id of the commit that wrote this version: the other statements of a commit ask for it, and so do nothing if it lost.
  commit_id TEXT NOT NULL,
  locale TEXT,
  -- Sealed: it has to be printed in mail, so a digest would not do.
  anti_phishing_code BYTEA,
  -- Until when nothing can be changed because a change was undone.
  frozen_until BIGINT,
  -- Unix milliseconds, separated by spaces, of the refusals within the last minute that changed nothing and are in the audit trail.
  refusals TEXT NOT NULL,
  -- Where the audit trail ends: how many events it has, the link of the last, and a seal over both.
  trail_events BIGINT NOT NULL,
  trail_link BYTEA NOT NULL,
  trail_seal BYTEA NOT NULL,
  trail_key_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE user_keys (
  user_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  canonical TEXT NOT NULL,
  address TEXT NOT NULL,
  mfa_enabled BIGINT NOT NULL,
  verified_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, key_type)
);

-- Whose key an address is. The primary key is what makes it the key of one account only; all other tables are kept by user id.
-- An address that was given up may be kept for its last holder for a while: the row then bars others until kept_until, and is no key of anybody's.
-- The rest is what another account's request needs to know of the owner, so that nobody reads the rows of two accounts.
CREATE TABLE key_claims (
  key_type TEXT NOT NULL,
  canonical TEXT NOT NULL,
  user_id TEXT NOT NULL,
  address TEXT NOT NULL,
  locale TEXT,
  -- Sealed, as in accounts.
  anti_phishing_code BYTEA,
  -- Null while the address is a key.
  kept_until BIGINT,
  PRIMARY KEY (key_type, canonical)
);

CREATE INDEX key_claims_kept ON key_claims (kept_until) WHERE kept_until IS NOT NULL;

-- What is kept for an account goes when the account is erased.
CREATE INDEX key_claims_kept_for ON key_claims (user_id) WHERE kept_until IS NOT NULL;

-- One row per account and purpose, overwritten for ever. key_type is '' for the anti-phishing code, which has none.
-- The columns from target to wrong_tries are null while nothing is pending.
CREATE TABLE one_time_tokens (
  user_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  key_type TEXT NOT NULL,
  target_key_type TEXT,
  target TEXT,
  target_canonical TEXT,
  reference TEXT,
  message_id TEXT,
  digest BYTEA,
  key_id TEXT,
  expires_at BIGINT,
  -- The token before the newest, which stays redeemable until its own expiry.
  previous_digest BYTEA,
  previous_key_id TEXT,
  previous_expires_at BIGINT,
  wrong_tries BIGINT,
  spent BIGINT NOT NULL,
  last_issued_at BIGINT,
  -- Unix milliseconds, separated by spaces, of the issues within the last hour.
  issues TEXT NOT NULL,
  -- The history of the database in which the tokens were issued: in any other they do not count (see store_timeline).
  timeline BIGINT NOT NULL,
  PRIMARY KEY (user_id, operation, key_type)
);

CREATE TABLE guess_budgets (
  user_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  key_type TEXT NOT NULL,
  -- Unix milliseconds, separated by spaces, of the wrong tries within the last 24 hours.
  wrong_tries TEXT NOT NULL,
  locks BIGINT NOT NULL,
  locked_until BIGINT,
  PRIMARY KEY (user_id, operation, key_type)
);

-- For how long the platform should refuse withdrawals and the like after which change. A row that has passed counts for nothing.
CREATE TABLE holds (
  user_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  held_until BIGINT NOT NULL,
  PRIMARY KEY (user_id, reason)
);

-- What a change can be undone to, by a link in its notices.
CREATE TABLE undos (
  user_id TEXT NOT NULL,
  -- Drawn at random, and no secret: the digest is of the whole token.
  id TEXT NOT NULL,
  -- The account's version before the change. Undoing it voids this row, and those of later changes.
  version BIGINT NOT NULL,
  operation TEXT NOT NULL,
  key_type TEXT NOT NULL,
  digest BYTEA NOT NULL,
  key_id TEXT NOT NULL,
  -- Keys, MFA and anti-phishing code as they were.
  sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, id)
);

-- A link names no account.
CREATE UNIQUE INDEX undos_by_id ON undos (id);

CREATE INDEX undos_by_expiry ON undos (expires_at);

CREATE TABLE outbox (
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  kind TEXT NOT NULL,
  operation TEXT NOT NULL,
  key_type TEXT NOT NULL,
  carries_code BIGINT NOT NULL,
  destination_masked TEXT NOT NULL,
  -- Recipient, code and all that the message says; null from hand-off on, and of a dead message from its expiry on.
  sealed BYTEA,
  -- QUEUED, SENT, DEAD (expired, refused or given up) or WITHDRAWN (its token was revoked first, or an
  -- operator has dropped it). A commit that would do something to a message which is not as it was writes null, and so fails.
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  -- Whose turn it is to send, and until when; afterwards anybody's.
  leased_by TEXT,
  leased_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  last_error TEXT,
  -- Who took it, what they call it, and what they said of it afterwards: SENT, DELIVERED or FAILED.
  provider TEXT,
  provider_id TEXT,
  receipt TEXT,
  -- Of an SMS that was sent, for what it cost: ISO 3166-1, and in how many parts it went.
  country TEXT,
  segments BIGINT,
  PRIMARY KEY (user_id, id)
);

CREATE INDEX outbox_by_state ON outbox (state, due_at);

-- How long messages took is counted from here.
CREATE INDEX outbox_by_finish ON outbox (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE audit_events (
  user_id TEXT NOT NULL,
  -- The account's version that the event belongs to, and its place among the events of that version.
  version BIGINT NOT NULL,
  ordinal BIGINT NOT NULL,
  at BIGINT NOT NULL,
  type TEXT NOT NULL,
  operation TEXT,
  key_type TEXT,
  target_masked TEXT,
  reason TEXT,
  actor TEXT NOT NULL,
  ip TEXT,
  user_agent TEXT,
  -- HMAC over the event, its number and the link of the one before it, under the key of that id.
  link BYTEA NOT NULL,
  key_id TEXT NOT NULL,
  PRIMARY KEY (user_id, version, ordinal)
);

CREATE INDEX audit_events_by_time ON audit_events (at);

-- After which sessions that began before have to end.
CREATE INDEX audit_events_ending_sessions ON audit_events (user_id, at)
  WHERE type IN ('user_key_changed', 'user_key_removed', 'mfa_disabled', 'change_undone', 'account_erased');

-- Events that the platform's webhook has not taken yet. What they say is in audit_events; what was taken has no row.
CREATE TABLE event_deliveries (
  user_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  ordinal BIGINT NOT NULL,
  -- QUEUED, or DEAD (given up).
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  -- Whose turn it is to post, and until when; afterwards anybody's.
  leased_by TEXT,
  leased_until BIGINT NOT NULL,
  -- Since when it is tried.
  queued_at BIGINT NOT NULL,
  last_error TEXT,
  PRIMARY KEY (user_id, version, ordinal)
);

CREATE INDEX event_deliveries_by_state ON event_deliveries (state, due_at);

-- Where the trail of an erased account ends, and which version it had: an account of the same name goes on from here.
CREATE TABLE ended_trails (
  user_id TEXT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  trail_events BIGINT NOT NULL,
  trail_link BYTEA NOT NULL,
  trail_seal BYTEA NOT NULL,
  trail_key_id TEXT NOT NULL
);

-- Where what is kept of a trail begins, once retention has taken what is older: how many events are gone, the link of the last, and a seal.
CREATE TABLE trail_beginnings (
  user_id TEXT NOT NULL PRIMARY KEY,
  events BIGINT NOT NULL,
  link BYTEA NOT NULL,
  seal BYTEA NOT NULL,
  key_id TEXT NOT NULL
);

-- What holds over all accounts: messages to an address, tokens for a client, SMS to a country.
CREATE TABLE limits (
  scope TEXT NOT NULL,
  -- An address in its canonical form, the address of a client, or a country; '' where there is one for all.
  subject TEXT NOT NULL,
  -- Unix milliseconds, separated by spaces, of what still counts.
  uses TEXT NOT NULL,
  -- A commit that was decided upon an older one writes null, and so fails. (A CHECK would be read and compiled by PostgreSQL for every statement.)
  revision BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (scope, subject)
);

CREATE INDEX limits_by_expiry ON limits (expires_at);

-- Answers for callers who ask again under the same Idempotency-Key: of 24 hours.
CREATE TABLE idempotency_keys (
  user_id TEXT NOT NULL,
  key_digest BYTEA NOT NULL,
  -- The answer and a digest of its request: out of few possible requests, a digest in the clear would tell which it was.
  sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, key_digest)
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE development_inbox (
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  -- The canonical form of the recipient, to look messages up by.
  destination TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  sent_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, id)
);

CREATE INDEX development_inbox_by_time ON development_inbox (sent_at, id);

-- What happened within an hour, over all accounts, counted from audit_events and outbox. No person is in it.
CREATE TABLE activity (
  -- Unix milliseconds of its beginning.
  hour BIGINT NOT NULL,
  -- issued, redeemed, refused, failed (messages that died), email or sms (messages that were sent), sms_country (parts of SMS that were sent).
  measure TEXT NOT NULL,
  -- Of email and sms, the milliseconds from commit to hand-off that they took at most, 'more' beyond the last; of sms_country, the country; else ''.
  detail TEXT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY (hour, measure, detail)
);

-- Up to when it is counted: one row, which whoever counts moves on.
CREATE TABLE activity_progress (
  id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  counted_until BIGINT NOT NULL,
  -- Of the commit that has moved it last, for the statements that go with it.
  commit_id TEXT NOT NULL
);

INSERT INTO activity_progress (id, counted_until, commit_id) VALUES (1, 0, '');
