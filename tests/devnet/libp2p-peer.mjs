// A js-libp2p node that does what it is told: one JSON command a line on stdin, one JSON answer a line on stdout.
// usage: node libp2p-peer.mjs '{"key": "<32 bytes, hex>", "dht": false}'
import { createInterface } from 'node:readline'

// Node 20 has no Promise.withResolvers, which the packages call.
Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new Promise((a, b) => { resolve = a; reject = b })
  return { promise, resolve, reject }
}

const { createLibp2p } = await import('libp2p')
const { tcp } = await import('@libp2p/tcp')
const { noise } = await import('@chainsafe/libp2p-noise')
const { yamux } = await import('@chainsafe/libp2p-yamux')
const { identify, identifyPush } = await import('@libp2p/identify')
const { ping } = await import('@libp2p/ping')
const { kadDHT } = await import('@libp2p/kad-dht')
const { privateKeyFromRaw } = await import('@libp2p/crypto/keys')
const { peerIdFromString } = await import('@libp2p/peer-id')
const { multiaddr } = await import('@multiformats/multiaddr')

const setup = JSON.parse(process.argv[2] ?? '{}')
const KAD = '/nitro/kad/1.0.0'
const ECHO = '/test/echo/1.0.0'
const MSG = '/test/msg/1.0.0'
const services = { identify: identify(), identifyPush: identifyPush(), ping: ping() }
if (setup.dht) {
  services.dht = kadDHT({
    protocol: KAD,
    clientMode: false,
    peerInfoMapper: peer => peer,
    validators: { scaddr: async () => {} },
    selectors: { scaddr: (_, values) => newest(values) },
    allowQueryWithZeroPeers: true
  })
}

const node = await createLibp2p({
  privateKey: setup.key ? privateKeyFromRaw(Buffer.from(setup.key, 'hex')) : undefined,
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services,
  connectionManager: { maxIncomingPendingConnections: 100, inboundConnectionThreshold: 1000 }
})

let messages = 0
await node.handle(ECHO, ({ stream }) => { stream.sink(stream.source).catch(() => {}) }, { maxInboundStreams: 32 })
await node.handle(MSG, async ({ stream }) => {
  let text = ''
  for await (const chunk of stream.source) text += Buffer.from(chunk.subarray()).toString()
  if (text.endsWith('\n')) messages++
  await stream.close()
}, { maxInboundStreams: 32 })

const lines = []
await node.handle('/nitro/msg/1.0.0', async ({ stream, connection }) => {
  const text = (await collect(stream.source)).toString()
  lines.push({ from: connection.remotePeer.toString(), text })
  await stream.close()
})

function newest (values) {
  const stamps = values.map(value => JSON.parse(Buffer.from(value).toString()).Data.Timestamp)
  return stamps.indexOf(Math.max(...stamps))
}

async function collect (source) {
  const parts = []
  for await (const chunk of source) parts.push(Buffer.from(chunk.subarray()))
  return Buffer.concat(parts)
}

async function echo (peer, size) {
  const stream = await node.dialProtocol(peer, ECHO)
  const sent = Buffer.alloc(size, 7)
  for (let at = 0; at < size; at += 997) sent[at] = at % 251
  const [back] = await Promise.all([
    collect(stream.source),
    stream.sink((async function * () { for (let at = 0; at < size; at += 60000) yield sent.subarray(at, at + 60000) })())
  ])
  return Buffer.compare(sent, back) === 0
}

async function message (peer, text) {
  const stream = await node.dialProtocol(peer, MSG)
  await stream.sink([Buffer.from(text + '\n')])
  await collect(stream.source)
}

const commands = {
  where: () => ({ peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) }),
  dial: async ({ address }) => (await node.dial(multiaddr(address))).remotePeer.toString(),
  hangUp: async ({ peer }) => { await node.hangUp(peerIdFromString(peer)); return true },
  connections: () => node.getConnections().length,
  described: async ({ peer }) => {
    const connection = node.getConnections(peerIdFromString(peer))[0]
    const found = await node.services.identify.identify(connection)
    return {
      agent: found.agentVersion, protocols: found.protocols, addresses: found.listenAddrs.map(String), observed: String(found.observedAddr)
    }
  },
  known: async ({ peer }) => (await node.peerStore.get(peerIdFromString(peer))).protocols,
  handle: async ({ protocol }) => { await node.handle(protocol, ({ stream }) => stream.close()); return true },
  push: async () => { await node.services.identifyPush.push(); return true },
  ping: async ({ peer }) => await node.services.ping.ping(peerIdFromString(peer)),
  echo: ({ peer, size }) => echo(peerIdFromString(peer), size),
  unknown: async ({ peer }) => {
    try { await node.dialProtocol(peerIdFromString(peer), '/absent/1.0.0'); return 'opened' } catch (error) { return error.name }
  },
  messages: () => messages,
  lines: () => lines,
  say: async ({ peer, protocol, text }) => {
    const stream = await node.dialProtocol(peerIdFromString(peer), protocol)
    await stream.sink([Buffer.from(text)])
    return (await collect(stream.source)).toString()
  },
  burst: async ({ peer, count, atOnce }) => {
    const id = peerIdFromString(peer)
    for (let at = 0; at < count; at += atOnce) {
      await Promise.all(Array.from({ length: Math.min(atOnce, count - at) }, (_, i) => message(id, 'message ' + (at + i))))
    }
    return true
  },
  put: async ({ key, value }) => {
    await node.contentRouting.put(Buffer.from(key), Buffer.from(value))
    return true
  },
  get: async ({ key }) => Buffer.from(await node.contentRouting.get(Buffer.from(key))).toString(),
  findPeer: async ({ peer }) => (await node.peerRouting.findPeer(peerIdFromString(peer))).multiaddrs.map(String),
  table: () => [...node.services.dht.routingTable.kb.toIterable()].map(entry => entry.peerId.toString())
}

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...rest } = JSON.parse(line)
  let answer
  try { answer = { ok: await commands[op](rest) ?? null } } catch (error) { answer = { error: `${error.name}: ${error.message}` } }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
process.exit(0)
