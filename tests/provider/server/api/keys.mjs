// API keys, in a header or in the query; Basic; and files that live elsewhere.
import { createHmac, timingSafeEqual } from 'node:crypto';

import * as clock from '../clock.mjs';

const same = (one, other) => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};

const PAGES = { 1: ['chair', 'table'], 2: ['lamp', 'shelf'], 3: ['rug'] };

function page(call, next) {
  const number = Number(call.query.get('page') ?? 1);
  const items = PAGES[number];
  if (!items) return call.refuse(404, 'no_such_page');
  return call.send(200, { items, next: number < 3 ? next(number + 1) : null });
}

function catalog({ api }, secrets) {
  const keyed = (answer) => (call) => {
    const key = call.headers['x-api-key'];
    if (key === undefined) return call.refuse(401, 'missing_key');
    return same(key, secrets.CATALOG_API_KEY) ? answer(call) : call.refuse(403, 'wrong_key');
  };
  return {
    'GET /catalog': keyed((call) => page(call, (number) => `${api}/catalog?page=${number}`)),
    'GET /v1/catalog/stock': (call) => call.send(308, undefined, { location: `${api}/v2/catalog/stock` }),
    'GET /v2/catalog/stock': keyed((call) => call.send(200, { chair: 4, table: 1 })),
  };
}

function maps({ api }, secrets) {
  const keyed = (answer) => (call) => {
    const key = call.query.get('key');
    if (key === null) return call.refuse(401, 'missing_key');
    return same(key, secrets.MAPS_API_KEY) ? answer(call) : call.refuse(403, 'wrong_key');
  };
  return {
    'GET /geocode': keyed((call) => call.send(200, { q: call.query.get('q'), lat: 52.52, lon: 13.4 })),
    'GET /places': keyed((call) => page(call, (number) => `${api}/places?page=${number}`)),
  };
}

function basic(secrets) {
  const wanted = `${secrets.REPORTS_USER}:${secrets.REPORTS_PASSWORD}`;
  const realm = { 'www-authenticate': 'Basic realm="reports", charset="UTF-8"' };
  const known = (answer) => (call) => {
    const given = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(call.headers.authorization ?? '')?.[1];
    if (given === undefined) return call.refuse(401, 'missing_credentials', realm);
    return same(Buffer.from(given, 'base64'), wanted) ? answer(call) : call.refuse(401, 'wrong_credentials', realm);
  };
  return {
    'GET /reports': known((call) => call.send(200, { reports: ['2026-10', '2026-11'] })),
    'POST /reports': known((call) => call.send(201, { queued: call.json.month })),
  };
}

/** A file host of another origin that wants the same token, and a store whose links are signed and want none. */
export function elsewhere({ files }, secrets) {
  const signature = (path, expires) => createHmac('sha256', secrets.FILES_TOKEN).update(`${path}\n${expires}`).digest('hex');
  const token = (answer) => (call) => {
    const given = /^Bearer (\S+)$/.exec(call.headers.authorization ?? '')?.[1];
    if (given === undefined) return call.refuse(401, 'missing_token', { 'www-authenticate': 'Bearer' });
    return same(given, secrets.FILES_TOKEN) ? answer(call) : call.refuse(401, 'invalid_token');
  };
  const signed = (call) => {
    const expires = call.query.get('expires') ?? '';
    if (call.headers.authorization !== undefined) return call.refuse(400, 'only_one_auth_mechanism');
    if (!same(call.query.get('signature') ?? '', signature(call.url.pathname, expires))) return call.refuse(403, 'wrong_signature');
    return clock.seconds() < Number(expires) ? call.send(200, { bytes: 'exported' }) : call.refuse(403, 'link_expired');
  };
  const link = () => {
    const expires = String(Math.floor(clock.seconds()) + 300);
    return `${files}/store/export?expires=${expires}&signature=${signature('/store/export', expires)}`;
  };
  return {
    api: {
      'GET /files/7': token((call) => call.send(302, undefined, { location: `${files}/download/7` })),
      'GET /exports/7': token((call) => call.send(302, undefined, { location: link() })),
      'POST /exports': token((call) => call.send(201, { url: link() })),
    },
    files: {
      'GET /download/7': token((call) => call.send(200, { bytes: 'seven' })),
      'GET /store/export': signed,
    },
  };
}

export function keys(origins, secrets) {
  return { ...catalog(origins, secrets), ...maps(origins, secrets), ...basic(secrets) };
}
