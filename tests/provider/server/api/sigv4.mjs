// AWS Signature Version 4, verified from what arrived: headers or a presigned query, own keys or temporary ones.
import { createHash, createHmac, randomBytes } from 'node:crypto';

import * as clock from '../clock.mjs';

const REGION = 'eu-west-1';
const SKEW = 900;
const LIFETIME = 300;

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const quote = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalQuery(url, without) {
  const pairs = [...url.searchParams].filter(([name]) => name !== without).map(([name, value]) => [quote(name), quote(value)]);
  return pairs
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

/** What a request claims, from its Authorization header or its query; undefined if it is not signed. */
function claimed(call) {
  const { query, headers } = call;
  if (query.has('X-Amz-Signature')) {
    return {
      credential: query.get('X-Amz-Credential'),
      names: query.get('X-Amz-SignedHeaders'),
      signature: query.get('X-Amz-Signature'),
      time: query.get('X-Amz-Date'),
      token: query.get('X-Amz-Security-Token'),
      payload: 'UNSIGNED-PAYLOAD',
      lifetime: Number(query.get('X-Amz-Expires')),
    };
  }
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)$/.exec(headers.authorization ?? '');
  if (!match) return undefined;
  const [, credential, names, signature] = match;
  return { credential, names, signature, time: headers['x-amz-date'], token: headers['x-amz-security-token'], payload: sha256(call.body) };
}

function signatureOf(call, claim, secret, scope) {
  const headers = claim.names.split(';').map((name) => `${name}:${(call.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  const path = call.url.pathname.split('/').map(quote).join('/');
  const canonical = [call.req.method, path, canonicalQuery(call.url, 'X-Amz-Signature'), headers.join(''), claim.names, claim.payload];
  const text = ['AWS4-HMAC-SHA256', claim.time, scope.join('/'), sha256(canonical.join('\n'))].join('\n');
  return createHmac('sha256', scope.reduce(hmac, `AWS4${secret}`)).update(text).digest('hex');
}

export function sigv4(secrets) {
  let temporary = new Map();
  const items = new Map();

  /** The reason why the signature does not count, if there is one; `service` is the one that was called. */
  function fault(call, service) {
    const claim = claimed(call);
    if (!claim) return 'MissingAuthenticationToken';
    const [id, ...scope] = claim.credential.split('/');
    const [day, region, name, end] = scope;
    const session = temporary.get(id);
    const secret = id === secrets.AWS_ACCESS_KEY_ID ? secrets.AWS_SECRET_ACCESS_KEY : session?.secret;
    if (secret === undefined || (session && session.token !== claim.token)) return 'UnrecognizedClientException';
    const at = Date.parse((claim.time ?? '').replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')) / 1000;
    if (Number.isNaN(at) || !claim.time.startsWith(day)) return 'IncompleteSignature';
    const now = clock.seconds();
    if (claim.lifetime === undefined ? Math.abs(now - at) > SKEW : now > at + claim.lifetime) return 'RequestExpired';
    if (region !== REGION || name !== service || end !== 'aws4_request') return 'SignatureScope';
    if (!claim.names.split(';').includes('host')) return 'IncompleteSignature';
    if (signatureOf(call, claim, secret, scope) !== claim.signature) return 'InvalidSignature';
    return session && session.until <= now ? 'ExpiredToken' : '';
  }

  const signed = (service, answer) => (call) => {
    const reason = fault(call, service);
    return reason ? call.refuse(403, reason, {}, { __type: reason, message: reason }) : answer(call);
  };

  const gateway = {
    'GET /prod/items': signed('execute-api', (call) => call.send(200, { items: ['chair'], filter: call.query.get('filter') })),
    'POST /prod/items': signed('execute-api', (call) => call.send(201, call.json)),
    '*': (call) => call.refuse(404, 'not_found'),
  };

  const table = {
    Table: (call) => {
      const operation = (call.headers['x-amz-target'] ?? '').split('.')[1];
      if (operation === 'PutItem') {
        items.set(call.json.Item.id.S, call.json.Item);
        return call.send(200, {});
      }
      if (operation === 'GetItem') return call.send(200, { Item: items.get(call.json.Key.id.S) });
      return call.refuse(400, 'UnknownOperationException');
    },
  };

  return {
    aws: { ...gateway, 'POST /': signed('dynamodb', table.Table) },
    /** The broker of temporary keys, asked with an API key. */
    api: {
      'POST /assume': (call) => {
        if (call.headers['x-api-key'] !== secrets.CATALOG_API_KEY) return call.refuse(403, 'wrong_key');
        const id = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
        const until = Math.floor(clock.seconds()) + LIFETIME;
        const made = { secret: randomBytes(30).toString('base64'), token: randomBytes(90).toString('base64'), until };
        temporary.set(id, made);
        return call.send(200, {
          AccessKeyId: id,
          SecretAccessKey: made.secret,
          SessionToken: made.token,
          Expiration: new Date(until * 1000).toISOString(),
        });
      },
    },
    forget: () => {
      temporary = new Map();
      items.clear();
    },
  };
}
