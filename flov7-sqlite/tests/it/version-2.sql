-- A store as version 2 of the schema wrote it: two executions that wait for a signal, which one has in its inbox.
PRAGMA application_id = 1718384183;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE bundles (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL                      -- canonical text
) STRICT;
INSERT INTO "bundles" VALUES(1,X'B42DCD0DEB7758174C2333BC064BFC56B3BC75F07FE7351A531B967D97CC17EE','{"callees":{},"connections":{},"document":{"flov7":1,"input":{"properties":{"n":{"type":"integer"}},"required":["n"],"type":"object"},"name":"older","output":"${ steps.sum }","signals":{"paid":{"properties":{"amount":{"type":"integer"}},"required":["amount"],"type":"object"}},"steps":[{"action":{"use":"core.emit","with":{"event":"order.seen","payload":{"n":"${ input.n }"}}},"id":"tell"},{"action":{"use":"core.wait_for","with":{"signal":"paid"}},"id":"pay"},{"data":{"set":"${ input.n + steps.pay.amount }"},"id":"sum"}]},"interfaces":{"core.emit":{"digest":"f0f92ed6fd0c681a72a6bb5d2c65b4b17cc0b066a29484914fe71364f90d8150","effect":"keyed","errors":{},"input":{"additionalProperties":false,"properties":{"event":{"type":"string"},"payload":true},"required":["event"],"type":"object"},"output":{"type":"null"},"records":false},"core.wait_for":{"digest":"79b992bbbd5d93f3215ab4b2f4fb4ff520a644725fcd6d2724e0f8258a24181a","effect":"none","errors":{},"input":{"additionalProperties":false,"properties":{"key":{"type":"string"},"signal":{"type":"string"}},"required":["signal"],"type":"object"},"output":true,"records":false}},"rules":1}');
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the cursor: never given again
    namespace TEXT NOT NULL,
    execution TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,                  -- canonical text
    depth INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'default','01m8h0617ewznc5j9x921bmr6v','tell','order.seen','{"n":40}',1,1795866952949);
INSERT INTO "events" VALUES(2,'default','01m8h061978wfbs7f44ja4pph4','tell','order.seen','{"n":1}',1,1795866953058);
CREATE TABLE executions (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    execution TEXT NOT NULL,
    workflow TEXT NOT NULL,
    bundle INTEGER NOT NULL REFERENCES bundles (id),
    key TEXT,
    status TEXT NOT NULL,
    due INTEGER,
    buffered INTEGER NOT NULL,
    buffered_bytes INTEGER NOT NULL,
    blocked TEXT,                           -- why, in JSON, where status says so
    live INTEGER NOT NULL,                  -- 1 while an executor works on it
    wake INTEGER,                           -- since or from when it may be claimed, where nobody works on it
    epoch INTEGER NOT NULL,
    started INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    UNIQUE (namespace, execution)
) STRICT;
INSERT INTO "executions" VALUES(1,'default','01m8h0617ewznc5j9x921bmr6v','older',1,'first','waiting',NULL,0,0,NULL,0,1795866953395,1,1795866952945,1795866952949);
INSERT INTO "executions" VALUES(2,'default','01m8h061978wfbs7f44ja4pph4','older',1,NULL,'waiting',NULL,0,0,NULL,0,NULL,1,1795866953000,1795866953058);
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,                 -- in order of arrival
    execution INTEGER NOT NULL REFERENCES executions (id),
    message TEXT NOT NULL,                  -- the sender's id
    kind TEXT NOT NULL,                     -- signal, control or child
    target TEXT NOT NULL,                   -- where a signal goes (JSON), which control, or whose end (JSON)
    payload TEXT,                           -- a signal's, or an outcome, while it is pending (canonical text)
    sender TEXT NOT NULL,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    pending INTEGER NOT NULL,               -- 1 until it is consumed or the execution ends
    UNIQUE (execution, message)
) STRICT;
INSERT INTO "inbox" VALUES(1,1,'one','signal','{"name":{"name":"paid"}}','{"amount":2}','shell',1795866953395,12,1);
CREATE TABLE revisions (
    workflow INTEGER NOT NULL REFERENCES workflows (id),
    revision INTEGER NOT NULL,
    bundle INTEGER NOT NULL REFERENCES bundles (id),
    saved INTEGER NOT NULL,
    PRIMARY KEY (workflow, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (
    execution INTEGER PRIMARY KEY REFERENCES executions (id),
    next_turn INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES executions (id),
    seq INTEGER NOT NULL,                   -- of the first event
    count INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    at INTEGER NOT NULL,
    v INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
INSERT INTO "turns" VALUES(1,1,0,1,0,1795866952945,1,-1394780918078466529,X'01010764656661756C741A30316D38683036313765777A6E63356A3978393231626D723676B42DCD0DEB7758174C2333BC064BFC56B3BC75F07FE7351A531B967D97CC17EE19016E04500020376536393162386539646365343834383737343337386330366430363230373600057368656C6C01');
INSERT INTO "turns" VALUES(2,1,1,3,1,1795866952949,1,8498920366022305718,X'070006020474656C6C0108839EC8E80D0AE4A90000020370617901032B700674D87DB19D000000');
INSERT INTO "turns" VALUES(3,2,0,1,0,1795866953000,1,-1394780918078466529,X'01010764656661756C741A30316D386830363139373877666273376634346A613470706834B42DCD0DEB7758174C2333BC064BFC56B3BC75F07FE7351A531B967D97CC17EE19016E130020643731383663323863353436306164653936366232346234366234393531346600057368656C6C01');
INSERT INTO "turns" VALUES(4,2,1,3,1,1795866953057,1,8498920366022305718,X'070006020474656C6C0108E5D7065B59A2A6790000020370617901032B700674D87DB19D000000');
CREATE TABLE workflows (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    head INTEGER NOT NULL,
    active INTEGER,
    UNIQUE (namespace, name)
) STRICT;
CREATE UNIQUE INDEX executions_by_key ON executions (namespace, workflow, key) WHERE key IS NOT NULL;
CREATE INDEX executions_by_status ON executions (namespace, status, execution);
CREATE INDEX executions_by_workflow ON executions (namespace, workflow, execution);
CREATE INDEX executions_by_wake ON executions (wake) WHERE wake IS NOT NULL;
CREATE INDEX executions_live ON executions (live) WHERE live = 1;
CREATE UNIQUE INDEX turns_by_seq ON turns (execution, seq);
CREATE INDEX inbox_pending ON inbox (execution, id) WHERE pending = 1;
CREATE INDEX inbox_arrived ON inbox (id) WHERE pending = 1;
CREATE INDEX events_by_namespace ON events (namespace, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',2);
COMMIT;
