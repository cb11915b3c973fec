// Writes jose.json: tokens of every algorithm, made by jose, and what verifies them.
//
//	npm install jose@6
//	node make.mjs > jose.json
//
// The private keys are thrown away.
import { SignJWT, exportJWK, generateKeyPair } from 'jose'

const issued = 1_690_000_000, expires = 4_102_444_800 // the end is in the year 2100
const secret = 'a secret of 64 bytes or more, which HS512 wants as much as a hash has'
const claims = { org: 'acme', 'https://example.com/plan': 'gold', realm_access: { roles: ['writer'] } }
const tokens = [], keys = []

async function sign(alg, kid, key) {
  const token = await new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT', ...(kid && { kid }) })
    .setIssuer('https://id.example.com').setAudience('ai').setSubject('user-1').setIssuedAt(issued).setExpirationTime(expires).sign(key)
  tokens.push({ alg, token })
}

for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) {
  const kid = 'key of ' + alg
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  keys.push({ ...(await exportJWK(publicKey)), alg, kid, use: 'sig' })
  await sign(alg, kid, privateKey)
}
for (const alg of ['HS256', 'HS384', 'HS512']) await sign(alg, '', new TextEncoder().encode(secret))
console.log(JSON.stringify({ made_by: 'jose 6', secret, jwks: { keys }, tokens }, null, 1))
