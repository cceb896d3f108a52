// Speaks to a node over its stdio with npm's vscode-jsonrpc: the node is at this process's own stdin and stdout. What is found goes to
// stderr as one JSON object. Arguments: the folder whose node_modules holds vscode-jsonrpc.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.argv[2], 'package.json'));
const rpc = require('vscode-jsonrpc/node');

const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(process.stdin),
  new rpc.StreamMessageWriter(process.stdout),
);
const found = { unhandled: 0 };
connection.onUnhandledNotification(() => { found.unhandled += 1; });
connection.onError(([error]) => { found.connectionError = String(error); });
const completed = new Promise((resolve) => connection.onNotification('objective_completed', resolve));
connection.listen();

const token = await connection.sendRequest('get_auth_token', { authtoken: '', payload: {} });
found.address = await connection.sendRequest('get_address', { authtoken: token, payload: {} });
found.paid = await connection.sendRequest('pay', { authtoken: token, payload: { Amount: 7, Channel: '0x01' } });
found.many = (await Promise.all(
  Array.from({ length: 100 }, () => connection.sendRequest('get_address', { authtoken: token, payload: {} })),
)).length;
try {
  await connection.sendRequest('no_such_method', { authtoken: token, payload: {} });
} catch (error) {
  found.unknown = { code: error.code, data: error.data };
}
const cancel = new rpc.CancellationTokenSource();
const cancelled = connection.sendRequest('get_address', { authtoken: token, payload: {} }, cancel.token);
cancel.cancel(); // sends a notification of the library's own, $/cancelRequest
await cancelled;
found.completed = await completed;
connection.end();
connection.dispose();
process.stderr.write(JSON.stringify(found));
process.exit(0);
