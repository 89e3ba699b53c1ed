// How the APIs read a request and answer it.
import { refused } from '../journal.mjs';

const LIMIT = 1 << 20;

async function bodyOf(req) {
  const parts = [];
  let size = 0;
  for await (const part of req) {
    size += part.length;
    if (size > LIMIT) throw new Error('too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** One request with what an answer needs. */
export class Call {
  constructor(req, res, body) {
    this.req = req;
    this.res = res;
    this.body = body;
    this.url = new URL(req.url, 'http://local');
    this.query = this.url.searchParams;
    this.headers = req.headers;
  }

  get json() {
    return JSON.parse(this.body.toString() || '{}');
  }

  get form() {
    return new URLSearchParams(this.body.toString());
  }

  send(status, content, headers = {}) {
    if (content === undefined) return this.res.writeHead(status, headers).end();
    const html = typeof content === 'string';
    const text = html ? content : JSON.stringify(content);
    const type = html ? 'text/html; charset=utf-8' : 'application/json';
    return this.res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers }).end(text);
  }

  refuse(status, error, headers = {}, content = { error }) {
    refused(this.res, error);
    return this.send(status, content, headers);
  }
}

/** A handler of node's http from `{ 'GET /path': async (call) => … }`. */
export function dispatch(table) {
  return async (req, res) => {
    try {
      const call = new Call(req, res, await bodyOf(req));
      const answer = table[`${req.method} ${call.url.pathname}`] ?? table['*'];
      if (!answer) return call.refuse(404, 'not_found');
      return await answer(call);
    } catch (error) {
      process.stderr.write(`${error.stack}\n`);
      refused(res, 'server_error');
      return res.writeHead(500).end();
    }
  };
}
