// A search that may be asked four times, and then not for a while.
import * as clock from '../clock.mjs';

const ALLOWED = 4;
const PAUSE = 30;

export function limits(secrets) {
  let left = ALLOWED;
  let until = 0;

  const search = (call) => {
    if (call.headers['x-api-key'] !== secrets.CATALOG_API_KEY) return call.refuse(401, 'wrong_key');
    const now = clock.seconds();
    const wait = (error) => call.refuse(429, error, { 'retry-after': String(Math.ceil(until - now)) });
    if (now < until) return wait('too_soon');
    if (until) [left, until] = [ALLOWED, 0];
    if (left === 0) {
      until = now + PAUSE;
      return wait('rate_limited');
    }
    left -= 1;
    return call.send(200, { page: Number(call.query.get('page')), hits: ['chair'] });
  };
  return { table: { 'GET /search': search }, forget: () => ([left, until] = [ALLOWED, 0]) };
}
