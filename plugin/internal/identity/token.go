package identity

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/signature"
)

// An Issuer is who makes tokens, and what is made of them.
type Issuer struct {
	Name       string   // iss
	Header     string   // where its tokens are; empty is where keys are
	Audiences  []string // one of which a token has to be for
	Algorithms []string // none is all that its keys serve
	Skew       int64    // seconds that clocks may differ by
	Keys       *KeySet  // nil: they are at Remote
	Remote     *Remote
	Claims     Claims
	Require    []Requirement
	Base       Caller // what claims do not say
	Prefix     string // before the names of consumers
	Configured bool   // its consumers have to be in the configuration
}

// A Remote is where a key set is fetched.
type Remote struct {
	Cluster, Host, Path string
	Refresh, Timeout    int64 // nanoseconds
}

// Claims are paths of what a caller is made of; an empty one is not looked for.
type Claims struct {
	Consumer, Tenant, Tier, Models, Tags string
}

// A Requirement is a claim that has to have one of these values, with * for any
// characters. Of a claim that is a list one is enough.
type Requirement struct {
	Claim  string
	Values []string
}

// A Token is one that says it is of an issuer here. Whether that is so, its signature
// tells.
type Token struct {
	Issuer *Issuer

	text      string
	algorithm signature.Algorithm
	kid       string
	signed    int // how much of text
	signature []byte
	known     Known
}

// Looks reports whether a text looks like a JSON Web Token: it begins with an object and
// has parts. It does not look at all of it, as every request is asked.
func Looks(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.IndexByte(text, '.') > 0
}

// spelling of what is in a token has exactly one form of everything.
var spelling = base64.RawURLEncoding.Strict()

// ReadToken reads a token and checks all of it but its signature. header is where it was
// found, empty for where keys are; now is in seconds since 1970.
func (g *Gate) ReadToken(text, header string, now int64) (*Token, *Problem) {
	if len(text) > maxToken {
		return nil, invalidToken("it is larger than 16 KiB")
	}
	head, rest, _ := strings.Cut(text, ".")
	payload, sig, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(sig, ".") {
		return nil, invalidToken("it has not three parts")
	}
	t := &Token{text: strings.Clone(text), signed: len(head) + 1 + len(payload)}
	if p := t.readHead(head); p != nil {
		return nil, p
	}
	var err error
	if t.signature, err = spelling.DecodeString(sig); err != nil {
		return nil, invalidToken("its signature is not base64url")
	}
	claims, doc, p := object(payload, "its claims")
	if p != nil {
		return nil, p
	}
	if t.Issuer, p = g.issuer(doc.Root(), header); p != nil {
		return nil, p
	}
	if n := t.Issuer.Algorithms; len(n) > 0 && !contains(n, t.algorithm.Name) {
		return nil, invalidToken("its algorithm is not one that is taken from its issuer")
	}
	if p := t.Issuer.inTime(doc.Root(), now, &t.known.Expires); p != nil {
		return nil, p
	}
	t.known.Caller, p = g.caller(t.Issuer, doc.Root(), claims)
	return t, p
}

// readHead reads the token's header. Of it only the algorithm and the key's name count;
// keys and places of keys that it may have are never looked at.
func (t *Token) readHead(text string) *Problem {
	_, doc, p := object(text, "its header")
	if p != nil {
		return p
	}
	head := doc.Root()
	var ok bool
	if t.algorithm, ok = signature.Find(head.Get("alg").Str()); !ok {
		return invalidToken("its algorithm is not one that is taken here")
	}
	if head.Get("crit").Exists() || head.Get("enc").Exists() || head.Get("b64").Exists() || head.Get("zip").Exists() {
		return invalidToken("its header asks for what is not understood here")
	}
	if typ := head.Get("typ"); typ.Exists() {
		switch kind := strings.TrimPrefix(strings.ToLower(typ.Str()), "application/"); kind {
		case "jwt", "at+jwt":
		default: // such as what tells of a log-out, which is signed by the same keys
			return invalidToken("its type is not that of a token for access")
		}
	}
	if kid := head.Get("kid"); kid.Exists() {
		if t.kid = kid.Str(); t.kid == "" || len(t.kid) > maxName {
			return invalidToken("the name of its key is not one")
		}
	}
	return nil
}

// object decodes a part of a token, which has to be an object.
func object(text, what string) ([]byte, *rawjson.Doc, *Problem) {
	b, err := spelling.DecodeString(text)
	if err != nil {
		return nil, nil, invalidToken(what + " is not base64url")
	}
	doc := &rawjson.Doc{MaxDepth: maxDepth, MaxNodes: maxNodes}
	if err := doc.Parse(b); err != nil || doc.Root().Kind() != rawjson.Object {
		return nil, nil, invalidToken(what + " cannot be read as a JSON object")
	}
	return b, doc, nil
}

// issuer finds whose token it says it is, and whether it is for here.
func (g *Gate) issuer(claims rawjson.Value, header string) (*Issuer, *Problem) {
	problem := invalidToken("its issuer is not one of those that are taken here")
	for _, i := range g.Issuers {
		if i.Header != header || !claims.Get("iss").Is(i.Name) {
			continue
		}
		if i.isFor(claims.Get("aud")) {
			return i, nil
		}
		problem = invalidToken("its audience is another one")
	}
	return nil, problem
}

