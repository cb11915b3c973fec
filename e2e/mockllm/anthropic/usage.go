package anthropic

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// What a prompt costs beside its texts.
const (
	perMessage = 3
	perPrompt  = 4
	perMedia   = 85
)

// cacheFrom is the least number of tokens that is cached.
const cacheFrom = 1024

// A segment is one block of the prompt, in the order in which prompts are cached.
type segment struct {
	text  string
	cost  int // tokens
	mark  *cacheMark
	empty bool // an empty text block
}

// segments cuts a prompt into tools, system and messages.
func (r *request) segments() []segment {
	var out []segment
	for _, t := range r.Tools {
		mark := t.CacheControl
		t.CacheControl = nil
		b, _ := json.Marshal(t) // of values that were just decoded
		out = append(out, segment{text: string(b), cost: tokens.Count(string(b)), mark: mark})
	}
	for _, b := range r.System {
		out = append(out, b.segment("system"))
	}
	for _, m := range r.Messages {
		for i, b := range m.Content {
			s := b.segment(m.Role)
			if i == 0 {
				s.cost += perMessage
			}
			out = append(out, s)
		}
	}
	if r.CacheControl != nil && len(out) > 0 && out[len(out)-1].mark == nil {
		out[len(out)-1].mark = r.CacheControl
	}
	return out
}

func (b block) segment(role string) segment {
	text := b.Text + b.Thinking + b.Name + string(b.Input)
	s := segment{mark: b.CacheControl, empty: b.Type == "text" && b.Text == ""}
	if b.Type == "image" || b.Type == "document" && b.Source.Type != "text" {
		s.cost = perMedia
	} else {
		text += b.Source.Data
	}
	for _, inner := range b.Content {
		part := inner.segment("")
		text += part.text
		s.cost += part.cost - tokens.Count(part.text)
	}
	s.cost += tokens.Count(text)
	s.text = role + "/" + b.Type + "/" + text
	if role == "" {
		s.text = text
	}
	return s
}

func total(list []segment) int {
	n := perPrompt
	for _, s := range list {
		n += s.cost
	}
	return n
}

type usage struct {
	InputTokens   int            `json:"input_tokens"`
	CacheCreation int            `json:"cache_creation_input_tokens"`
	CacheRead     int            `json:"cache_read_input_tokens"`
	Created       createdTokens  `json:"cache_creation"`
	OutputTokens  int            `json:"output_tokens"`
	Details       *outputDetails `json:"output_tokens_details,omitempty"`
	ServiceTier   string         `json:"service_tier"`
	ServerTools   *serverTools   `json:"server_tool_use,omitempty"`
}

type createdTokens struct {
	FiveMinutes int `json:"ephemeral_5m_input_tokens"`
	OneHour     int `json:"ephemeral_1h_input_tokens"`
}

type outputDetails struct {
	ThinkingTokens int `json:"thinking_tokens"`
}

type serverTools struct {
	WebSearches int `json:"web_search_requests"`
	WebFetches  int `json:"web_fetch_requests"`
}

// count looks which beginning of the prompt the cache knows, and lets it learn up to the last mark.
func (a *api) count(r *request) usage {
	list := r.segments()
	h := sha256.New()
	h.Write([]byte(r.Model))
	sum, read, written := perPrompt, 0, 0
	var last *cacheMark
	for _, s := range list {
		h.Write([]byte(s.text))
		h.Write([]byte{0})
		sum += s.cost
		key := string(h.Sum(nil))
		if sum >= cacheFrom && a.env.Cache.Seen(key) {
			read = sum
		}
		if s.mark != nil && sum >= cacheFrom {
			written, last = sum, s.mark
			a.env.Cache.Add(key)
		}
	}
	if last == nil { // nothing is read without a mark of one's own
		read = 0
	}
	u := usage{CacheRead: read, CacheCreation: max(0, written-read), ServiceTier: "standard"}
	if u.CacheCreation > 0 && last.TTL == "1h" {
		u.Created.OneHour = u.CacheCreation
	} else {
		u.Created.FiveMinutes = u.CacheCreation
	}
	u.InputTokens = sum - u.CacheRead - u.CacheCreation
	return u
}

func (u usage) journal() journal.Usage {
	j := journal.Usage{Input: u.InputTokens + u.CacheRead + u.CacheCreation, CacheRead: u.CacheRead, CacheWrite: u.CacheCreation, Output: u.OutputTokens}
	if u.Details != nil {
		j.Reasoning = u.Details.ThinkingTokens
	}
	return j
}
