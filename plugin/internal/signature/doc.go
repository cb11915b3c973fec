// Package signature verifies the signatures of JSON Web Tokens: RSASSA-PKCS1-v1_5,
// RSASSA-PSS, ECDSA over P-256, P-384 and P-521, Ed25519, and HMAC, with SHA-2
// (https://www.rfc-editor.org/rfc/rfc7518, https://www.rfc-editor.org/rfc/rfc8037).
//
// It verifies and nothing else: all its numbers but the keys of HMAC are public, so how
// long a verification takes tells nobody anything. Why it does not use the library's
// packages is in RATIONALE.md.
package signature
