// npm's @eventstore/db-client against a server.
//   node eventstore-peer.mjs DEVNET CONNECTION check        goes through the server's rules; prints "ok", or the rule that it breaks
//   node eventstore-peer.mjs DEVNET CONNECTION read STREAM  prints the stream, an event a line
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";

const [devnet, connection, work, name] = process.argv.slice(2);
const db = createRequire(`${devnet}/package.json`)("@eventstore/db-client");
const client = db.EventStoreDBClient.connectionString(connection);

const event = (value, id = randomUUID()) => db.jsonEvent({ id, type: "Checked", data: { value }, metadata: { $correlationId: "c" } });

async function collect(stream, options) {
  const found = [];
  for await (const { event } of client.readStream(stream, options)) found.push(event);
  return found;
}

async function failure(action) {
  try {
    await action();
  } catch (e) {
    return e;
  }
  assert.fail("it did not fail");
}

// The client sends an append of its own where credentials are given, and a batch where not.
async function check(credentials) {
  const stream = `check-${randomUUID()}`;
  const [a, b, c, d] = [event(1), event(2), event(3), event(4)];
  const append = (events, expectedRevision) => client.appendToStream(stream, events, { expectedRevision, credentials });

  let result = await append([a], db.NO_STREAM);
  assert.equal(result.success, true);
  assert.equal(result.nextExpectedRevision, 0n);
  result = await append([b, c], 0n);
  assert.equal(result.nextExpectedRevision, 2n);

  // A repeat is answered as done, wholly or its beginning; anything else at an old revision is not.
  assert.equal((await append([b, c], 0n)).nextExpectedRevision, 2n);
  assert.equal((await append([b], 0n)).nextExpectedRevision, 1n);
  for (const [events, expected] of [[[b, d], 0n], [[c, b], 0n], [[b, c, d], 0n], [[d], 0n], [[d], 7n], [[d], db.NO_STREAM]]) {
    const wrong = await failure(() => append(events, expected));
    assert.ok(wrong instanceof db.WrongExpectedVersionError, `${wrong}`);
    assert.equal(wrong.actualVersion, 2n);
  }
  assert.ok((await failure(() => client.appendToStream(randomUUID(), [d], { expectedRevision: 3n, credentials }))) instanceof db.WrongExpectedVersionError);

  // Reading: an inclusive start, both ways, a count.
  const values = async (options) => (await collect(stream, options)).map((e) => e.data.value);
  assert.deepEqual(await values({}), [1, 2, 3]);
  assert.deepEqual(await values({ fromRevision: 1n, maxCount: 1 }), [2]);
  assert.deepEqual(await values({ direction: db.BACKWARDS, fromRevision: db.END, maxCount: 2 }), [3, 2]);
  assert.deepEqual(await values({ fromRevision: 9n }), []);
  assert.ok((await failure(() => collect(`check-${randomUUID()}`, {}))) instanceof db.StreamNotFoundError);
  const [first] = await collect(stream, { maxCount: 1 });
  assert.deepEqual([first.id, first.type, first.isJson, first.revision, first.metadata.$correlationId], [a.id, "Checked", true, 0n, "c"]);
  assert.ok(Math.abs(Date.now() - first.created.getTime()) < 60_000);

  // Binary data, and sizes up to the limit and no further.
  const large = (size) => db.binaryEvent({ type: "Large", data: new Uint8Array(size).fill(7) });
  const bytes = `check-${randomUUID()}`;
  assert.equal((await client.appendToStream(bytes, large(1024 * 1024 - 10), { expectedRevision: db.NO_STREAM, credentials })).success, true);
  const [stored] = await collect(bytes, {});
  assert.deepEqual([stored.isJson, stored.data.length], [false, 1024 * 1024 - 10]);
  assert.ok((await failure(() => client.appendToStream(bytes, large(1024 * 1024 - 9), { expectedRevision: 0n, credentials }))) instanceof db.MaxAppendSizeExceededError);

  // A deleted stream is gone for readers; its numbers go on.
  await client.deleteStream(stream, { expectedRevision: 2n });
  assert.ok((await failure(() => collect(stream, {}))) instanceof db.StreamNotFoundError);
  assert.equal((await append([d], db.NO_STREAM)).nextExpectedRevision, 3n);
  assert.deepEqual(await values({}), [4]);
  await client.tombstoneStream(stream, { expectedRevision: 3n });
  assert.ok((await failure(() => append([event(5)], 3n))) instanceof db.StreamDeletedError);
  assert.ok((await failure(() => collect(stream, {}))) instanceof db.StreamDeletedError);

  // All streams together.
  let all = 0;
  for await (const { event } of client.readAll({ maxCount: 1000 })) all += event ? 1 : 0;
  assert.ok(all >= 5);
}

async function read() {
  for (const { id, type, isJson, revision, data, metadata } of await collect(name, {})) {
    console.log(JSON.stringify({ id, type, isJson, revision: Number(revision), data: isJson ? data : Buffer.from(data).toString("hex"), metadata }));
  }
}

if (work === "check") {
  await check();
  await check({ username: "user", password: "password" });
  console.log("ok");
} else {
  await read();
}
await client.dispose();