func (i *Issuer) isFor(audience rawjson.Value) bool {
	if audience.Kind() == rawjson.String {
		return contains(i.Audiences, audience.Str())
	}
	for it := audience.Items(); it.Next(); {
		if it.Value.Kind() == rawjson.String && contains(i.Audiences, it.Value.Str()) {
			return true
		}
	}
	return false
}

// inTime checks exp, nbf and iat, the first of which has to be there, and says until when
// the token holds.
func (i *Issuer) inTime(claims rawjson.Value, now int64, expires *int64) *Problem {
	for _, name := range [...]string{"exp", "nbf", "iat"} {
		v := claims.Get(name)
		if !v.Exists() && name != "exp" {
			continue
		}
		f, ok := v.Float64()
		if !ok || math.Abs(f) > 1<<40 {
			return invalidToken("its " + name + " is not a time")
		}
		switch at := int64(math.Floor(f)); {
		case name == "exp" && now >= at+i.Skew:
			return invalidToken("it has expired")
		case name == "exp":
			*expires = at + i.Skew
		case now < at-i.Skew:
			return invalidToken("it is not valid yet")
		}
	}
	return nil
}

// caller makes a caller of claims. What the issuer's claims are to say has to be there,
// unless the configuration says it, too: who may use some models only must not get all of
// them because a claim is missing.
func (g *Gate) caller(i *Issuer, claims rawjson.Value, text []byte) (*Caller, *Problem) {
	for _, r := range i.Require {
		if !r.met(at(claims, r.Claim)) {
			return nil, &Problem{NotAllowed, "the token's claim '" + r.Claim + "' does not have a value that is wanted here"}
		}
	}
	c := i.Base
	c.claims = text
	var p *Problem
	if c.Name, p = name(claims, i.Claims.Consumer, ""); p != nil {
		return nil, p
	}
	c.Name = i.Prefix + c.Name
	if c.Tenant, p = name(claims, i.Claims.Tenant, c.Tenant); p != nil {
		return nil, p
	}
	if c.Tier, p = name(claims, i.Claims.Tier, c.Tier); p != nil {
		return nil, p
	}
	if v := at(claims, i.Claims.Models); v.Exists() {
		var ok bool
		if c.Models, ok = list(v); !ok || len(c.Models) == 0 || !areLabels(c.Models) {
			return nil, invalidToken("its claim '" + i.Claims.Models + "' is not a list of models")
		}
	} else if i.Claims.Models != "" && len(c.Models) == 0 {
		return nil, invalidToken("its claim '" + i.Claims.Models + "' is missing")
	}
	if v := at(claims, i.Claims.Tags); v.Exists() {
		tags, ok := list(v)
		if !ok || !areLabels(tags) {
			return nil, invalidToken("its claim '" + i.Claims.Tags + "' is not a list of names")
		}
		c.Tags = append(append([]string(nil), c.Tags...), tags...)
	}
	return g.settle(&c, i.Configured, i.Configured)
}

// name is what a claim calls somebody; def where the token has no such claim.
func name(claims rawjson.Value, path, def string) (string, *Problem) {
	v := at(claims, path)
	if !v.Exists() {
		if path != "" && def == "" {
			return "", invalidToken("its claim '" + path + "' is missing")
		}
		return def, nil
	}
	s, ok := scalar(v)
	if !ok || !IsName(s) {
		return "", invalidToken("its claim '" + path + "' is not a name of printable ASCII characters")
	}
	return s, nil
}

func (r *Requirement) met(v rawjson.Value) bool {
	got, ok := list(v)
	if one, single := scalar(v); single {
		got, ok = append(got, one), true
	}
	for _, s := range got {
		for _, want := range r.Values {
			if ok && glob.Match(want, s) {
				return true
			}
		}
	}
	return false
}

// A Verifier is a host that verifies by itself. able is false for what it does not know,
// or not say.
type Verifier interface {
	Verify(hash string, key, message, signature []byte) (valid, able bool)
}

// maxTries bounds how many keys are tried for a token that does not say which is its own.
const maxTries = 8

// Verify checks the token's signature by a set of keys. found is false if the set has not
// the key that the token names: another set may.
func (t *Token) Verify(set *KeySet, host Verifier) (k Known, found bool, p *Problem) {
	message := []byte(t.text[:t.signed])
	tried := 0
	for i := range set.keys {
		key := &set.keys[i]
		if t.kid != "" && key.id != "" && key.id != t.kid || !key.serves(t.algorithm) || tried == maxTries {
			continue
		}
		found = true
		tried++
		if key.verify(t.algorithm, message, t.signature, host) {
			t.known.ID = sha2.Sum([]byte(t.text))
			return t.known, true, nil
		}
	}
	if !found {
		return k, false, invalidToken("it is signed by a key that its issuer does not have for this")
	}
	return k, true, invalidToken("its signature does not verify")
}

// Text is the token itself.
func (t *Token) Text() string { return t.text }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
