// Access tokens of the provider: JWTs checked by its keys, opaque ones by asking it.
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { revokeAccess } from '../store.mjs';

const presented = (call) => /^Bearer +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1];

function challenge(call, status, error, more = '') {
  // RFC 6750: a request without any credential gets no error code.
  const code = error === 'missing_token' ? 'Bearer' : `Bearer error="${error}"${more}`;
  return call.refuse(status, error, { 'www-authenticate': code });
}

function guarded(inspect, scope, answer) {
  return async (call) => {
    const token = presented(call);
    if (!token) return challenge(call, 401, 'missing_token');
    const claims = await inspect(token);
    if (!claims) return challenge(call, 401, 'invalid_token');
    if (!(claims.scope ?? '').split(' ').includes(scope)) {
      return challenge(call, 403, 'insufficient_scope', `, scope="${scope}"`);
    }
    return answer(call, claims);
  };
}

/** Signature, issuer, audience and time, by the keys that the provider publishes. */
function byKeys(issuer) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  return async (token) => {
    try {
      const options = { issuer, audience: 'urn:orders', typ: 'at+jwt', currentDate: new Date() };
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (error.code?.startsWith('ERR_J')) return undefined;
      throw error;
    }
  };
}

/** RFC 7662. */
function byIntrospection(issuer, secrets) {
  const authorization = `Basic ${Buffer.from(`${secrets.API_CLIENT_ID}:${secrets.API_CLIENT_SECRET}`).toString('base64')}`;
  return async (token) => {
    const response = await fetch(`${issuer}/token/introspection`, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ token }),
    });
    const claims = await response.json();
    return claims.active && claims.aud === 'urn:ledger' ? claims : undefined;
  };
}

export function bearer({ issuer }, secrets) {
  const jwt = byKeys(issuer);
  const opaque = byIntrospection(issuer, secrets);
  const ORDERS = [{ id: 1, total: '19.90' }, { id: 2, total: '5.00' }];
  return {
    'GET /orders': guarded(jwt, 'orders:read', (call) => call.send(200, { orders: ORDERS })),
    'POST /orders': guarded(jwt, 'orders:write', (call) => call.send(201, { id: 3, ...call.json })),
    'GET /me': guarded(jwt, 'profile:read', (call, claims) => call.send(200, { user: claims.sub })),
    'GET /balance': guarded(opaque, 'ledger:read', (call) => call.send(200, { balance: '1204.50' })),
    'POST /credentials/rotate': guarded(opaque, 'ledger:read', (call, claims) => {
      revokeAccess(claims.client_id);
      return call.send(200, { rotated: true });
    }),
  };
}
