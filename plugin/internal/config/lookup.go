package config

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// Host reports whether a host, in lower case and without port, is among those of m.
func (m *Match) Host(host string) bool {
	if len(m.Hosts) == 0 {
		return true
	}
	for _, h := range m.Hosts {
		if rest, any := strings.CutPrefix(h, "*"); h == host || any && strings.HasSuffix(host, rest) {
			return true
		}
	}
	return false
}

// A keySet finds who a key belongs to. Only the keys' SHA-256 is stored and the
// look-up is by it, so its time tells nothing about a key.
type keySet[T any] map[[sha2.Size]byte]T

func (s keySet[T]) find(key string) (T, bool) {
	v, ok := s[sha2.Sum([]byte(key))]
	return v, ok
}

// Allows reports whether key is one of the admin keys.
func (a *Admin) Allows(key string) bool {
	_, ok := a.keys.find(key)
	return ok
}

// seed is the same whatever the keys' order.
func (a *Admin) seed() string {
	var all [sha2.Size]byte
	for sum := range a.keys {
		for i := range all {
			all[i] ^= sum[i]
		}
	}
	return string(all[:])
}

// Models are the names that clients may ask for, the first match wins.
type Models struct {
	list     []*Model
	exact    map[string]int
	patterns []int // indexes of those with a *
}

func newModels(list []*Model) *Models {
	m := &Models{list: list, exact: make(map[string]int, len(list))}
	for i, x := range list {
		if strings.Contains(x.Name, "*") {
			m.patterns = append(m.patterns, i)
		} else if _, ok := m.exact[x.Name]; !ok {
			m.exact[x.Name] = i
		}
	}
	return m
}

// Near is a hint for somebody who has mistyped a name, or nothing.
func (m *Models) Near(name string) string { return strict.Near(name, m.Names()) }

// Configured reports whether there are any; if not, every name goes to a provider
// that speaks the client's dialect.
func (m *Models) Configured() bool { return len(m.list) > 0 }

// Find is the first model that the name matches.
func (m *Models) Find(name string) (*Model, bool) {
	best, ok := m.exact[name]
	for _, i := range m.patterns {
		if ok && i > best {
			break
		}
		if glob.Match(m.list[i].Name, name) {
			return m.list[i], true
		}
	}
	if !ok {
		return nil, false
	}
	return m.list[best], true
}

// Names are those that a client can ask for as they are, in order, without patterns.
//
//go:noinline
func (m *Models) Names() []string {
	names := make([]string, 0, len(m.list))
	for i, x := range m.list {
		if first, ok := m.exact[x.Name]; ok && first == i {
			names = append(names, x.Name)
		}
	}
	return names
}

// At is the model's first target at a provider; nil if it has none there.
func (m *Model) At(p *Provider) *Target {
	for i := range m.Targets {
		if m.Targets[i].Provider == p {
			return &m.Targets[i]
		}
	}
	return nil
}
