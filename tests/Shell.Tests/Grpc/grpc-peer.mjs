// The echo service of echo.proto with npm's grpc-js, as server or as client. Arguments: the folder whose node_modules holds grpc-js,
// the .proto file, 'server' or 'client', the address, and the folder of the certificates if TLS is wanted.
// A server prints its port and runs until it is killed. A client prints what it found as one JSON object and ends.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const [devnet, proto, role, address, certificates] = process.argv.slice(2);
const require = createRequire(path.join(devnet, 'package.json'));
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { Echo } = grpc.loadPackageDefinition(loader.loadSync(proto, {})).nitro.test;
const pem = (name) => fs.readFileSync(path.join(certificates, name));

const message = 'grüße ☃ 100%\nend';

function why() {
  const trailers = new grpc.Metadata();
  trailers.set('x-why', 'because');
  trailers.set('x-why-bin', Buffer.from([0, 255, 7]));
  return trailers;
}

function serve() {
  let watch = null;
  const failure = (note) => ({ code: note.number, details: message, metadata: why() });
  const copied = (call) => {
    const copy = new grpc.Metadata();
    for (const name of ['x-text', 'x-raw-bin']) call.metadata.get(name).forEach((value) => copy.add(name, value));
    return copy;
  };
  const waits = {
    wait: (call) => {
      watch?.write({ text: 'started' });
      call.on('cancelled', () => watch?.write({ text: 'cancelled' }));
    },
    vanish: () => process.exit(0),
  };
  const handlers = {
    Say(call, answer) {
      const note = call.request;
      if (note.text === 'fail') answer(failure(note));
      else if (note.text === 'meta') { call.sendMetadata(copied(call)); answer(null, note, copied(call)); }
      else if (note.text === 'who') answer(null, { text: call.getAuthContext()?.sslPeerCertificate?.subject?.CN });
      else if (note.text === 'make') answer(null, { body: Buffer.alloc(note.number, 1) });
      else if (waits[note.text]) waits[note.text](call);
      else answer(null, note);
    },
    Gather(call, answer) {
      const sum = { text: '', number: 0 };
      call.on('data', (note) => {
        if (note.text === 'fail') answer(failure(note));
        sum.text += note.text ?? '';
        sum.number += note.number ?? 0;
      });
      call.on('end', () => answer(null, sum));
    },
    Count(call) {
      const note = call.request;
      if (note.text === 'watch') { watch = call; call.write({ text: 'watching' }); return; }
      for (let number = 1; number <= note.number; number += 1) call.write({ number });
      if (waits[note.text]) waits[note.text](call);
      else if (note.text === 'fail') call.emit('error', failure({ number: 9 }));
      else call.end();
    },
    Chat(call) {
      call.on('data', (note) => call.write(note));
      call.on('end', () => call.end());
    },
  };
  const server = new grpc.Server();
  server.addService(Echo.service, handlers);
  const credentials = certificates
    ? grpc.ServerCredentials.createSsl(pem('authority.pem'), [{ private_key: pem('server.key'), cert_chain: pem('server.pem') }], true)
    : grpc.ServerCredentials.createInsecure();
  server.bindAsync(address, credentials, (error, port) => {
    process.stdout.write(error ? `${error}\n` : `${port}\n`);
  });
}

async function call() {
  const credentials = certificates
    ? grpc.credentials.createSsl(pem('authority.pem'), pem('client.key'), pem('client.pem'))
    : grpc.credentials.createInsecure();
  const client = new Echo(address, credentials);
  const say = (note, metadata = new grpc.Metadata(), options = {}, by = client) => new Promise((resolve) => {
    const found = {};
    const one = by.Say(note, metadata, options, (error, answer) => { found.error = error; found.answer = answer; });
    one.on('metadata', (headers) => { found.headers = headers; });
    one.on('status', (status) => { found.status = status; setImmediate(() => resolve(found)); });
    found.call = one;
  });
  const read = (stream) => new Promise((resolve) => {
    const numbers = [];
    stream.on('data', (note) => {
      numbers.push(note.number ?? note.text);
      if (note.text === 'forever') stream.cancel();
    });
    stream.on('error', () => {});
    stream.on('status', (status) => setImmediate(() => resolve({ numbers, code: status.code })));
  });
  const report = {};

  report.say = (await say({ text: 'héllo', number: -7 })).answer;
  report.gather = await new Promise((resolve, reject) => {
    const stream = client.Gather((error, answer) => (error ? reject(error) : resolve(answer)));
    for (let number = 1; number <= 100; number += 1) stream.write({ text: 'x', number });
    stream.end();
  });
  report.gathered = report.gather.text.length;
  delete report.gather.text;
  report.count = await read(client.Count({ number: 5 }));
  const chat = client.Chat();
  const heard = read(chat);
  for (let number = 1; number <= 4; number += 1) chat.write({ number });
  chat.end();
  report.chat = await heard;

  const metadata = new grpc.Metadata();
  metadata.add('x-text', 'one');
  metadata.add('x-text', 'two, three');
  metadata.add('x-raw-bin', Buffer.from([0, 1, 254, 255]));
  metadata.add('x-raw-bin', Buffer.from([]));
  const meta = await say({ text: 'meta' }, metadata);
  const shown = (held) => ({ text: held.get('x-text').join(', '), raw: held.get('x-raw-bin').map((raw) => raw.toString('hex')) });
  report.headers = shown(meta.headers);
  report.trailers = shown(meta.status.metadata);

  const failed = (await say({ text: 'fail', number: 9 })).error;
  report.fail = {
    code: failed.code,
    message: failed.details,
    why: failed.metadata.get('x-why'),
    raw: failed.metadata.get('x-why-bin').map((raw) => raw.toString('hex')),
  };
  report.failAfterTwo = await read(client.Count({ text: 'fail', number: 2 }));
  report.thrown = (({ code, details }) => ({ code, details }))((await say({ text: 'throw' })).error);
  report.unknown = await new Promise((resolve) => {
    const plain = (value) => Buffer.from(value);
    client.makeUnaryRequest('/nitro.test.Echo/Nothing', plain, plain, Buffer.alloc(0), (error) => resolve(error.code));
  });
  report.deadline = (await say({ text: 'wait' }, undefined, { deadline: Date.now() + 100 })).error.code;
  report.deaf = (await say({ text: 'ignore' }, undefined, { deadline: Date.now() + 100 })).error.code;
  report.cancelled = await read(client.Count({ text: 'forever' }));
  report.big = (await say({ body: Buffer.alloc(3 * 1024 * 1024, 1) })).answer.body.length;
  report.tooBig = (await say({ body: Buffer.alloc(5 * 1024 * 1024, 1) })).error.code;
  const packing = new Echo(address, credentials, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
  report.packed = (await say({ body: Buffer.alloc(1024 * 1024, 1) }, undefined, {}, packing)).answer.body.length;
  report.bomb = (await say({ body: Buffer.alloc(5 * 1024 * 1024, 1) }, undefined, {}, packing)).error.code;
  report.who = (await say({ text: 'who' })).answer.text;
  process.stdout.write(JSON.stringify(report));
  process.exit(0);
}

if (role === 'server') serve();
else await call();
