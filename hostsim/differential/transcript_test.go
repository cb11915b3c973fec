package differential

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// A transcript is all that was seen of a scenario so far, by who saw it: "client 1",
// "upstream 1", "callout 1", "log worker 0".
type transcript map[string][]string

// prune leaves out who has seen nothing.
func (t transcript) prune() {
	for who, lines := range t {
		if len(lines) == 0 {
			delete(t, who)
		}
	}
}

// logs are what plugins have logged.
func (t transcript) logs() transcript {
	out := transcript{}
	for who, lines := range t {
		if strings.HasPrefix(who, "log ") {
			out[who] = lines
		}
	}
	return out
}

// A half is what one side of a stream has got, as lines of a transcript: how a body
// was cut is no part of it, for a proxy is free to cut it anew.
type half struct {
	lines []string
	body  []byte
	over  bool
}

func (h *half) headers(kind string, fields hostsim.Headers, end bool) {
	h.flush()
	var b strings.Builder
	b.WriteString(kind)
	for _, f := range fields {
		if !addedByProxy(f.Name) {
			b.WriteString(" " + strconv.Quote(f.Name+"="+f.Value))
		}
	}
	h.lines = append(h.lines, b.String())
	h.end(end)
}

func (h *half) data(p []byte, end bool) {
	if !h.over {
		h.body = append(h.body, p...)
	}
	h.end(end)
}

func (h *half) end(end bool) {
	if end && !h.over {
		h.flush()
		h.over = true
		h.lines = append(h.lines, "end")
	}
}

// reset counts only while something is to come: behind the end it is how HTTP/2
// says that the rest of the request is not wanted.
func (h *half) reset() {
	if !h.over {
		h.flush()
		h.over = true
		h.lines = append(h.lines, "reset")
	}
}

func (h *half) flush() {
	if len(h.body) > 0 {
		h.lines = append(h.lines, "data "+show(h.body))
		h.body = nil
	}
}

// seen is the lines so far.
func (h *half) seen() []string {
	lines := slices.Clone(h.lines)
	if len(h.body) > 0 {
		lines = append(lines, "data "+show(h.body))
	}
	return lines
}

// show is bytes for people; of long ones the beginning, the length and a sum.
func show(p []byte) string {
	if len(p) <= 200 {
		return strconv.Quote(string(p))
	}
	sum := fnv.New64a()
	sum.Write(p)
	return fmt.Sprintf("%q… %d bytes %x", p[:40], len(p), sum.Sum64())
}

// addedByProxy tells what Envoy's connection manager, router and async client add,
// which is not about filters.
func addedByProxy(name string) bool {
	switch name {
	case "date", "x-envoy-internal", "x-forwarded-for", "x-envoy-expected-rq-timeout-ms":
		return true
	}
	return false
}

// difference says how two transcripts differ; "" if they do not.
func difference(sim, real transcript) string {
	groups := map[string]bool{}
	for g := range sim {
		groups[g] = true
	}
	for g := range real {
		groups[g] = true
	}
	names := make([]string, 0, len(groups))
	for g := range groups {
		names = append(names, g)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, g := range names {
		if !slices.Equal(sim[g], real[g]) {
			fmt.Fprintf(&b, "%s:\n%s", g, diff(sim[g], real[g]))
		}
	}
	return b.String()
}

// diff is two lists as one, without what they have in common but for two lines in front.
func diff(sim, real []string) string {
	n := 0
	for n < min(len(sim), len(real)) && sim[n] == real[n] {
		n++
	}
	before := sim[max(0, n-2):n]
	sim, real = sim[n:], real[n:]
	for len(sim) > 0 && len(real) > 0 && sim[len(sim)-1] == real[len(real)-1] {
		sim, real = sim[:len(sim)-1], real[:len(real)-1]
	}
	var b strings.Builder
	write := func(who string, lines []string) {
		const most = 12
		for i, l := range lines {
			if i == most {
				fmt.Fprintf(&b, "  %s … %d more\n", who, len(lines)-most)
				return
			}
			fmt.Fprintf(&b, "  %s %s\n", who, l)
		}
	}
	write("       ", before)
	if len(sim) != len(real) {
		write("hostsim", sim)
		write("Envoy  ", real)
		return b.String()
	}
	for i := range sim {
		if sim[i] != real[i] {
			write("hostsim", sim[i:i+1])
			write("Envoy  ", real[i:i+1])
		}
	}
	return b.String()
}
