// Starts oidc-provider on a free loopback port, prints one line of JSON with
// its address, and ends when its standard input does. The argument is the
// package.json of the folder that has oidc-provider installed.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [installed, clientsJSON] = process.argv.slice(2);
const entry = createRequire(installed).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(entry));

const clients = JSON.parse(clientsJSON);
const resource = 'urn:example:live';
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: clients.map(({ id, secret, auth, redirectURI, jwt }) => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: auth,
    introspection_endpoint_auth_method: auth,
    redirect_uris: redirectURI ? [redirectURI] : [],
    grant_types: redirectURI ? ['authorization_code', 'refresh_token'] : [],
    response_types: redirectURI ? ['code'] : [],
    ...(jwt ? { default_resource: resource } : {}),
  })),
  extraClientMetadata: { properties: ['default_resource'] },
  async findAccount(ctx, id) {
    return { accountId: id, async claims() { return { sub: id }; } };
  },
  scopes: ['openid', 'offline_access', 'live'],
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      async defaultResource(ctx, client) { return client.default_resource; },
      async useGrantedResource() { return true; },
      async getResourceServerInfo() {
        return { audience: resource, scope: 'live', accessTokenFormat: 'jwt', accessTokenTTL: 3600 };
      },
    },
  },
  // PRISM sends no challenge and does not ask for offline access.
  async issueRefreshToken() { return true; },
  pkce: { required: () => false },
  // Strict: a refresh token works once, and its second use ends the sign-in.
  rotateRefreshToken: () => true,
  cookies: { keys: ['a key for loopback tests only'] },
  ttl: { AccessToken: 3600, RefreshToken: 86400, AuthorizationCode: 60, Grant: 86400, Interaction: 600, Session: 86400 },
});

// PRISM asks for no scope, and this server, unlike others, has no default one.
provider.use(async (ctx, next) => {
  if (ctx.path === '/auth' && !ctx.query.scope) ctx.query = { ...ctx.query, scope: 'openid live' };
  await next();
});

server.on('request', provider.callback());
process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ issuer }));
