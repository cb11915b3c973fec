package output

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/trie"
)

// Type is the guard as configurations name it.
func Type() guard.Type {
	return guard.Type{Name: "output", Doc: "Finds the system prompt, links and images of hosts that are not listed, and denied words in answers.",
		On: []string{"response"}, Options: options}
}

// Codes of what is found.
const (
	codeLeak = "system_prompt_leak"
	codeLink = "link_not_allowed"
	codeDeny = "denied_words"
)

// removed is what stands for what was taken out.
const removed = "[removed]"

// A policy is the guard's configuration.
type policy struct {
	action guard.Action // of the leak and of denied words; Pass: they are taken out
	leak   int          // words in a row of a system prompt; 0: not looked at
	images bool         // of hosts that are not listed are taken out
	links  bool
	hosts  []string
	denied *trie.Trie // nil: none
}

func options(o *strict.Object, _ guard.Setting) guard.Policy {
	p := &policy{}
	switch o.Enum("action", "What becomes of an answer with its system prompt or a denied word: block ends it with an error, strip takes them out, flag only says so. Links and images are taken out, unless it is flag.",
		"block", "block", "strip", "flag") {
	case "block":
		p.action = guard.Block
	case "flag":
		p.action = guard.Flag
	}
	p.leak = o.Int("system_prompt", "How many words of the request's system prompt, in a row, an answer must not have; of a shorter one, three quarters, but no fewer than 8. 0 does not look.", 20, 0, 1000)
	if p.leak > 0 && p.leak < leastLeak {
		o.Fail("system_prompt", "want 0, or at least 8: fewer words in a row are in many answers")
	}
	p.images = o.Enum("images", "Which images an answer may show: those of listed hosts, since a client fetches an image without asking and so tells its URL to the host; or any.", "listed", "listed", "any") == "listed"
	p.links = o.Enum("links", "Which hosts an answer may link to: listed, or any.", "any", "listed", "any") == "listed"
	for i, h := range o.Strings("hosts", "Hosts that images and links may lead to, without port, with * for any characters: *.example.com.") {
		if h == "" || strings.ContainsAny(h, "/:@ ") {
			o.FailItem("hosts", i, "want a host name without scheme, port and path")
		}
		p.hosts = append(p.hosts, strings.ToLower(h))
	}
	p.denied = readDenied(o)
	return p
}

// New begins a request.
func (p *policy) New(guard.Caller) guard.Guard {
	return &watch{policy: p, counts: []guard.Count{{Name: codeLeak}, {Name: codeLink}, {Name: codeDeny}}}
}

// A watch is the guard of one request and its answer.
type watch struct {
	policy *policy
	prompt shingles
	counts []guard.Count
}

// Open reads system prompts, to know them again, and what answers say.
func (w *watch) Open(d guard.Direction, p guard.Part) guard.Check {
	switch {
	case d == guard.Request && p.Role == guard.System && p.Kind == guard.Text && w.policy.leak > 0:
		return &learner{prompt: &w.prompt}
	case d == guard.Response && p.Kind != guard.Arguments:
		return w.check()
	}
	return nil
}

// Next forgets the system prompt.
func (w *watch) Next() { w.prompt = shingles{} }

// Counts is how often each was found.
func (w *watch) Counts() []guard.Count {
	found := make([]guard.Count, 0, len(w.counts))
	for _, c := range w.counts {
		if c.N > 0 {
			found = append(found, c)
		}
	}
	return found
}

// A reader looks for one thing.
type reader interface {
	// read goes on in an answer, of which it gets the bytes from base on, and says up to
	// where, from the answer's beginning, nothing of what it looks for can begin any more.
	// last means that nothing follows.
	read(text []byte, base int, last bool, found func(start, end int, with string)) int
}

// A part is a reader and what becomes of what it finds.
type part struct {
	reader
	what   int // of the counts
	code   string
	action guard.Action
}

func (w *watch) check() guard.Check {
	p := w.policy
	c := &check{watch: w}
	if n := w.prompt.least(p.leak); n > 0 {
		c.parts = append(c.parts, part{&leak{prompt: &w.prompt, least: n}, 0, codeLeak, p.action})
	}
	if p.images || p.links {
		c.parts = append(c.parts, part{&links{policy: p}, 1, codeLink, p.action &^ guard.Block})
	}
	if p.denied != nil {
		c.parts = append(c.parts, part{&deny{terms: p.denied}, 2, codeDeny, p.action})
	}
	if len(c.parts) == 0 {
		return nil
	}
	return c
}

// A check reads one text of an answer.
type check struct {
	watch   *watch
	parts   []part
	text    []byte // what is not decided
	base    int    // where that begins in the answer
	pending []guard.Edit
	out     []guard.Edit
	verdict guard.Verdict
}

// Feed takes the next piece.
func (c *check) Feed(text []byte, last bool) guard.Result {
	c.text = append(c.text, text...)
	end := c.base + len(c.text)
	decided := end
	for i := range c.parts {
		p := &c.parts[i]
		at := p.read(c.text, c.base, last, func(start, end int, with string) { c.found(p, start, end, with) })
		decided = min(decided, at)
	}
	decided = max(decided, c.base)
	if last {
		decided = end
	}
	c.release(&decided)
	c.text = append(c.text[:0], c.text[decided-c.base:]...)
	c.base = decided
	return guard.Result{Decided: decided, Edits: c.out, Verdict: c.verdict}
}

// found takes what a reader has found.
func (c *check) found(p *part, start, end int, with string) {
	if with != "" {
		c.watch.counts[p.what].N++
	}
	if p.action == guard.Pass {
		c.pending = append(c.pending, guard.Edit{Start: start, End: end, With: []byte(with)})
	}
	if a := max(p.action, guard.Flag); a > c.verdict.Action {
		c.verdict = guard.Verdict{Action: a, Code: p.code, Message: message(p.what), Score: 1}
	}
}

func message(what int) string {
	return [...]string{"the answer repeats what the model was told in confidence", "the answer links to where it must not", "the answer has words that are not allowed"}[what]
}

// release moves the edits that are decided to out, in order and apart; where two would
// touch the same bytes the first one holds, for all that both cover.
func (c *check) release(decided *int) {
	for i := range c.pending { // which are nearly in order
		for k := i; k > 0 && before(c.pending[k], c.pending[k-1]); k-- {
			c.pending[k], c.pending[k-1] = c.pending[k-1], c.pending[k]
		}
	}
	c.out = c.out[:0]
	n := 0
	for ; n < len(c.pending); n++ {
		e := c.pending[n]
		if e.Start >= *decided {
			break
		}
		if e.End > *decided {
			*decided = e.Start
			break
		}
		if k := len(c.out); k > 0 && e.Start < c.out[k-1].End {
			c.out[k-1].End = max(c.out[k-1].End, e.End)
			continue
		}
		c.out = append(c.out, e)
	}
	c.pending = append(c.pending[:0], c.pending[n:]...)
}

// before orders edits by where they begin, the longest first.
func before(a, b guard.Edit) bool {
	return a.Start < b.Start || a.Start == b.Start && a.End > b.End
}

// Ask asks nobody.
func (c *check) Ask() *guard.Callout { return nil }
