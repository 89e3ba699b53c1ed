// oidc-provider's adapter, in memory. Whether something is expired the provider decides, by its (moved) clock.
let kept = new Map();

export function clear() {
  kept = new Map();
}

export function* all(kind) {
  for (const [key, payload] of kept) if (key.startsWith(`${kind}:`)) yield payload;
}

/** Forgets every access token of a client, as if an operator had revoked them. */
export function revokeAccess(clientId) {
  for (const kind of ['AccessToken', 'ClientCredentials']) {
    for (const payload of all(kind)) if (payload.clientId === clientId) kept.delete(`${kind}:${payload.jti}`);
  }
}

export class Store {
  constructor(kind) {
    this.kind = kind;
  }

  async upsert(id, payload) {
    kept.set(`${this.kind}:${id}`, payload);
  }

  async find(id) {
    return kept.get(`${this.kind}:${id}`);
  }

  async findByUserCode(userCode) {
    return [...all(this.kind)].find((payload) => payload.userCode === userCode);
  }

  async findByUid(uid) {
    return [...all(this.kind)].find((payload) => payload.uid === uid);
  }

  async consume(id) {
    kept.get(`${this.kind}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(`${this.kind}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
  }
}
