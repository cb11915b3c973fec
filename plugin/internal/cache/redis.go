package cache

import (
	"encoding/base64"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
)

// A Protocol is how Redis is spoken to over HTTP.
type Protocol uint8

// Protocols.
const (
	// Webdis has a command's words in a body, separated by slashes, or the last of them as
	// the body: https://github.com/nicolasff/webdis#command-format
	Webdis Protocol = iota
	// Upstash has a command as an array of JSON: https://upstash.com/docs/redis/features/restapi
	Upstash
)

// A Redis is one that is reached over HTTP.
type Redis struct {
	Protocol      Protocol
	Cluster, Host string        // as the proxy calls it, and as it is asked for
	Token         secret.String // user:password for Webdis; empty: none
	Secret        secret.String // that entries are sealed with; empty: they are only checked
	Prefix        string        // of all names
	Deadline      time.Duration // for what a request waits for
	Most          int           // bytes of an answer
}

// command is a request that has Redis carry out a command. A bulk, which is text, is the last
// word.
func (r *Redis) command(timeout time.Duration, bulk []byte, words ...string) *adapters.Callout {
	c := &adapters.Callout{Cluster: r.Cluster, Method: "POST", Host: r.Host, Path: "/", Timeout: timeout}
	if t := r.Token.Reveal(); t != "" {
		if t = "Bearer " + t; r.Protocol == Webdis {
			t = "Basic " + base64.StdEncoding.EncodeToString([]byte(r.Token.Reveal()))
		}
		c.Headers = append(c.Headers, adapters.Header{Name: "authorization", Value: t})
	}
	if r.Protocol == Upstash {
		c.Headers = append(c.Headers, adapters.Header{Name: "content-type", Value: "application/json"})
		c.Body = array(words, bulk)
		return c
	}
	line := path(words)
	if bulk == nil {
		c.Body = line
		return c
	}
	c.Method, c.Path, c.Body = "PUT", "/"+string(line), bulk
	return c
}

func array(words []string, bulk []byte) []byte {
	var w rawjson.Writer
	w.Array()
	for _, word := range words {
		w.Str(word)
	}
	if bulk != nil {
		w.StrBytes(bulk)
	}
	return w.EndArray().Bytes()
}

// path is words with slashes between, and everything else escaped that could mean something.
func path(words []string) (line []byte) {
	const digits = "0123456789ABCDEF"
	for i, word := range words {
		if i > 0 {
			line = append(line, '/')
		}
		for _, c := range []byte(word) {
			if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == ':' || c == '-' || c == '_' {
				line = append(line, c)
			} else {
				line = append(line, '%', digits[c>>4], digits[c&15])
			}
		}
	}
	return line
}

// What becomes of a question, as metrics call it.
const (
	wentWell   = "ok"
	unanswered = "unanswered" // in time, or at all
	refused    = "refused"    // by whoever is asked
	unread     = "unread"     // it is no answer to a command
)

// reply reads what came of a command into doc.
func (r *Redis) reply(doc *rawjson.Doc, command string, status int, body []byte) (v rawjson.Value, outcome string) {
	switch {
	case status == 0 || status >= 500:
		return v, unanswered
	case status >= 400:
		return v, refused
	case doc.Parse(body) != nil:
		return v, unread
	}
	root := doc.Root()
	if r.Protocol == Upstash {
		command = "result"
		if root.Get("error").Exists() {
			return v, refused
		}
	}
	if v = root.Get(command); !v.Exists() {
		return v, unread
	}
	if r.Protocol == Webdis { // of it a status is an array of whether it is good, and a text
		if good, ok := v.At(0).Bool(); ok && !good {
			return v, refused
		}
	}
	return v, wentWell
}
