// Run by the fixture: one JSON object a line on standard input, one answer a line on standard output. It ends when
// standard input does, so nothing is left behind when the tests are killed.
import readline from 'node:readline';

import * as clock from './clock.mjs';
import * as journal from './journal.mjs';
import * as store from './store.mjs';

// The provider's advice for production goes to the console, which is where our answers go.
for (const level of ['log', 'info', 'warn']) console[level] = () => {};

const { authorize, approveDevices } = await import('./provider.mjs');
const { routes } = await import('./api/routes.mjs');

let provider;
let forget = () => {};

const COMMANDS = {
  async start({ secrets }) {
    const notYet = (_req, res) => res.writeHead(503).end();
    const [issuer, api, files, aws] = await Promise.all([1, 2, 3, 4].map(() => journal.serve(notYet)));
    const callbacks = [`${api.origin}/callback`];
    const authority = authorize(issuer.origin, secrets, callbacks);
    provider = authority.provider;
    issuer.server.handle = authority.handle;
    const origins = { issuer: issuer.origin, api: api.origin, files: files.origin, aws: aws.origin };
    const apis = routes(origins, secrets);
    api.server.handle = apis.api;
    files.server.handle = apis.files;
    aws.server.handle = apis.aws;
    forget = apis.forget;
    return origins;
  },
  async reset() {
    clock.reset();
    journal.clear();
    store.clear();
    forget();
    return {};
  },
  async advance({ seconds }) {
    clock.advance(seconds);
    await approveDevices(provider);
    return {};
  },
  async now() {
    return { now: clock.seconds() };
  },
  async journal() {
    return { entries: journal.read() };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = await COMMANDS[command](given);
  } catch (error) {
    answer = { error: error.stack };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
