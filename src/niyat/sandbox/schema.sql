-- The sandbox's books. `doc` columns hold the vendor's entity exactly as the API shows it.
-- All times are seconds of the sandbox's own clock.

CREATE TABLE IF NOT EXISTS clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    shift_seconds REAL NOT NULL,
    frozen_at REAL
);

CREATE TABLE IF NOT EXISTS merchants (
    key_id TEXT PRIMARY KEY,
    key_secret TEXT NOT NULL,
    account_id TEXT NOT NULL UNIQUE,
    webhook_url TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    previous_webhook_secret TEXT,
    default_capture TEXT NOT NULL DEFAULT 'automatic' CHECK (default_capture IN ('automatic', 'manual')),
    refund_mode TEXT NOT NULL DEFAULT 'auto' CHECK (refund_mode IN ('auto', 'manual')),
    instant_refunds TEXT NOT NULL DEFAULT 'possible' CHECK (instant_refunds IN ('possible', 'impossible')),
    low_balance TEXT NOT NULL DEFAULT 'allowed' CHECK (low_balance IN ('allowed', 'refused')),
    settlement_days INTEGER CHECK (settlement_days >= 0),
    payout_account_number TEXT NOT NULL DEFAULT '7878780080316316',
    payout_mode TEXT NOT NULL DEFAULT 'auto' CHECK (payout_mode IN ('auto', 'manual')),
    payout_approval TEXT NOT NULL DEFAULT 'none' CHECK (payout_approval IN ('none', 'required')),
    payout_balance INTEGER NOT NULL DEFAULT 1000000000,
    webhook_mode TEXT NOT NULL DEFAULT 'deliver' CHECK (webhook_mode IN ('deliver', 'hold', 'drop')),
    webhook_delay_seconds REAL NOT NULL DEFAULT 0,
    webhook_duplicate INTEGER NOT NULL DEFAULT 0,
    webhook_sign_with TEXT NOT NULL DEFAULT 'current'
        CHECK (webhook_sign_with IN ('current', 'old', 'garbage', 'missing')),
    webhook_corrupt TEXT NOT NULL DEFAULT 'none'
        CHECK (webhook_corrupt IN ('none', 'cut', 'altered', 'reserialised')),
    webhook_retry_seconds REAL NOT NULL DEFAULT 2,
    webhook_disabled INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS orders (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL REFERENCES merchants,
    receipt TEXT,
    created_at INTEGER NOT NULL,
    capture TEXT NOT NULL,
    automatic_expiry_minutes INTEGER NOT NULL,
    manual_expiry_minutes INTEGER NOT NULL,
    refund_speed TEXT NOT NULL DEFAULT 'normal',
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_receipt ON orders (key_id, receipt);

CREATE TABLE IF NOT EXISTS payments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL REFERENCES merchants,
    order_id TEXT NOT NULL REFERENCES orders (id),
    created_at INTEGER NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id);
CREATE INDEX IF NOT EXISTS payments_authorized ON payments (order_id)
    WHERE json_extract(doc, '$.status') = 'authorized';
CREATE INDEX IF NOT EXISTS payments_unanswered ON payments (created_at)
    WHERE json_extract(doc, '$.status') = 'created';
CREATE INDEX IF NOT EXISTS payments_by_time ON payments (key_id, created_at);

CREATE TABLE IF NOT EXISTS refunds (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL REFERENCES merchants,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    created_at INTEGER NOT NULL,
    idempotency_key TEXT,
    idempotency_body TEXT,
    doc TEXT NOT NULL,
    UNIQUE (key_id, idempotency_key)
);
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id);

-- Disputes, documents, settlements, downtimes, contacts, fund accounts and payouts: whatever needs no more
-- than its entity. `parent_id` is the payment of a dispute, the contact of a fund account, the fund account of a payout.
CREATE TABLE IF NOT EXISTS entities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL REFERENCES merchants,
    kind TEXT NOT NULL,
    parent_id TEXT,
    created_at INTEGER NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entities_by_time ON entities (key_id, kind, created_at);
CREATE INDEX IF NOT EXISTS entities_by_parent ON entities (parent_id);
CREATE INDEX IF NOT EXISTS payouts_queued ON entities (created_at)
    WHERE kind = 'payout' AND json_extract(doc, '$.status') = 'queued';

CREATE TABLE IF NOT EXISTS payout_keys (
    key_id TEXT NOT NULL REFERENCES merchants,
    idempotency_key TEXT NOT NULL,
    body TEXT NOT NULL,
    payout_id TEXT NOT NULL REFERENCES entities (id),
    PRIMARY KEY (key_id, idempotency_key)
);

