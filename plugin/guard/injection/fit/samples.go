package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/plugin/guard/injection"
)

// A sample is a labelled text.
type sample struct {
	text string
	bags []injection.Bag
	y    float64 // 1: an attack
	n    float64 // what it counts
}

func newSample(r *injection.Rules, text string, foreign bool, y, n float64) *sample {
	s := &sample{text: text, bags: r.Bags([]byte(text), foreign), y: y, n: n}
	if len(s.bags) == 0 {
		s.bags = []injection.Bag{{}}
	}
	return s
}

// hosts are names that attacks of the samples go to; others will choose others.
var hosts = regexp.MustCompile(`(?i)\b(evil|attacker|bad|corp|acme|shop)\.example\b`)

// read reads files of lines: family, language, text.
func read(r *injection.Rules, dir, files string, y float64) ([]*sample, error) {
	var out []*sample
	for file := range strings.SplitSeq(files, ",") {
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		all, err := lines(file)
		if err != nil {
			return nil, err
		}
		for _, line := range all {
			cols := strings.SplitN(line, "\t", 3)
			if len(cols) != 3 {
				return nil, fmt.Errorf("%s: want three columns, got %q", file, line)
			}
			text := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(cols[2])
			foreign := cols[0] == "indirect" || cols[0] == "document"
			out = append(out, newSample(r, hosts.ReplaceAllString(text, "h.example"), foreign, y, 1))
		}
	}
	return out, nil
}

// join makes longer texts: harmless ones of two or three, and attacks that begin harmlessly,
// both as users write them and as documents that nobody vouches for.
func join(r *injection.Rules, attacks, harmless []*sample, light float64) []*sample {
	random := rand.New(rand.NewPCG(5, 6))
	any := func(of []*sample) string { return of[random.IntN(len(of))].text }
	var out []*sample
	add := func(y float64, foreign bool, texts ...string) {
		out = append(out, newSample(r, strings.Join(texts, " "), foreign, y, light))
	}
	for range harmless {
		add(0, false, any(harmless), any(harmless))
		add(0, true, any(harmless), any(harmless), "\n", any(harmless))
		add(1, false, any(harmless), "\n", any(attacks))
		add(1, true, any(harmless), any(attacks), any(harmless))
	}
	return out
}

// grammar makes the sentences that a file describes, always the same ones.
func grammar(r *injection.Rules, file string, light float64) ([]*sample, error) {
	all, err := lines(file)
	if err != nil {
		return nil, err
	}
	slots := map[string][]string{}
	var patterns [][]string
	for _, line := range all {
		if line[0] == '+' || line[0] == '-' {
			patterns = append(patterns, strings.SplitN(line, " ", 3))
			continue
		}
		name, list, ok := strings.Cut(line, " = ")
		if !ok {
			return nil, fmt.Errorf("%s: want a slot or a pattern, got %q", file, line)
		}
		for p := range strings.SplitSeq(list, "|") {
			slots[name] = append(slots[name], strings.TrimSpace(p))
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	var out []*sample
	for _, p := range patterns {
		n, err := strconv.Atoi(p[1])
		if err != nil {
			return nil, fmt.Errorf("%s: want a number, got %q", file, p[1])
		}
		y := 0.0
		if p[0] == "+" {
			y = 1
		}
		for range n {
			text, err := expand(p[2], slots, random)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			out = append(out, newSample(r, text, false, y, light))
		}
	}
	return out, nil
}

// expand fills the slots of a pattern.
func expand(pattern string, slots map[string][]string, random *rand.Rand) (string, error) {
	done := ""
	for {
		before, rest, ok := strings.Cut(pattern, "{")
		done += before
		if !ok {
			return strings.TrimSpace(done), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		list := slots[name]
		if len(list) == 0 { // a brace of JSON
			done, pattern = done+"{", rest
			continue
		}
		pattern = list[random.IntN(len(list))] + after
	}
}
