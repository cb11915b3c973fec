package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/secret"
)

// clientHeaders are the request's headers that the gateway reads. They are views,
// void after the headers' event but for what keep copies.
type clientHeaders struct {
	method, path, query, host string
	contentType, encoding     string
	boundary                  string // of a form; empty for other bodies
	length                    int    // of the body, -1 if not said
	key                       string // the one for the provider, if there are two
	gateKey                   string // for the gateway alone
	repeated                  bool   // something that says who calls is there twice
	origin, wantsMethod       string
	anthropicVersion          bool
	hint                      dialect.Hint
	debug                     bool // and may
	keyInQuery                bool // which it is taken out of
	timeout, metadata         string
	session                   string
	wishes                    wishes   // about the cache
	counted                   []string // what limits are kept by, in the configuration's order
	twice                     string   // one of those that is there again
	forwarded                 string   // x-forwarded-for

	words   []string // what the headers say that Gate.Headers names
	private uint     // which of privateNames are there
	own     []string // the gateway's own headers that are there
	api     []string // those that only the client's own API knows
}

// keep copies what later events need; the key only where a provider may get it.
func (in *clientHeaders) keep(key bool) {
	if !key {
		in.key = ""
	}
	in.method, in.host, in.path, in.contentType, in.wantsMethod, in.forwarded = "", "", "", "", "", ""
	in.query = cloned(in.query)
	in.gateKey = ""
	clear(in.words)
	in.key = cloned(in.key)
	in.origin = cloned(in.origin)
	in.encoding, in.boundary = cloned(in.encoding), cloned(in.boundary)
	in.wishes.key, in.wishes.beta = cloned(in.wishes.key), cloned(in.wishes.beta)
	in.timeout, in.metadata, in.session = cloned(in.timeout), cloned(in.metadata), cloned(in.session)
	for _, names := range [...][]string{in.own, in.api, in.counted} {
		for i := range names {
			names[i] = cloned(names[i])
		}
	}
}

// cloned is strings.Clone, called rather than inlined at each of many places.
//
//go:noinline
func cloned(s string) string { return strings.Clone(s) }

// read picks out of the headers, in one pass, what the gateway looks at.
func (w *Worker) read(h []adapters.Header, old clientHeaders) clientHeaders {
	in := clientHeaders{length: -1, wishes: wishes{most: -1, ttl: -1, onError: -1}, own: old.own[:0], api: old.api[:0], words: old.words[:0], counted: old.counted[:0]}
	for range w.plan.Identity.Headers {
		in.words = append(in.words, "")
	}
	var authorization, xAPIKey, apiKey, googleKey string
	for i := range h {
		v := h[i].Value
		switch h[i].Name {
		case ":method":
			in.method = v
		case ":path":
			in.path, in.query, _ = strings.Cut(v, "?")
		case ":authority":
			in.host = v
		case "content-type":
			in.contentType = v
		case "content-length":
			in.length = parseLength(v)
		case "authorization":
			authorization = v
			in.secret(0)
		case "x-api-key":
			xAPIKey = v
			in.secret(1)
		case "x-goog-api-key":
			googleKey = v
			in.hint = max(in.hint, dialect.GoogleKey)
			in.secret(2)
		case "api-key":
			apiKey = v
			in.secret(3)
		case "cookie":
			in.private |= 1 << 4
		case "proxy-authorization":
			in.private |= 1 << 5
		case "content-encoding":
			in.encoding = v
			in.private |= 1 << 6
		case "expect":
			in.private |= 1 << 7
		case "accept-encoding":
			// always set anew
		case "x-forwarded-for":
			if in.forwarded != "" {
				v = in.forwarded + "," + v
			}
			in.forwarded = v
		case "cache-control":
			in.wishes.control(v)
		case "origin":
			in.origin = v
		case "access-control-request-method":
			in.wantsMethod = v
		case "user-agent":
			if strings.HasPrefix(v, mistralAgent) {
				in.hint = max(in.hint, dialect.MistralAgent)
			}
		case "anthropic-version":
			in.anthropicVersion = true
			in.hint = max(in.hint, dialect.AnthropicVersion)
			in.api = append(in.api, h[i].Name)
		default:
			w.readOwn(&in, h[i].Name, v)
		}
	}
	in.key = firstKey(authorization, xAPIKey, apiKey, googleKey)
	for _, name := range w.plan.Limits.Headers {
		v, again := once(h, name)
		in.counted = append(in.counted, v)
		if again {
			in.twice = name
		}
	}
	return in
}