-- What moved the merchant's balance with the gateway. An item is settled once; the sum of the others is the balance.
CREATE TABLE IF NOT EXISTS balance_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL REFERENCES merchants,
    at INTEGER NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('payment', 'refund', 'adjustment')),
    entity_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    debit INTEGER NOT NULL CHECK (debit >= 0),
    credit INTEGER NOT NULL CHECK (credit >= 0),
    fee INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    dispute_id TEXT,
    description TEXT,
    settlement_id TEXT
);
CREATE INDEX IF NOT EXISTS balance_items_unsettled ON balance_items (key_id) WHERE settlement_id IS NULL;
CREATE INDEX IF NOT EXISTS balance_items_by_settlement ON balance_items (settlement_id);

-- The reconciliation report as the merchant reads it; it may be made to differ from the items.
CREATE TABLE IF NOT EXISTS recon_rows (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL REFERENCES merchants,
    settlement_id TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    settled_at INTEGER NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS recon_rows_by_time ON recon_rows (key_id, settled_at);

-- A checkout that a patient has open; `token` is its address and its password.
CREATE TABLE IF NOT EXISTS checkouts (
    token TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    doc TEXT NOT NULL
);

-- Append-only: what really happened to money, and on whose word.
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL REFERENCES merchants,
    at INTEGER NOT NULL,
    effect TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (actor IN ('api', 'checkout', 'dashboard', 'razorpay'))
);

CREATE TABLE IF NOT EXISTS webhook_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL REFERENCES merchants,
    event TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    body BLOB NOT NULL,
    secret TEXT NOT NULL,
    created_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'dropped', 'delivered', 'given-up')),
    due_at REAL NOT NULL,
    copies_left INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS webhook_events_due ON webhook_events (due_at) WHERE state = 'waiting';

CREATE TABLE IF NOT EXISTS webhook_tries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL REFERENCES webhook_events (id),
    at REAL NOT NULL,
    url TEXT NOT NULL,
    signature TEXT,
    status INTEGER,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS webhook_tries_by_event ON webhook_tries (event_id);

CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    times_left INTEGER NOT NULL,
    seconds REAL NOT NULL,
    after_effect INTEGER NOT NULL,
    description TEXT
);

CREATE TABLE IF NOT EXISTS phone_accounts (
    sid TEXT PRIMARY KEY,
    auth_token TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_sid TEXT NOT NULL REFERENCES phone_accounts,
    recipient TEXT NOT NULL,
    sent_at REAL NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS texts_by_recipient ON texts (recipient);

CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,
    received_at REAL NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS mail_recipients (
    mail_id INTEGER NOT NULL REFERENCES mails,
    address TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (address, mail_id)
);

CREATE TABLE IF NOT EXISTS mail_faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mode TEXT NOT NULL,
    stage TEXT NOT NULL,
    recipient TEXT COLLATE NOCASE,
    times_left INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS video_apps (
    app_id TEXT PRIMARY KEY,
    app_secret TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS daily_keys (
    api_key TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS daily_rooms (
    name TEXT PRIMARY KEY,
    doc TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS daily_tokens (
    token TEXT PRIMARY KEY,
    doc TEXT NOT NULL
);

-- Who has come into a room, of whichever provider.
CREATE TABLE IF NOT EXISTS video_guests (
    room TEXT NOT NULL,
    name TEXT NOT NULL,
    is_owner INTEGER NOT NULL,
    came_at REAL NOT NULL,
    PRIMARY KEY (room, name)
);

-- What is posted to our customer later: status callbacks of text messages, and mails that came back.
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'done')),
    status INTEGER,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS posts_waiting ON posts (id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS posts_by_sender ON posts (sender);

CREATE TABLE IF NOT EXISTS phone_behaviours (
    sid TEXT PRIMARY KEY,
    callbacks TEXT NOT NULL CHECK (callbacks IN ('deliver', 'hold', 'drop')),
    dlt TEXT
);
CREATE TABLE IF NOT EXISTS phone_opt_outs (
    number TEXT PRIMARY KEY
);

-- Mails to an address that bounces come back here, and are posted there.
CREATE TABLE IF NOT EXISTS mail_returns_to (
    address TEXT PRIMARY KEY COLLATE NOCASE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS greylisted (
    recipient TEXT PRIMARY KEY COLLATE NOCASE
);

CREATE TABLE IF NOT EXISTS push_projects (
    project_id TEXT PRIMARY KEY,
    client_email TEXT NOT NULL,
    public_key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS push_access (
    token TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES push_projects,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS push_fates (
    device TEXT PRIMARY KEY,
    fate TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pushes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id TEXT NOT NULL REFERENCES push_projects,
    device TEXT NOT NULL,
    sent_at REAL NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pushes_by_device ON pushes (device);
