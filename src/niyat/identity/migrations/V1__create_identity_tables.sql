-- Accounts and everything by which somebody proves to be one. Addresses are stored in one spelling only (E.164,
-- lower case), so that equality is enough. Secrets are stored as hashes; signing keys are encrypted.

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['patient', 'doctor', 'admin']),
    name text CHECK (length(name) BETWEEN 1 AND 200),
    email text CHECK (email = lower(email) AND length(email) <= 254),
    email_verified_at timestamptz,              -- only a verified email signs somebody in
    phone text CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    language text NOT NULL CHECK (language IN ('en', 'hi')),
    time_zone text NOT NULL,                    -- IANA
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at timestamptz NOT NULL DEFAULT niyat_now(),
    disabled_at timestamptz,
    CONSTRAINT accounts_can_sign_in CHECK (phone IS NOT NULL OR email_verified_at IS NOT NULL),
    CONSTRAINT accounts_verified_email_is_there CHECK (email_verified_at IS NULL OR email IS NOT NULL),
    CONSTRAINT accounts_phone_is_unique UNIQUE (phone)
);

-- An email that its owner has not shown to be theirs may stand on several accounts, and proves nothing.
CREATE UNIQUE INDEX accounts_email_is_unique ON accounts (email) WHERE email_verified_at IS NOT NULL;

CREATE TABLE sign_in_challenges (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    address text NOT NULL,
    language text NOT NULL CHECK (language IN ('en', 'hi')),
    code_hash bytea NOT NULL,                   -- keyed: six digits are soon tried without the key
    requester_hash bytea NOT NULL,              -- keyed hash of the requester's IP address, for the limits
    tries bigint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT sign_in_challenges_used_were_tried CHECK (used_at IS NULL OR tries > 0)
);

CREATE INDEX sign_in_challenges_by_address ON sign_in_challenges (address, created_at);
CREATE INDEX sign_in_challenges_by_requester ON sign_in_challenges (requester_hash, created_at);
CREATE INDEX sign_in_challenges_by_age ON sign_in_challenges (created_at);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    user_agent text NOT NULL CHECK (length(user_agent) <= 100),
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    last_seen_at timestamptz NOT NULL DEFAULT niyat_now(),
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('signed-out', 'revoked', 'token-reused', 'expired')),
    CONSTRAINT sessions_end_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX sessions_live_by_account ON sessions (account_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- A session's chain of refresh tokens: one is unreplaced; the replaced stay until they expire, to recognise theft.
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    expires_at timestamptz NOT NULL,
    replaced_at timestamptz,
    replaced_by bytea,
    CONSTRAINT refresh_tokens_replaced_by_one CHECK ((replaced_at IS NULL) = (replaced_by IS NULL))
);

CREATE UNIQUE INDEX refresh_tokens_one_unreplaced ON refresh_tokens (session_id) WHERE replaced_at IS NULL;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- A key signs from `signs_from` until `signs_until`, and is published from its creation until its tokens are over.
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    private_pem text NOT NULL CHECK (private_pem LIKE '-----BEGIN ENCRYPTED PRIVATE KEY-----%'),
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    signs_from timestamptz NOT NULL,
    signs_until timestamptz,
    CONSTRAINT signing_keys_sign_forward CHECK (signs_until >= signs_from)
);

CREATE UNIQUE INDEX signing_keys_one_is_newest ON signing_keys ((true)) WHERE signs_until IS NULL;

-- The audit may count keys, but not read them.
REVOKE ALL ON signing_keys FROM niyat_audit;
GRANT SELECT (kid, created_at, signs_from, signs_until) ON signing_keys TO niyat_audit;

CREATE TABLE service_clients (
    client_id text PRIMARY KEY CHECK (client_id ~ '^[a-z][a-z0-9-]{0,62}$'),  -- the service's name
    account_id uuid NOT NULL UNIQUE,            -- the `sub` of its tokens, made from its name
    roles text[] NOT NULL CHECK (roles = ARRAY['service']),
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT niyat_now(),
    actor_id uuid,                              -- null: the command line
    action text NOT NULL,
    account_id uuid NOT NULL,                   -- who it was done to
    reason text NOT NULL CHECK (length(reason) BETWEEN 3 AND 500),
    details jsonb NOT NULL
);

CREATE INDEX audit_log_by_account ON audit_log (account_id, at);

CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log only grows';
END
$$;
CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM identity;
