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
	Attempt         *attempt // nil: none of its own
}

// An attempt is the module as a filter of a cluster's.
type attempt struct {
	Module      string
	Environment []string
}

// redirects are the clusters that the proxy redirects to, each once.
func redirects(plan *config.Plan, environment []string, o Options) ([]member, error) {
	var all []member
	filter := &attempt{o.Module, environment}
	for m := range plan.EachModel {
		for _, g := range m.Groups {
			if !g.Redirect {
				continue
			}
			for _, t := range inOrder(g, 0) {
				to, err := newCluster(t.Provider, o.Upstreams[t.Provider.Label()])
				if err != nil {
					return nil, fmt.Errorf("provider %s: %w", t.Provider.Label(), err)
				}
				if t.Cluster == to.Name {
					return nil, fmt.Errorf("model %s: the cluster %s is for what the gateway itself asks its provider, and has no attempt filter", m.Name, to.Name)
				}
				to.Name = t.Cluster
				switch at := slices.IndexFunc(all, func(x member) bool { return x.Name == to.Name }); {
				case at < 0:
					all = append(all, member{cluster: to, CA: o.CA, Attempt: filter})
				case all[at].cluster != to:
					return nil, fmt.Errorf("model %s: the cluster %s leads elsewhere for others", m.Name, to.Name)
				}
			}
		}
	}
	return all, nil
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
		m := member{cluster: to, Provider: t.Provider.Name, Model: t.Model, CA: o.CA}
		if slices.Contains(c.Members, m) {
			return c, fmt.Errorf("the target %s/%s is there twice", m.Provider, m.Model)
		}
		c.Members = append(c.Members, m)
	}
	return c, nil
}
