// A whole OpenID provider (the certified npm library) with its own pages to sign in. Who types "ada@x" is the
// subject "ada@x" and has that address, until POST /test/email says another; an address that begins with
// "unverified+" was not verified. POST /test/rotate takes new keys into use in place of the old ones.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, back, out] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const secret = 'a secret: 100% + more/of it, and longer';

const key = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
};

const addresses = new Map();

const account = (subject) => {
  const address = addresses.get(subject) ?? subject;
  const email = address.replace(/^unverified\+/, '');
  return { accountId: subject, claims: () => ({ sub: subject, email, email_verified: email === address }) };
};

const client = (id, more) => ({
  client_id: id,
  client_secret: secret,
  redirect_uris: [back],
  post_logout_redirect_uris: [out],
  ...more,
});

const build = () => {
  const provider = new Provider(issuer, {
    clients: [
      client('housecount'),
      client('somebody-else'),
      client('shared-secret', { id_token_signed_response_alg: 'HS256' }),
    ],
    jwks: { keys: [key()] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'HS256'] },
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: process.env.EMAIL_IN === 'userinfo',
    findAccount: (_, subject) => account(subject),
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    ttl: { IdToken: Number(process.env.ID_TOKEN_SECONDS ?? 600) },
  });
  provider.on('server_error', (_, error) => console.error(error));
  return provider.callback();
};

let answer = build();
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  if (request.method === 'POST' && pathname === '/test/email') {
    addresses.set(searchParams.get('subject'), searchParams.get('email'));
    response.end();
    return;
  }
  if (request.method === 'POST' && pathname === '/test/rotate') {
    answer = build();
    response.end();
    return;
  }
  answer(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
