// Package cachetest is a Redis behind HTTP, for tests of what speaks to one: as much of it as
// the cache uses, in both protocols, in memory.
package cachetest

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
)

// A Redis is one. Its zero value is empty, and speaks as Webdis does.
type Redis struct {
	Upstash bool
	Values  map[string]string
	Seconds map[string]string // that they were to be kept
	Words   [][]string        // of each command that has come
}

// Answer carries out the command that a callout has.
func (r *Redis) Answer(c *adapters.Callout) (status int, body []byte) {
	words := r.words(c)
	r.Words = append(r.Words, words)
	if len(words) == 0 {
		return 400, []byte(`{"error":"ERR no command"}`)
	}
	v, ok := r.do(words)
	switch {
	case r.Upstash && !ok:
		return 400, encoded(map[string]any{"error": v})
	case r.Upstash:
		return 200, encoded(map[string]any{"result": v})
	case !ok:
		v = []any{false, v}
	case v == "OK" || v == "PONG":
		v = []any{true, v}
	}
	return 200, encoded(map[string]any{words[0]: v})
}

func (r *Redis) words(c *adapters.Callout) (words []string) {
	if r.Upstash {
		if c.Method != "POST" || c.Path != "/" || json.Unmarshal(c.Body, &words) != nil {
			return nil
		}
		return words
	}
	line := c.Path[1:]
	if c.Method == "POST" {
		line = string(c.Body)
	}
	for word := range strings.SplitSeq(line, "/") {
		clear, err := url.PathUnescape(word)
		if err != nil || strings.Contains(word, ".") { // a format
			return nil
		}
		words = append(words, clear)
	}
	if c.Method == "PUT" {
		words = append(words, string(c.Body))
	}
	return words
}

func (r *Redis) do(words []string) (v any, ok bool) {
	if r.Values == nil {
		r.Values, r.Seconds = map[string]string{}, map[string]string{}
	}
	switch {
	case words[0] == "PING" && len(words) == 1:
		return "PONG", true
	case words[0] == "MGET" && len(words) > 1:
		var list []any
		for _, name := range words[1:] {
			if v, ok := r.Values[name]; ok {
				list = append(list, v)
			} else {
				list = append(list, nil)
			}
		}
		return list, true
	case words[0] == "SETEX" && len(words) == 4:
		r.Values[words[1]], r.Seconds[words[1]] = words[3], words[2]
		return "OK", true
	case words[0] == "DEL" && len(words) == 2:
		_, was := r.Values[words[1]]
		delete(r.Values, words[1])
		if was {
			return 1, true
		}
		return 0, true
	case words[0] == "EVAL" && len(words) == 9 && words[2] == "2": // there are but two scripts, which begin alike and end alike
		name, log := words[3], words[4]
		most, _ := strconv.Atoi(words[8])
		all := words[7] + r.Values[log]
		r.Values[log], r.Seconds[log] = all[:min(len(all), most)], words[6]
		if strings.Contains(words[1], "'DEL'") {
			return r.do([]string{"DEL", name})
		}
		was, _ := strconv.ParseInt(r.Values[name], 10, 64)
		if is, _ := strconv.ParseInt(words[5], 10, 64); is > was {
			r.Values[name], r.Seconds[name] = words[5], words[6]
		}
		return 1, true
	}
	return "ERR unknown command", false
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // of texts, numbers and lists
		return nil
	}
	return b
}
