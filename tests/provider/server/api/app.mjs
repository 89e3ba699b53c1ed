// An app that proves itself with a JWT it signs, and gets a token of an installation for it.
import { randomBytes } from 'node:crypto';

import { jwtVerify } from 'jose';

import * as clock from '../clock.mjs';

const LIFETIME = 3600;
const LONGEST = 600;

export function app(secrets) {
  const tokens = new Map();
  const key = new TextEncoder().encode(secrets.ROBOT_SECRET);
  const presented = (call) => /^Bearer (\S+)$/.exec(call.headers.authorization ?? '')?.[1];

  /** The reason why this JWT does not count, if there is one. */
  async function fault(token) {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer: secrets.ROBOT_ID,
        algorithms: ['HS256'],
        requiredClaims: ['iat', 'exp'],
        currentDate: new Date(),
        clockTolerance: 2,
      });
      return payload.exp - payload.iat > LONGEST ? 'lives_too_long' : '';
    } catch (error) {
      if (error.code === 'ERR_JWT_EXPIRED') return 'expired_jwt';
      if (error.code?.startsWith('ERR_J')) return 'invalid_jwt';
      throw error;
    }
  }

  const table = {
    'POST /app/access_tokens': async (call) => {
      const token = presented(call);
      const reason = token === undefined ? 'missing_jwt' : await fault(token);
      if (reason) return call.refuse(401, reason);
      const made = `ghs_${randomBytes(18).toString('hex')}`;
      const until = Math.floor(clock.seconds()) + LIFETIME;
      tokens.set(made, until);
      const expires_at = new Date(until * 1000).toISOString().replace('.000', '');
      return call.send(201, { token: made, expires_at, permissions: { contents: 'read' } });
    },
    'GET /app/repositories': async (call) => {
      const until = tokens.get(presented(call));
      if (until === undefined) return call.refuse(401, 'invalid_token');
      return clock.seconds() < until ? call.send(200, { repositories: ['shop', 'site'] }) : call.refuse(401, 'expired_token');
    },
  };
  return { table, forget: () => tokens.clear() };
}
