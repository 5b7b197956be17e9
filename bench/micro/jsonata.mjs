// jsonata as npm has it: microseconds of CPU for one message, as JSON.
//
//     node jsonata.mjs < CASE    { body, headers, programs: {headers, body, transform}, result }
//
// Filters get what was parsed; the transform goes from bytes to bytes.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { deepStrictEqual } from "node:assert";

const jsonata = createRequire(process.env.JSONATA_AT + "/")("jsonata");
const { body, headers, programs, result } = JSON.parse(readFileSync(0, "utf8"));
const compiled = Object.fromEntries(Object.entries(programs).map(([name, text]) => [name, jsonata(text)]));
const parsed = JSON.parse(body);
const works = {
  headers: () => compiled.headers.evaluate(headers),
  body: () => compiled.body.evaluate(parsed),
  transform: async () => JSON.stringify(await compiled.transform.evaluate(JSON.parse(body))),
};
deepStrictEqual(JSON.parse(await works.transform()), result);
const figures = {};
for (const [name, work] of Object.entries(works)) {
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < 2000; turn++) await work();
    const spent = process.cpuUsage(before);
    best = Math.min(best, (spent.user + spent.system) / 2000);
  }
  figures[`${name}_us`] = best;
}
console.log(JSON.stringify(figures));
