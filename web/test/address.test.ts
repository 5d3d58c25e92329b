import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, parseAddress } from "../src/address";
import { count, duration, durationParameter, share, utc } from "../src/format";

test("an address is read as it was written", () => {
  const written = formatAddress("errors", { since: "1h", q: "a&b=c ü", none: "", off: false }, "60/1 %");
  const read = parseAddress(written);
  assert.deepEqual([read.view, read.detail], ["errors", "60/1 %"]);
  assert.equal(JSON.stringify(read.parameters), JSON.stringify({ since: "1h", q: "a&b=c ü" }));
});

test("a trace id alone leads to its trace; broken escapes do no harm", () => {
  assert.equal(parseAddress("#00ff").view, "trace");
  assert.equal(parseAddress("#/trace/%E0%A4%A").detail, "%E0%A4%A");
  assert.equal(parseAddress("").view, "");
});

test("durations and numbers have sensible units", () => {
  assert.deepEqual([0, 999, 1500, 25000, 250000, 2.5e6, 6e7, 9e7, 3.6e9, 1.8e11].map(duration), ["0 µs", "999 µs", "1.50 ms", "25.0 ms", "250 ms", "2.50 s", "1 min", "1 min 30 s", "1 h", "2 d 2 h"]);
  assert.deepEqual([null, 0, 0.0004, 0.05, 0.5].map(share), ["–", "0 %", "< 0.1 %", "5.0 %", "50 %"]);
  assert.deepEqual([0.5, 3, 12345, 2.5e6].map(count), ["0.5", "3", "12 k", "2.5 M"]);
  assert.deepEqual([250, 1234567].map(durationParameter), ["250us", "1235ms"]);
  assert.equal(utc(1795421577123456), "2026-11-23T08:12:57.123456Z");
});
