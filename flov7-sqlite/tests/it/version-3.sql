-- A store as version 3 of the schema wrote it: two executions that ended, and two with one concurrency key, of which the
-- first waits for a signal and the second for its turn.
PRAGMA application_id = 1718384183;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE bundles (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL                      -- canonical text
) STRICT;
INSERT INTO "bundles" VALUES(1,X'3CA8CB0E48AE73ED4EDC97DFCF2B321913D5C8188B3EF1107FDF040F8509EAD1','{"callees":{},"connections":{},"document":{"flov7":1,"input":{"properties":{"n":{"type":"integer"}},"required":["n"],"type":"object"},"name":"ended","output":"${ steps.sum }","steps":[{"data":{"set":"${ input.n + 1 }"},"id":"sum"}]},"interfaces":{},"rules":1}');
INSERT INTO "bundles" VALUES(2,X'093DF27F5455BAF45C26D7482C5F872D9FA7920FCE597731937D97934C1BD49F','{"callees":{},"connections":{},"document":{"concurrency":{"key":"${ input.who }","policy":"queue"},"flov7":1,"input":{"properties":{"who":{"type":"string"}},"required":["who"],"type":"object"},"name":"older","output":"${ steps.pay.amount }","signals":{"paid":{"properties":{"amount":{"type":"integer"}},"required":["amount"],"type":"object"}},"steps":[{"action":{"use":"core.wait_for","with":{"signal":"paid"}},"id":"pay"}]},"interfaces":{"core.wait_for":{"digest":"79b992bbbd5d93f3215ab4b2f4fb4ff520a644725fcd6d2724e0f8258a24181a","effect":"none","errors":{},"input":{"additionalProperties":false,"properties":{"key":{"type":"string"},"signal":{"type":"string"}},"required":["signal"],"type":"object"},"output":true,"records":false}},"rules":1}');
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
    changed INTEGER NOT NULL, tags TEXT, line TEXT,
    UNIQUE (namespace, execution)
) STRICT;
INSERT INTO "executions" VALUES(1,'default','01m8hd9q6dy0qf5092szar8crw','ended',1,NULL,'completed',NULL,0,0,NULL,0,NULL,1,1795880705229,1795880705229,'{"customer":"c1"}',NULL);
INSERT INTO "executions" VALUES(2,'default','01m8hd9q73qqy9tprn3addpnnm','ended',1,'second','completed',NULL,0,0,NULL,0,NULL,1,1795880705251,1795880705251,NULL,NULL);
INSERT INTO "executions" VALUES(3,'default','01m8hdawba185frtnxm41g5epe','older',2,NULL,'waiting',NULL,0,0,NULL,0,NULL,2,1795880743274,1795880743274,'{"customer":"c2"}','"ann"');
INSERT INTO "executions" VALUES(4,'default','01m8hdawchy6rxbpdsa5yjgzpj','older',2,NULL,'waiting',NULL,0,0,NULL,0,NULL,1,1795880743313,1795880743313,'{"customer":"c2"}','"ann"');
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
INSERT INTO "inbox" VALUES(1,3,'flov7:turn','turn','',NULL,'flov7',1795880743274,0,0);
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
CREATE TABLE tags (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    execution TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES executions (id),
    PRIMARY KEY (namespace, name, value, execution)
) STRICT, WITHOUT ROWID;
INSERT INTO "tags" VALUES('default','customer','c1','01m8hd9q6dy0qf5092szar8crw',1);
INSERT INTO "tags" VALUES('default','customer','c2','01m8hdawba185frtnxm41g5epe',3);
INSERT INTO "tags" VALUES('default','customer','c2','01m8hdawchy6rxbpdsa5yjgzpj',4);
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
INSERT INTO "turns" VALUES(1,1,0,2,0,1795880705229,1,164187042331712603,X'01010764656661756C741A30316D386864397136647930716635303932737A6172386372773CA8CB0E48AE73ED4EDC97DFCF2B321913D5C8188B3EF1107FDF040F8509EAD119016E130020366431343639343362346139356161646435363164663737333335396463316100057368656C6C0C00230000');
INSERT INTO "turns" VALUES(2,2,0,2,0,1795880705251,1,164187042331712603,X'01010764656661756C741A30316D38686439713733717179397470726E33616464706E6E6D3CA8CB0E48AE73ED4EDC97DFCF2B321913D5C8188B3EF1107FDF040F8509EAD119016E230020353531623032653137343439333432313263373736653066643333396137336400057368656C6C0C00330000');
INSERT INTO "turns" VALUES(3,3,0,1,0,1795880743274,1,-1394780918078466529,X'0E010764656661756C741A30316D386864617762613138356672746E786D34316735657065093DF27F5455BAF45C26D7482C5F872D9FA7920FCE597731937D97934C1BD49F190377686F37616E6E0020616239613134396233393365616532363464633730633165363637666131386300057368656C6C000000010001056F6C6465720522616E6E2201');
INSERT INTO "turns" VALUES(4,3,1,2,1,1795880743291,1,-6417768096591448580,X'070008020370617901032B700674D87DB19D000000');
INSERT INTO "turns" VALUES(5,4,0,1,0,1795880743313,1,-1394780918078466529,X'0E010764656661756C741A30316D3868646177636879367278627064736135796A677A706A093DF27F5455BAF45C26D7482C5F872D9FA7920FCE597731937D97934C1BD49F190377686F37616E6E0020613236313835393330363738386564303232383235363130363036326331653300057368656C6C000000010001056F6C6465720522616E6E2201');
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
CREATE INDEX executions_by_line ON executions (namespace, workflow, line, id) WHERE line IS NOT NULL;
CREATE INDEX executions_by_start ON executions (namespace, started, execution);
CREATE INDEX executions_by_bundle ON executions (bundle);
CREATE INDEX executions_by_end ON executions (changed, id)
    WHERE status IN ('completed', 'failed', 'cancelled', 'terminated');
CREATE INDEX revisions_by_bundle ON revisions (bundle);
CREATE INDEX tags_by_row ON tags (row);
DELETE FROM "sqlite_sequence";
COMMIT;
