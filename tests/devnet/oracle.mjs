// What the contracts' own npm package makes of the structures on standard input (one JSON object a line), one answer a line.
import { createRequire } from 'node:module';
import { readFileSync, writeSync } from 'node:fs';

const require = createRequire(import.meta.url);
const { encodeState, hashState } = require('@statechannels/nitro-protocol/dist/src/contract/state.js');
const { getChannelId } = require('@statechannels/nitro-protocol/dist/src/contract/channel.js');
const { encodeOutcome, hashOutcome, encodeGuaranteeData } = require('@statechannels/nitro-protocol/dist/src/contract/outcome.js');
const { signVoucher, encodeVoucherAmountAndSignature } = require('@statechannels/nitro-protocol/dist/src/contract/vouchers.js');
const { hashChallengeMessage } = require('@statechannels/nitro-protocol/dist/src/contract/challenge.js');
const { utils } = require('ethers');

// The package hashes a voucher only to sign it, so a stand-in for the wallet catches the hash.
const voucherHash = async (voucher) => {
  let hash;
  await signVoucher(voucher, {
    signMessage: async (message) => {
      hash = utils.hexlify(message);
      return '0x' + '11'.repeat(64) + '1b';
    },
  });
  return hash;
};

const answer = async ({ state, voucher, signature, guarantee, message }) => ({
  channelId: getChannelId(state),
  state: encodeState(state),
  stateHash: hashState(state),
  challengeHash: hashChallengeMessage(state),
  outcome: encodeOutcome(state.outcome),
  outcomeHash: hashOutcome(state.outcome),
  guarantee: encodeGuaranteeData(guarantee),
  voucherHash: await voucherHash(voucher),
  appData: encodeVoucherAmountAndSignature(voucher.amount, signature),
  messageHash: utils.keccak256(message),
  personalHash: utils.hashMessage(utils.arrayify(message)),
  checksum: utils.getAddress(state.appDefinition),
});

const lines = [];
for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (line !== '') lines.push(JSON.stringify(await answer(JSON.parse(line))));
}
const bytes = Buffer.from(lines.join('\n') + '\n');
for (let at = 0; at < bytes.length; ) {
  try {
    at += writeSync(1, bytes, at);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
}
