package config

import "github.com/postern-gateway/postern/adapters/strict"

// mechanism reads who tries what follows on a failure.
func (r *reader) mechanism(g *Group, o *strict.Object) {
	word := o.Enum("mechanism", "Who tries what follows when a target fails: plugin, by callouts whose answers come in one piece; native, the proxy's own retries with streams as they come; or redirect, the plugin's choice by the proxy's internal redirects, with streams as they come. For native and redirect the clusters have this module as an upstream filter with role: attempt.", "plugin", "plugin", "native", "redirect")
	g.Native, g.Redirect = word == "native", word == "redirect"
	g.Cluster = o.Str("cluster", "With mechanism: native, the proxy's cluster that has all targets and fallbacks: their endpoints' metadata say provider and model.", "")
	switch {
	case !g.Native && g.Cluster != "":
		o.Fail("cluster", "goes with mechanism: native; otherwise each target has its own")
	case word != "plugin" && r.out.HoldHeaders == HoldNever:
		o.Fail("mechanism", word+" needs the bodies of requests: it cannot be with hold_headers: never")
	}
}

// ownCluster reads where requests go that begin at a target, and are handed over.
func (t *Target) ownCluster(g *Group, o *strict.Object) {
	t.Cluster = o.Str("cluster", "With mechanism: native, a cluster that begins with this target, for strategies to choose from; empty is that of the group. With mechanism: redirect, the target's cluster with the attempt filter.", "")
	switch {
	case !g.HandsOver() && t.Cluster != "":
		o.Fail("cluster", "goes with mechanism: native or redirect; otherwise a request goes to the cluster of its provider")
	case g.Native && g.Cluster+t.Cluster == "":
		o.Fail("cluster", "is required with mechanism: native, here or for all targets")
	case g.Redirect && t.Cluster == "":
		o.Fail("cluster", "is required with mechanism: redirect")
	case g.Native && t.Cluster == "" && o.Has("weight"):
		o.Fail("weight", "needs a cluster of the target's own; within the group's it is the load_balancing_weight of the proxy's endpoint")
	}
	g.Picks = g.Picks || t.Cluster != ""
}

// ownCluster reads where the proxy redirects to.
func (f *Fallback) ownCluster(g *Group, o *strict.Object) {
	f.Cluster = o.Str("cluster", "With mechanism: redirect, the target's cluster with the attempt filter.", "")
	switch {
	case !g.Redirect && f.Cluster != "":
		o.Fail("cluster", "goes with mechanism: redirect")
	case g.Redirect && f.Cluster == "":
		o.Fail("cluster", "is required with mechanism: redirect")
	}
}

// leaveToProxy refuses what a native group cannot decide.
func (g *Group) leaveToProxy(o *strict.Object) {
	if g.Native && o.Has("continue") {
		o.Fail("continue", "goes with mechanism: plugin; the proxy does not retry what has begun")
	}
	if g.Native && !g.Picks && o.Has("strategy") {
		o.Fail("strategy", "needs a cluster for each target; within one cluster the proxy's load balancing picks")
	}
}

// EachModel visits all models, whoever they belong to: range over it.
func (p *Plan) EachModel(yield func(*Model) bool) {
	lists := []*Models{p.Models}
	for _, t := range p.Tenants {
		lists = append(lists, p.spaces[t.Name].parts[0].models)
	}
	for _, l := range lists {
		for _, m := range l.list {
			if !yield(m) {
				return
			}
		}
	}
}
