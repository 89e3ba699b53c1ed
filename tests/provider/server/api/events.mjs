// Requests signed with a shared key: HMAC-SHA256 over time, nonce, method, target and body.
import { createHmac } from 'node:crypto';

import * as clock from '../clock.mjs';

const WINDOW = 300;

export function events(secrets) {
  const seen = new Set();

  const signed = (answer) => (call) => {
    const { 'x-key-id': id, 'x-timestamp': time, 'x-nonce': nonce, 'x-signature': signature } = call.headers;
    if (!id || !time || !nonce || !signature) return call.refuse(401, 'unsigned');
    if (id !== secrets.HOOK_KEY_ID) return call.refuse(401, 'unknown_key');
    if (!(Math.abs(clock.seconds() - Number(time)) <= WINDOW)) return call.refuse(401, 'stale');
    const text = Buffer.concat([Buffer.from(`${time}\n${nonce}\n${call.req.method}\n${call.req.url}\n`), call.body]);
    const wanted = createHmac('sha256', secrets.HOOK_SECRET).update(text).digest('hex');
    if (signature !== wanted) return call.refuse(401, 'wrong_signature');
    if (seen.has(nonce)) return call.refuse(409, 'replayed');
    seen.add(nonce);
    return answer(call);
  };

  const table = {
    'POST /events': signed((call) => call.send(202, { accepted: call.json.type })),
    'GET /events': signed((call) => call.send(200, { events: [], after: call.query.get('after') })),
  };
  return { table, forget: () => seen.clear() };
}
