package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/config"
)

// A chain is a cluster whose members the proxy tries one after another.
type chain struct {
	Name    string
	Members []member
}

// A member is a cluster that is one target of a chain, which its endpoint's metadata name.
// One that is in no chain has neither Provider nor Model.
type member struct {
	cluster
	Provider, Model string
	CA              string
}

// chains are those of the plan's native groups, each once.
func chains(plan *config.Plan, o Options) ([]chain, error) {
	var all []chain
	taken := map[string]string{} // what is in a chain, by its name
	for m := range plan.EachModel {
		for _, g := range m.Groups {
			if !g.Native {
				continue
			}
			for i, t := range g.Targets {
				name := t.Cluster
				if name == "" {
					name, i = g.Cluster, 0
				}
				c, err := newChain(name, inOrder(g, i), o)
				if err != nil {
					return nil, fmt.Errorf("model %s: %w", m.Name, err)
				}
				what := fmt.Sprint(c)
				if before, ok := taken[name]; !ok {
					all = append(all, c)
				} else if before != what {
					return nil, fmt.Errorf("model %s: the cluster %s has other members elsewhere", m.Name, name)
				}
				taken[name] = what
			}
		}
	}
	return all, nil
}

// inOrder are all places of a group, the one at first before the others.
func inOrder(g *config.Group, first int) []config.Target {
	all := []config.Target{g.Targets[first]}
	for i, t := range g.Targets {
		if i != first {
			all = append(all, t)
		}
	}
	for _, f := range g.Fallback {
		all = append(all, f.Target)
	}
	return all
}

func newChain(name string, targets []config.Target, o Options) (chain, error) {
	c := chain{Name: name}
	for _, t := range targets {
		to, err := newCluster(t.Provider, o.Upstreams[t.Provider.Label()])
		if err != nil {
			return c, fmt.Errorf("provider %s: %w", t.Provider.Label(), err)
		}
		to.Name = strings.Join([]string{name, t.Provider.Name, t.Model}, "/")
		m := member{to, t.Provider.Name, t.Model, o.CA}
		if slices.Contains(c.Members, m) {
			return c, fmt.Errorf("the target %s/%s is there twice", m.Provider, m.Model)
		}
		c.Members = append(c.Members, m)
	}
	return c, nil
}
