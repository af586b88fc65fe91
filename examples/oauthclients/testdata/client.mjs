// An OAuth client on oauth4webapi. It reads what it needs from its environment,
// prints each address that the person has to open as a line, and gets the
// address that the person ends up at as a line of its input. Its last line is
// the secrets that it used, as JSON. It ends with an error at the first thing
// that is not as the RFCs say.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as oauth from "oauth4webapi";

const { ISSUER, API, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, USER_ID } = process.env;
const client = { client_id: CLIENT_ID };
const secrets = {};
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const issuer = new URL(ISSUER);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2" }));
assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
assert.deepEqual(as.response_types_supported, ["code"]);
assert.deepEqual(as.grant_types_supported, ["authorization_code", "refresh_token"]);
assert.equal(as.authorization_response_iss_parameter_supported, true);

// authorize has the person open the authorization endpoint.
async function authorize(more = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(as.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: "code",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    ...more,
  });
  console.log(address.href);
  const line = await input.next();
  assert.equal(line.done, false, "the person is gone");
  return { answer: new URL(line.value), state, verifier };
}

// refused wants an error of RFC 6749 section 5.2 with status 400.
async function refused(call, error) {
  await assert.rejects(call, (err) => {
    assert.ok(err instanceof oauth.ResponseBodyError, `${err.name}: ${err.message}`);
    assert.equal(err.error, error);
    assert.equal(err.status, 400);
    return true;
  });
}

// challenged wants a 401 with a challenge of this scheme.
async function challenged(call, scheme, error) {
  await assert.rejects(call, (err) => {
    assert.ok(err instanceof oauth.WWWAuthenticateChallengeError, `${err.name}: ${err.message}`);
    assert.equal(err.status, 401);
    assert.equal(err.cause[0].scheme, scheme);
    assert.equal(err.cause[0].parameters.error, error);
    return true;
  });
}

async function exchange(auth, params, verifier) {
  const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, params, REDIRECT_URI, verifier);
  return oauth.processAuthorizationCodeResponse(as, client, answer);
}

async function refresh(auth, token) {
  return oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, token));
}

async function introspect(auth, token) {
  return oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, token));
}

async function revoke(auth, token) {
  return oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token));
}

// wantUser uses a token where the service API takes it, in PRISM's own header.
async function wantUser(token, status) {
  const answer = await fetch(new URL("/prism/v1/service/user", API), { headers: { "x-prism-access-token": token } });
  assert.equal(answer.status, status);
}

// signIn runs from the authorization request to the first pair of tokens.
async function signIn(auth, name) {
  const { answer, state, verifier } = await authorize();
  const other = new URL(answer);
  other.searchParams.set("iss", "https://attacker.example");
  assert.throws(() => oauth.validateAuthResponse(as, client, other, state), /iss/);
  assert.throws(() => oauth.validateAuthResponse(as, client, answer, oauth.generateRandomState()), /state/);
  const params = oauth.validateAuthResponse(as, client, answer, state);
  await refused(() => exchange(auth, params, oauth.generateRandomCodeVerifier()), "invalid_grant");
  await challenged(() => exchange(oauth.ClientSecretBasic("wrong"), params, verifier), "basic");
  const tokens = await exchange(auth, params, verifier);
  assert.equal(tokens.token_type, "bearer");
  assert.ok(tokens.refresh_token && tokens.expires_in >= 3600);
  Object.assign(secrets, {
    [`${name} code`]: params.get("code"),
    [`${name} verifier`]: verifier,
    [`${name} access token`]: tokens.access_token,
    [`${name} refresh token`]: tokens.refresh_token,
  });
  return { params, verifier, tokens };
}

// Nobody is signed in yet.
const silent = await authorize({ prompt: "none" });
assert.throws(() => oauth.validateAuthResponse(as, client, silent.answer, silent.state), (err) => {
  assert.ok(err instanceof oauth.AuthorizationResponseError, err.message);
  assert.equal(err.error, "login_required");
  return true;
});

await wantUser("not-a-token", 401);

for (const [name, method] of Object.entries({ basic: oauth.ClientSecretBasic, post: oauth.ClientSecretPost })) {
  const auth = method(CLIENT_SECRET);
  const { tokens } = await signIn(auth, name);
  await wantUser(tokens.access_token, 200);
  const fresh = await refresh(auth, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  await wantUser(fresh.access_token, 200);
  const about = await introspect(auth, fresh.access_token);
  assert.equal(about.active, true);
  assert.equal(about.client_id, CLIENT_ID);
  assert.equal(about.sub, USER_ID);
  assert.equal(about.iss, ISSUER);

  await revoke(auth, fresh.refresh_token);
  for (const token of [tokens.access_token, fresh.access_token, fresh.refresh_token]) {
    assert.deepEqual(await introspect(auth, token), { active: false });
  }
  await wantUser(fresh.access_token, 401);
  await refused(() => refresh(auth, fresh.refresh_token), "invalid_grant");
  await revoke(auth, fresh.refresh_token); // once more is no error

  // A code that is used twice ends what it began.
  const replayed = await signIn(auth, `${name} replayed`);
  await refused(() => exchange(auth, replayed.params, replayed.verifier), "invalid_grant");
  assert.deepEqual(await introspect(auth, replayed.tokens.access_token), { active: false });
  await refused(() => refresh(auth, replayed.tokens.refresh_token), "invalid_grant");
}

console.log(JSON.stringify(secrets));
process.exit(0);
