/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A store as version 1 of the schema had it: two entities, two series, an edge,
 * a sealed window of five ticks a second apart, three ticks in the head, a note.
 * At tick t series c_total of entity 0 is 100 + 7 t + t mod 3, q is t / 4; q of
 * entity 1 is 1 / (t + 1) and lacks at t = 3.
 */
static const char schema_1[] =
    "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
    "PRAGMA application_id = 0x72636131; PRAGMA user_version = 1;"
    "CREATE TABLE entity( id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, host TEXT NOT NULL, first INTEGER, last INTEGER,"
    " UNIQUE(kind, name, host)) STRICT;"
    "INSERT INTO entity VALUES(0,'service','a','h',1700000000000000000,"
    "1700000004000000000);"
    "INSERT INTO entity VALUES(1,'host','b','h',1700000000000000000,"
    "1700000004000000000);"
    "CREATE TABLE series( id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
    " STRICT;"
    "INSERT INTO series VALUES(0,'c_total');"
    "INSERT INTO series VALUES(1,'q');"
    "CREATE TABLE edge("
    " source INTEGER NOT NULL REFERENCES entity(id) ON DELETE CASCADE,"
    " target INTEGER NOT NULL REFERENCES entity(id) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY(source, target, kind)) STRICT, WITHOUT ROWID;"
    "INSERT INTO edge VALUES(0,1,'runs_on',1700000000000000000,"
    "1700000004000000000);"
    "CREATE TABLE head( time INTEGER PRIMARY KEY, keys BLOB, links BLOB,"
    " vals BLOB NOT NULL) STRICT;"
    "INSERT INTO head VALUES(1700000005000000000,X'0200020001010101',"
    "X'0001010001',X'000000000000206140000000000000f43f555555555555c53f');"
    "INSERT INTO head VALUES(1700000006000000000,NULL,NULL,"
    "X'01070000000000c06140000000000000f83f922449922449c23f');"
    "INSERT INTO head VALUES(1700000007000000000,NULL,NULL,"
    "X'01070000000000c06240000000000000fc3f000000000000c03f');"
    "CREATE TABLE span( id INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, chunks INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, bytes INTEGER NOT NULL, grid BLOB NOT NULL)"
    " STRICT;"
    "INSERT INTO span VALUES(0,1700000000000000000,1700000004000000000,2,14,60,"
    "X'00002a36fe9c9717058094ebdc03');"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "INSERT INTO chunk VALUES(0,"
    "X'010502001c001404c801000a02cf240000320017d74493');"
    "INSERT INTO chunk VALUES(1,X'010501016f1701000000000000f03f2fe0aaaeaaaa"
    "aaaaaaaa7b6666666666e600dd9d993e');"
    "CREATE TABLE blob( name TEXT NOT NULL PRIMARY KEY,"
    " time INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "INSERT INTO blob VALUES('note',5,X'6869');"
    "CREATE INDEX edge_target ON edge(target);"
    "CREATE INDEX span_time ON span(last, first);";
