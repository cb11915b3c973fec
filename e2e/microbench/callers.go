package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// callersOf times how it is found out who calls: what a request takes more than one of the
// same size at a gateway that is open to everybody. Of fresh tokens each is seen once.
func callersOf(m *hostsim.Module, rounds int) ([]result, error) {
	const known, fresh = 2000, 200
	var results []result
	keys := newSigners()
	for _, c := range []struct {
		name, kind    string
		tokens, times int
		native        bool
	}{
		{"caller by API key", "key", 1, known, true},
		{"caller by a known token", "RS256", 1, known, true},
		{"caller by a known key that describes itself", "signed", 1, known, true},
		{"caller by a fresh token, RS256, the host verifies", "RS256", fresh, 1, true},
		{"caller by a fresh token, RS256", "RS256", fresh, 1, false},
		{"caller by a fresh token, ES256, the host verifies", "ES256", fresh, 1, true},
		{"caller by a fresh token, ES256", "ES256", fresh, 1, false},
		{"caller by a fresh token, EdDSA", "EdDSA", fresh, 1, false},
		{"caller by a fresh key that describes itself", "signed", fresh, 1, false},
	} {
		var with, without []float64
		for round := range rounds {
			var tokens []string
			for i := range c.tokens {
				tokens = append(tokens, keys.make(c.kind, strconv.Itoa(round)+"-"+strconv.Itoa(i)))
			}
			open, err := timeCallers(m, configuration, c.native, tokens, c.times)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			closed, err := timeCallers(m, keys.configuration(), c.native, tokens, c.times)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			with, without = append(with, closed), append(without, open)
		}
		ns := median(with) - median(without)
		results = append(results, result{c.name, ns})
		fmt.Printf("%-54s %9.2f µs\n", c.name, ns/1000)
	}
	return results, nil
}

// timeCallers sends each token so often and returns the time of one request.
func timeCallers(m *hostsim.Module, configuration string, native bool, tokens []string, times int) (float64, error) {
	foreign := map[string]hostsim.ForeignFunction{}
	if !native {
		foreign["verify_signature"] = func(hostsim.ForeignCall) ([]byte, hostsim.Status) { return nil, hostsim.StatusNotFound }
	}
	host, err := hostsim.New(hostsim.Config{Plugin: plugin(m, configuration), DiscardLogs: true, ForeignFunctions: foreign, Start: time.Now(),
		Upstream: func(hostsim.Request) hostsim.Response { return openAIAnswer() }})
	if err != nil {
		return 0, err
	}
	defer host.Close()
	send := func(token string) error {
		r, err := host.Do(hostsim.Post("/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`,
			"content-type", "application/json", "authorization", "Bearer "+token))
		if err == nil && r.Status() != 200 {
			err = fmt.Errorf("status %d: %s", r.Status(), r.Body)
		}
		return err
	}
	for range warm { // which an open gateway knows and the other does, too
		if err := send("client"); err != nil {
			return 0, err
		}
	}
	began := cpuTime()
	for range times {
		for _, token := range tokens {
			if err := send(token); err != nil {
				return 0, err
			}
		}
	}
	return float64((cpuTime() - began).Nanoseconds()) / float64(times*len(tokens)), nil
}

// signers make credentials of each kind.
type signers struct {
	rsa   *rsa.PrivateKey
	curve *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
}

func newSigners() *signers {
	s := &signers{}
	var err [3]error
	s.rsa, err[0] = rsa.GenerateKey(rand.Reader, 2048)
	s.curve, err[1] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, s.ed, err[2] = ed25519.GenerateKey(rand.Reader)
	for _, e := range err {
		if e != nil {
			panic(e) // a machine without random numbers
		}
	}
	return s
}

var base64url = base64.RawURLEncoding

func (s *signers) configuration() string {
	sum := sha256.Sum256([]byte("client"))
	b := func(p []byte) string { return base64url.EncodeToString(p) }
	point, err := s.curve.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	ed := b(s.ed.Public().(ed25519.PublicKey))
	return configuration[:len(configuration)-1] + `,"consumers":[{"name":"web","keys":[{"sha256":"` + hex.EncodeToString(sum[:]) + `"}]}],
		"identity":{"signed_keys":{"public_keys":["` + ed + `"]},"jwt":[{"issuer":"https://id.example.com/realms/main","audiences":["ai"],"claims":{"tenant":"org","tags":"realm_access.roles"},"keys":[
		{"kty":"RSA","kid":"RS256","n":"` + b(s.rsa.N.Bytes()) + `","e":"` + b(big.NewInt(int64(s.rsa.E)).Bytes()) + `"},
		{"kty":"EC","kid":"ES256","crv":"P-256","x":"` + b(point[1:33]) + `","y":"` + b(point[33:]) + `"},
		{"kty":"OKP","kid":"EdDSA","crv":"Ed25519","x":"` + ed + `"}]}]}}`
}

// make is one credential, different for each id. Tokens are about as large as those of
// OpenID providers.
func (s *signers) make(kind, id string) string {
	end := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	switch kind {
	case "key":
		return "client"
	case "signed":
		text := "pst1." + base64url.EncodeToString([]byte(`{"id":"`+id+`","consumer":"mobile","tenant":"acme","tier":"free","models":["gpt-*"],"exp":`+end+`}`))
		return text + "." + base64url.EncodeToString(ed25519.Sign(s.ed, []byte(text)))
	}
	text := base64url.EncodeToString([]byte(`{"alg":"`+kind+`","typ":"JWT","kid":"`+kind+`"}`)) + "." +
		base64url.EncodeToString([]byte(`{"exp":`+end+`,"iat":1700000000,"jti":"`+id+`","iss":"https://id.example.com/realms/main","aud":["ai","account"],"sub":"f3b0c7de-6a0e-4a39-9d1c-5a3d4b6e1f77",`+
			`"typ":"Bearer","azp":"chat-ui","org":"acme","session_state":"7b3a0a5e-2a2d-4f0c-8f0e-0d7c1b9a4e55","acr":"1","realm_access":{"roles":["default-roles","offline_access","writer"]},`+
			`"scope":"openid profile email","email_verified":true,"name":"Ada Lovelace","preferred_username":"ada","email":"ada@example.com"}`))
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch kind {
	case "RS256":
		signature, err = rsa.SignPKCS1v15(nil, s.rsa, crypto.SHA256, sum[:])
	case "ES256":
		signature = make([]byte, 64)
		var r, t *big.Int
		if r, t, err = ecdsa.Sign(rand.Reader, s.curve, sum[:]); err == nil {
			r.FillBytes(signature[:32])
			t.FillBytes(signature[32:])
		}
	default:
		signature = ed25519.Sign(s.ed, []byte(text))
	}
	if err != nil {
		panic(err)
	}
	return text + "." + base64url.EncodeToString(signature)
}
