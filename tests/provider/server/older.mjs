// For Node.js 18 (Debian 12) and 20: what oidc-provider uses and they may lack. Imported first; in the thread of
// the loaders its `load` puts another function in the place of one that cannot be added to `node:crypto`.
import { createHash } from 'node:crypto';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  register(import.meta.url);
  globalThis.hashOnce = (algorithm, data, encoding) => {
    const made = createHash(algorithm).update(data);
    return encoding === 'buffer' ? made.digest() : made.digest(encoding ?? 'hex');
  };
  URL.parse ??= (url, base) => (URL.canParse(url, base) ? new URL(url, base) : null);
}

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.includes('/oidc-provider/lib/') || loaded.format !== 'module') return loaded;
  return { ...loaded, source: String(loaded.source).replaceAll('crypto.hash(', 'globalThis.hashOnce(') };
}
