// oidc-provider (panva) as an organization's OpenID provider.
//   node op.mjs CONFIG.json
// CONFIG: { port, users: { id: claims }, clients: [...] }. POST /control sets claims of everybody for a while:
// { "claims": { "email_verified": false }, "without": ["email"], "delay": 2000, "acr": "…" }.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const { port, users, clients } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://127.0.0.1:${port}`;
let control = {};

const key = (type, options, more) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more,
});

const claimsOf = (id) => {
  const claims = { sub: id, ...users[id], ...control.claims };
  for (const name of control.without ?? []) delete claims[name];
  return claims;
};

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [
    key('rsa', { modulusLength: 2048 }, { alg: 'RS256', kid: 'rsa' }),
    key('ec', { namedCurve: 'P-256' }, { alg: 'ES256', kid: 'ec' }),
  ] },
  cookies: { keys: ['for these tests only'] },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: {
    openid: ['sub', 'acr', 'auth_time'],
    email: ['email', 'email_verified', 'alternate_emails'],
    profile: ['name', 'groups', 'tid', '_claim_names'],
  },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  ttl: { AccessToken: 600, IdToken: 600, Session: 3600, Grant: 3600, Interaction: 600 },
  async findAccount(_context, id) {
    return users[id] && { accountId: id, claims: async () => claimsOf(id) };
  },
  // it would not post to this host, where its clients are in these tests
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  async renderError(context, out) { context.type = 'json'; context.body = out; },
});

provider.use(async (context, next) => {
  if (context.path === '/control' && context.method === 'POST') {
    let body = '';
    for await (const piece of context.req) body += piece;
    control = JSON.parse(body || '{}');
    context.body = control;
    return;
  }
  if (control.delay) await new Promise((done) => setTimeout(done, control.delay));
  await next();
});
provider.on('backchannel.error', (_context, error) => console.error(error));
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(port, '127.0.0.1', () => console.log('ready'));