// once is a header's value, and whether there is another.
func once(h []adapters.Header, name string) (value string, again bool) {
	found := false
	for i := range h {
		if h[i].Name != name {
			continue
		}
		if found {
			return value, true
		}
		value, found = h[i].Value, true
	}
	return value, false
}

// readOwn reads what the configuration lets a caller say, and notes what a provider of
// another API must not get.
func (w *Worker) readOwn(in *clientHeaders, name, v string) {
	for i, n := range w.plan.Identity.Headers {
		if n == name {
			in.repeated = in.repeated || in.words[i] != ""
			in.words[i] = v
			in.own = append(in.own, name)
			return
		}
	}
	own, ok := strings.CutPrefix(name, ownPrefix)
	if !ok {
		if own, ok = strings.CutPrefix(name, cloudflarePrefix); !ok {
			if strings.HasPrefix(name, amazonPrefix) {
				in.own = append(in.own, name)
			} else if ofAnAPI(name) {
				in.api = append(in.api, name)
				if name == "anthropic-beta" {
					in.wishes.beta = v
				}
			}
			return
		}
		ok = w.plan.Client.Cloudflare
	}
	in.own = append(in.own, name)
	if own == "authorization" { // of both families, whatever else a client may say
		in.repeated = in.repeated || in.gateKey != ""
		in.gateKey = bearer(v, "")
		return
	}
	if !ok {
		return
	}
	switch allowed := w.plan.Client; {
	case own == "debug":
		in.debug = len(allowed.Debug) > 0
	case allowed.Timeout && (own == "timeout" || own == "request-timeout"):
		in.timeout = v
	case allowed.Metadata && own == "metadata":
		in.metadata = v
	case allowed.SessionID && own == "session-id":
		in.session = v
	default:
		in.wishes.says(&allowed, own, v)
	}
}

const (
	ownPrefix        = "x-postern-"
	cloudflarePrefix = "cf-aig-"
	amazonPrefix     = "x-amz-" // of a client's signature, which is not the gateway's

	mistralAgent = "mistral-client-" // begins the user-agent of Mistral's SDKs
)

// secret notes one of privateNames that has a key.
func (in *clientHeaders) secret(place uint) {
	in.repeated = in.repeated || in.private&(1<<place) != 0
	in.private |= 1 << place
}

// firstKey is the key that the client gave, wherever its SDK puts keys.
func firstKey(authorization string, others ...string) string {
	if key := bearer(authorization, ""); key != "" {
		return key
	}
	for _, key := range others {
		if key != "" {
			return key
		}
	}
	return ""
}

// bearer is what follows the scheme in a header; without the scheme it is other.
func bearer(header, other string) string {
	const scheme = "bearer "
	if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
		return strings.TrimSpace(header[len(scheme):])
	}
	return other
}

// takeKey takes the key out of the query, where a dialect has it there. A header wins.
func (in *clientHeaders) takeKey(d *dialect.Dialect) {
	key, rest := d.Key(in.query)
	if len(rest) == len(in.query) {
		return
	}
	in.keyInQuery, in.query = true, rest
	if in.key == "" {
		in.key = key
	}
}

//go:noinline
func parseLength(v string) int {
	n := 0
	for _, c := range []byte(v) {
		if c < '0' || c > '9' || n > 1<<40 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// clientKey is the key that the client gave, for providers where it is the client's own.
func (in *clientHeaders) clientKey() secret.String { return secret.New(in.key) }

// privateNames are headers of the client that no provider gets to see: its keys and
// cookies, and what the gateway says anew. Their places are the bits of
// clientHeaders.private.
var privateNames = [...]string{"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie",
	"proxy-authorization", "content-encoding", "expect"}

// hostOf is an authority without its port, in lower case.
func hostOf(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		authority = authority[:i]
	}
	return strings.ToLower(authority)
}
