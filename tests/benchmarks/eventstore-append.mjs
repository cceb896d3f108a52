// npm's @eventstore/db-client appending to one stream, each append behind the revision before.
//   node eventstore-append.mjs DEVNET CONNECTION SECONDS BYTES
// Prints a line for each shape: name, events a second, median and 99th percentile of an append in microseconds.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";

const [devnet, connection, seconds, bytes] = process.argv.slice(2);
const db = createRequire(`${devnet}/package.json`)("@eventstore/db-client");
const client = db.EventStoreDBClient.connectionString(connection);
const data = { text: "x".repeat(Number(bytes) - 11) };
const metadata = { $correlationId: "x".repeat(66), text: "x".repeat(100) };
const events = (count) => Array.from({ length: count }, () => db.jsonEvent({ type: "Measured", data, metadata }));

async function measure(name, size, inFlight) {
  const stream = `bench-${randomUUID()}`;
  const times = [];
  const flying = [];
  let head = -1n;
  const end = performance.now() + seconds * 1000;
  const begin = performance.now();
  while (performance.now() < end) {
    const began = performance.now();
    const expectedRevision = head < 0n ? db.NO_STREAM : head;
    head += BigInt(size);
    flying.push(client.appendToStream(stream, events(size), { expectedRevision }).then(() => times.push(performance.now() - began)));
    if (flying.length >= inFlight) await flying.shift();
  }
  await Promise.all(flying);
  const took = (performance.now() - begin) / 1000;
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(times.length * part)] * 1000;
  console.log([name, (times.length * size) / took, at(0.5), at(0.99)].join("\t"));
}

for (const size of [1, 10, 100, 500]) await measure(`awaited ${size}`, size, 1);
for (const inFlight of [16, 64, 256]) await measure(`in flight ${inFlight}`, 1, inFlight);
await client.dispose();
