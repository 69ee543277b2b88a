-- A session is a family of refresh tokens: each is exchanged once for the next.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    -- Nobody for a guest session.
    user_id uuid REFERENCES users ON DELETE CASCADE,
    -- The guest: the holder of a guest session, or who became the user when the session began.
    guest_id uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT sessions_held CHECK (user_id IS NOT NULL OR guest_id IS NOT NULL)
);

CREATE INDEX sessions_open ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token; the token itself is known to the client only.
    hash bytea PRIMARY KEY CONSTRAINT refresh_tokens_sha256 CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    -- When it was exchanged for the next. Presented again after that, it is stolen.
    rotated_at timestamptz
);

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- The keys that access tokens are signed with; the newest signs, all verify.
CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    pkcs8 bytea NOT NULL,
    created_at timestamptz NOT NULL
);
