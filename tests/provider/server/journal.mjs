// What every origin answered, and why it refused: the truth that the tests compare with.
import http from 'node:http';

let entries = [];

export const read = () => entries;

export function clear() {
  entries = [];
}

/** Marks a response as a refusal; the first reason counts. */
export function refused(res, reason) {
  res.refusal ??= reason;
}

/** Serves `handle` on a free port of 127.0.0.1 and gives its origin. */
export function serve(handle) {
  return new Promise((resolve) => {
    const server = http.createServer((req, res) => {
      // What the resource server itself asks the provider is no client's business.
      if (/^(jose|node)/.test(req.headers['user-agent'] ?? '')) return server.handle(req, res);
      const path = req.url.split('?')[0];
      // Before the end of the answer leaves: a client that has its answer finds the entry.
      const end = res.end;
      res.end = (...args) => {
        entries.push({ method: req.method, path: named(path), status: res.statusCode, refusal: res.refusal ?? '' });
        res.end = end;
        return end.apply(res, args);
      };
      return server.handle(req, res);
    });
    server.handle = handle;
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${server.address().port}` }));
  });
}

/** Paths that carry a random part, without it. */
function named(path) {
  return path.replace(/^\/(auth|interaction)\/[^/]+$/, '/$1/*');
}
