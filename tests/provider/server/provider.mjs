// The authorization server: oidc-provider with a user who always logs in and always consents.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { Provider } from 'oidc-provider';

import { refused } from './journal.mjs';
import { all, Store } from './store.mjs';

const USER = 'alice';
const SCOPES = 'orders:read orders:write ledger:read profile:read';
const APPROVAL = 8; // seconds until the user of a device has typed the code

/** What each audience's access tokens look like: orders are guarded by JWTs, the ledger by opaque tokens. */
const RESOURCES = {
  'urn:orders': { scope: SCOPES, audience: 'urn:orders', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'urn:ledger': { scope: SCOPES, audience: 'urn:ledger', accessTokenFormat: 'opaque' },
};

function clients(secrets, callbacks) {
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const login = { grant_types: ['authorization_code', 'refresh_token'], redirect_uris: callbacks, response_types: ['code'] };
  return [
    { ...machine, client_id: secrets.SHOP_CLIENT_ID, client_secret: secrets.SHOP_CLIENT_SECRET, scope: SCOPES },
    {
      ...machine,
      client_id: secrets.LEDGER_CLIENT_ID,
      client_secret: secrets.LEDGER_CLIENT_SECRET,
      token_endpoint_auth_method: 'client_secret_post',
      scope: SCOPES,
    },
    { ...machine, client_id: secrets.PARTNER_CLIENT_ID, client_secret: secrets.PARTNER_CLIENT_SECRET, scope: SCOPES },
    {
      ...machine,
      client_id: secrets.SIGNER_CLIENT_ID,
      client_secret: secrets.SIGNER_CLIENT_SECRET,
      token_endpoint_auth_method: 'client_secret_jwt',
      scope: SCOPES,
    },
    { ...login, client_id: secrets.WEB_CLIENT_ID, client_secret: secrets.WEB_CLIENT_SECRET },
    { ...login, client_id: secrets.APP_CLIENT_ID, token_endpoint_auth_method: 'none' },
    {
      client_id: secrets.TV_CLIENT_ID,
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    },
    { ...machine, client_id: secrets.API_CLIENT_ID, client_secret: secrets.API_CLIENT_SECRET },
  ];
}

export function authorize(issuer, secrets, callbacks) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const opaque = new Set([secrets.LEDGER_CLIENT_ID]);
  const provider = new Provider(issuer, {
    adapter: Store,
    clients: clients(secrets, callbacks),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none'],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'orders-1' }] },
    scopes: ['openid', 'offline_access', ...SCOPES.split(' ')],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      DeviceCode: 600,
      Grant: 14 * 86_400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 14 * 86_400,
      Session: 14 * 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, client) => (opaque.has(client.clientId) ? 'urn:ledger' : 'urn:orders'),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, indicator) => RESOURCES[indicator],
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    loadExistingGrant: async (ctx) => {
      const { client, session, params } = ctx.oidc;
      return grant(provider, session.accountId, client.clientId, params.scope ?? '');
    },
  });
  for (const event of ['grant.error', 'authorization.error', 'introspection.error', 'revocation.error', 'server_error']) {
    provider.on(event, (ctx, error) => refused(ctx.res, error.error ?? 'server_error'));
  }
  provider.on('device_authorization.error', (ctx, error) => refused(ctx.res, error.error));
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`));
  return { provider, handle: handler(provider) };
}

/** A grant of everything that was asked for. */
async function grant(provider, accountId, clientId, scope) {
  const given = new provider.Grant({ accountId, clientId });
  given.addOIDCScope(scope);
  for (const resource of Object.keys(RESOURCES)) given.addResourceScope(resource, scope);
  await given.save();
  return given;
}

function handler(provider) {
  const rest = provider.callback();
  return (req, res) => {
    if (!req.url.startsWith('/interaction/')) return rest(req, res);
    return interact(provider, req, res).catch((error) => {
      refused(res, error.error ?? 'interaction');
      res.writeHead(error.statusCode ?? 500, { 'content-type': 'text/plain' }).end(error.message);
    });
  };
}

/** The user logs in, or consents, without being asked. */
async function interact(provider, req, res) {
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: USER } });
  const given = await grant(provider, session.accountId, params.client_id, params.scope ?? '');
  return provider.interactionFinished(req, res, { consent: { grantId: given.jti } });
}

/** Approves the device codes that the user has had time to type. */
export async function approveDevices(provider) {
  const now = Math.floor(Date.now() / 1000);
  for (const payload of [...all('DeviceCode')]) {
    const code = await provider.DeviceCode.find(payload.jti, { ignoreExpiration: true });
    if (!code || code.accountId || code.iat + APPROVAL > now) continue;
    const scope = code.params.scope ?? '';
    const given = await grant(provider, USER, code.clientId, scope);
    Object.assign(code, { accountId: USER, grantId: given.jti, scope, authTime: now, claims: {}, resource: 'urn:orders' });
    await code.save(code.remainingTTL);
  }
}
