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
	plugins []pluginSpec
	hold    bool // allow_on_headers_stop_iteration
	limited bool // bodies may be held up to bufferLimit
	retries int
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
	who    string // client, upstream, callout, await, sleep
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
	roles, options := []string{"downstream"}, []string{"on"}
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
	if len(roles) == 1 {
		s.nameRoots()
		return []*scenario{s}, nil
	}
	return s.variants(roles, options), nil
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
	case "timeout":
		s.timeout, err = time.ParseDuration(value)
	case "backoff":
		s.backoff, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("option %q: want matrix, roles, off, limited, retries, timeout or backoff", key)
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

// variants are a scenario on both sides of the router, with and without the option.
func (s *scenario) variants(roles, options []string) []*scenario {
	var all []*scenario
	for _, role := range roles {
		for _, option := range options {
			v, variant := *s, role
			if len(options) > 1 {
				v.hold, variant = option == "on", role+" / "+option
			}
			v.name += "[" + strings.ReplaceAll(variant, " / ", ",") + "]"
			v.cells = nil
			for _, c := range s.cells {
				v.cells = append(v.cells, variant+" / "+c)
			}
			v.plugins = slices.Clone(s.plugins)
			for i := range v.plugins {
				v.plugins[i].upstream = role == "upstream"
				if v.plugins[i].vm == s.name {
					v.plugins[i].vm = v.name
				}
			}
			v.nameRoots()
			all = append(all, &v)
		}
	}
	return all
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
	if !slices.Contains([]string{"client", "upstream", "callout", "await", "sleep"}, who) {
		return step{}, fmt.Errorf("step %q: want client, upstream, callout, await or sleep", line)
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
