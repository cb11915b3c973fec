package differential

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A scenario is one variant of a file: what is set up, and what then happens.
type scenario struct {
	name    string // area/file, with its variant behind it
	about   string
	cells   []string
	variant []string // what is varied, in words
	plugins []pluginSpec
	hold    bool // allow_on_headers_stop_iteration
	limited bool // bodies may be held up to bufferLimit
	retries int
	follows int // redirects
	timeout time.Duration
	backoff time.Duration // of a plugin's reload
	steps   []step
}

// A pluginSpec is a Wasm filter of a scenario.
type pluginSpec struct {
	name     string
	upstream bool
	vm       string // its id
	vmConfig string
	policy   string // FAIL_CLOSED unless set
	rootID   string
	module   string // file of another module than the probe, if any
	script   string
}

// bufferLimit is the least that Envoy can be told for HTTP/2.
const bufferLimit = 65535

// A process is a folder of areas: scenarios that run in one proxy, one after another.
type process struct {
	name      string
	workers   int
	scenarios []*scenario
}

// A step is one line of a scenario's exchange.
type step struct {
	text   string
	who    string // client, upstream, callout, grpc, await, sleep
	stream int    // from 1
	words  []string
}

// loadProcesses reads all folders below a directory, and keeps the scenarios whose
// names match.
func loadProcesses(dir string, only *regexp.Regexp) ([]*process, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []*process
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		p := &process{name: f.Name(), workers: 1}
		if strings.HasPrefix(p.name, "workers") {
			p.workers = 2
		}
		files, err := filepath.Glob(filepath.Join(dir, p.name, "*", "*.txtar"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			area, base := filepath.Base(filepath.Dir(file)), strings.TrimSuffix(filepath.Base(file), ".txtar")
			variants, err := parseScenario(p.name, area+"/"+base, string(text))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			for _, v := range variants {
				if only.MatchString(v.name) {
					p.scenarios = append(p.scenarios, v)
				}
			}
		}
		if p.name == "state" {
			calls, err := loadCalls(filepath.Join(dir, "..", "..", "testdata", "calls"))
			if err != nil {
				return nil, err
			}
			for _, s := range calls {
				if only.MatchString(s.name) {
					p.scenarios = append(p.scenarios, s)
				}
			}
		}
		if len(p.scenarios) > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}

// parseScenario reads a file and returns its variants.
func parseScenario(process, name, text string) ([]*scenario, error) {
	about, sections, err := splitSections(text)
	if err != nil {
		return nil, err
	}
	s := &scenario{name: name, about: about, hold: true, backoff: reloadBackoff}
	var roles, options, ends []string
	for _, sec := range sections {
		switch head := strings.Fields(sec.title); head[0] {
		case "cells":
			s.cells = nonEmptyLines(sec.body)
		case "options":
			for _, line := range nonEmptyLines(sec.body) {
				switch line {
				case "matrix":
					roles, options = []string{"downstream", "upstream"}, []string{"on", "off"}
				case "roles":
					roles = []string{"downstream", "upstream"}
				default:
					if list, ok := strings.CutPrefix(line, "ends "); ok {
						ends = strings.Split(list, ", ")
						continue
					}
					if err := s.option(line); err != nil {
						return nil, err
					}
				}
			}
		case "plugin", "upstream-plugin":
			p := pluginSpec{name: "probe", upstream: head[0] != "plugin", vm: process, script: sec.body}
			for _, a := range head[1:] {
				if err := p.attribute(s, a); err != nil {
					return nil, err
				}
			}
			s.plugins = append(s.plugins, p)
		case "vm": // configuration of the last plugin's VM
			if len(s.plugins) == 0 {
				return nil, errors.New("vm: want a plugin before it")
			}
			s.plugins[len(s.plugins)-1].vmConfig = sec.body
		case "steps":
			for _, line := range nonEmptyLines(sec.body) {
				st, err := parseStep(line)
				if err != nil {
					return nil, err
				}
				s.steps = append(s.steps, st)
			}
		default:
			return nil, fmt.Errorf("section %q: want cells, options, plugin, upstream-plugin, vm or steps", sec.title)
		}
	}
	if len(s.cells) == 0 || len(s.steps) == 0 {
		return nil, errors.New("want cells and steps")
	}
	return s.variants(roles, options, ends)
}

func (s *scenario) option(line string) error {
	key, value, _ := strings.Cut(line, " ")
	var err error
	switch key {
	case "off":
		s.hold = false
	case "limited":
		s.limited = true
	case "retries":
		s.retries, err = strconv.Atoi(value)
	case "redirects":
		s.follows, err = strconv.Atoi(value)
	case "timeout":
		s.timeout, err = time.ParseDuration(value)
	case "backoff":
		s.backoff, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("option %q: want matrix, roles, ends, off, limited, retries, redirects, timeout or backoff", key)
	}
	return err
}

func (p *pluginSpec) attribute(s *scenario, a string) error {
	key, value, _ := strings.Cut(a, "=")
	switch key {
	case "name":
		p.name = value
	case "vm":
		p.vm = value
		if value == "own" {
			p.vm = s.name
		}
	case "policy":
		p.policy = value
	case "module":
		p.module = value
	case "root":
		p.rootID = value
	default:
		return fmt.Errorf("plugin attribute %q: want name, vm, policy, module or root", key)
	}
	return nil
}

// ending is the step that breaks a stream off. A reply comes from another stream, if
// the script answers that one's four headers more.
func ending(name string) (step, error) {
	switch name {
	case "disconnect":
		return parseStep("client close")
	case "reply":
		return parseStep("client.2 headers end x-b=1 x-c=1")
	}
	return parseStep(name) // client reset, upstream reset, upstream close
}

// variants are a scenario on both sides of the router, with and without the option,
// and with each of some ends. What does not vary is not in their names.
func (s *scenario) variants(roles, options, endings []string) ([]*scenario, error) {
	all := []*scenario{s.clone("")}
	vary := func(values []string, change func(v *scenario, value string) error) error {
		if len(values) == 0 {
			return nil
		}
		var varied []*scenario
		for _, one := range all {
			for _, value := range values {
				v := one.clone(value)
				if err := change(v, value); err != nil {
					return err
				}
				varied = append(varied, v)
			}
		}
		all = varied
		return nil
	}
	err := errors.Join(vary(roles, func(v *scenario, role string) error {
		for i := range v.plugins {
			v.plugins[i].upstream = role == "upstream"
		}
		return nil
	}), vary(options, func(v *scenario, option string) error {
		v.hold = option == "on"
		return nil
	}), vary(endings, func(v *scenario, end string) error {
		st, err := ending(end)
		v.steps = append(v.steps, st)
		return err
	}))
	for _, v := range all {
		v.nameVariant(s)
	}
	return all, err
}

func (s *scenario) clone(variant string) *scenario {
	v := *s
	v.plugins, v.steps = slices.Clone(s.plugins), slices.Clone(s.steps)
	v.cells, v.variant = slices.Clone(s.cells), slices.Clone(s.variant)
	if variant != "" {
		v.variant = append(v.variant, variant)
	}
	return &v
}

// nameVariant puts what was varied behind the name and in front of the cells, and
// gives a VM of the scenario's own to each variant.
func (s *scenario) nameVariant(of *scenario) {
	if len(s.variant) > 0 {
		s.name += "[" + strings.ReplaceAll(strings.Join(s.variant, ","), " ", "_") + "]" // a log line's prefix is cut at spaces
		for i, c := range s.cells {
			s.cells[i] = strings.Join(append(slices.Clone(s.variant), c), " / ")
		}
	}
	for i := range s.plugins {
		if s.plugins[i].vm == of.name {
			s.plugins[i].vm = s.name
		}
	}
	s.nameRoots()
}

// nameRoots gives every plugin a root id by which its log lines are known.
func (s *scenario) nameRoots() {
	for i := range s.plugins {
		if s.plugins[i].rootID == "" {
			s.plugins[i].rootID = s.name + "#" + strconv.Itoa(i)
		}
	}
}

// owns says whether a root id is one of the scenario's.
func (s *scenario) owns(rootID string) bool {
	return slices.ContainsFunc(s.plugins, func(p pluginSpec) bool { return p.rootID == rootID })
}

type section struct{ title, body string }

// splitSections cuts a file at its lines "-- title --".
func splitSections(text string) (about string, sections []section, err error) {
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(trimmed, "-- "); ok && strings.HasSuffix(title, " --") {
			sections = append(sections, section{title: strings.TrimSuffix(title, " --")})
			continue
		}
		if len(sections) == 0 {
			about += line
		} else {
			sections[len(sections)-1].body += line
		}
	}
	if strings.TrimSpace(about) == "" {
		return "", nil, errors.New("want a sentence about the scenario in front")
	}
	return strings.TrimSpace(about), sections, nil
}

func nonEmptyLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, line)
		}
	}
	return out
}

func parseStep(line string) (step, error) {
	words, err := splitWords(line)
	if err != nil {
		return step{}, fmt.Errorf("step %q: %w", line, err)
	}
	st := step{text: line, stream: 1, words: words[1:]}
	who, number, numbered := strings.Cut(words[0], ".")
	st.who = who
	if numbered {
		if st.stream, err = strconv.Atoi(number); err != nil {
			return step{}, fmt.Errorf("step %q: %w", line, err)
		}
	}
	if !slices.Contains([]string{"client", "upstream", "callout", "grpc", "await", "sleep"}, who) {
		return step{}, fmt.Errorf("step %q: want client, upstream, callout, grpc, await or sleep", line)
	}
	return st, nil
}

// splitWords cuts at spaces; a word in double quotes has Go's escapes.
func splitWords(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " ")
		if line == "" {
			return words, nil
		}
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, err
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), line[len(quoted):]
	}
}
