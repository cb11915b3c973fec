package config

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// accessRules reads rules. Those within a tenant or a tier are about its consumers, as
// which says.
//
//go:noinline
func (r *reader) accessRules(o *strict.Object, which access.When) {
	o.Objects("access", "Who may do what. What any rule denies is refused; who has rules that allow something may do only what one of them allows.", func(_ int, o *strict.Object) {
		x := access.Rule{
			Name:      o.Str("name", "Its name in errors, logs and metrics.", ""),
			Message:   o.Str("message", "What is told to who is refused; empty names the rule.", ""),
			Shadow:    o.Enum("mode", "Whether it is enforced, or only counts and records what it would have done.", "enforce", "enforce", "shadow") == "shadow",
			MaxTokens: int64(o.Int("max_tokens", "Of a cap: how many tokens answers may have at most.", 0, 0, 1<<30)),
			When:      which,
		}
		switch o.Enum("effect", "What it does: deny refuses, allow allows and makes all else forbidden to the same callers, cap lowers how many tokens an answer may have.", "deny", "deny", "allow", "cap") {
		case "allow":
			x.Effect = access.Allow
		case "cap":
			x.Effect = access.Cap
		}
		o.Require("name", "effect")
		if (x.Effect == access.Cap) != (x.MaxTokens > 0) {
			o.Fail("max_tokens", "a cap needs it, and nothing else can have it")
		}
		o.Object("when", "Which requests it is about: those that have something of every list. An empty list is about all.", func(o *strict.Object) { r.when(&x.When, o) })
		r.rules = append(r.rules, x)
	})
}

func (r *reader) when(w *access.When, o *strict.Object) {
	w.Consumers = o.Strings("consumers", "Names of consumers, with * for any characters. Who is unknown is in no list.")
	if w.Tenants == nil {
		w.Tenants = r.named(o, "tenants", "Names of tenants, with * for any characters.", r.tenantNames(), len(r.out.Tenants) > 0)
	}
	if w.Tiers == nil {
		w.Tiers = r.named(o, "tiers", "Names of tiers, with * for any characters.", r.tierNames, len(r.tierNames) > 0)
	}
	w.Tags = o.Strings("tags", "Tags, of which the consumer has one, with * for any characters.")
	w.Models = o.Strings("models", "Names of models, with * for any characters. What denies or caps a model does so under every name that it is asked by; what allows one goes by the name that clients use.")
	w.Providers = o.Strings("providers", "Names of providers, with * for any characters.")
	for i, n := range w.Providers {
		if !r.out.names[n] && !strings.Contains(n, "*") {
			o.FailItem("providers", i, "no provider is called "+strict.Quote(n)+strict.Near(n, r.scope.names()))
		}
	}
	w.Operations = operations(o)
	w.Input = forms(o, "input", "Forms of content in the request: what denies goes by any, and what allows by all of them.")
	w.Output = forms(o, "output", "Forms of content in the answer, the same way.")
	w.Tools = o.Strings("tools", "Names of tools, and types of those that the provider runs, such as web_search*, the same way. * is any tool.")
	w.Hours = hours(o, "Times of the week, such as \"mon-fri 08:00-18:00 +01:00\". Without days it is every day, without a zone UTC; clocks are not set to summer time.")
	for i, s := range o.Strings("networks", "Networks of the client's address, such as 192.0.2.0/24 or 2001:db8::/32.") {
		p, ok := network.ParsePrefix(s)
		if !ok {
			o.FailItem("networks", i, "want a network such as 192.0.2.0/24 or 2001:db8::/32, with nothing after its prefix")
		}
		w.Networks = append(w.Networks, p)
	}
}

// named reads names that have to be among those that there are, where there are any.
func (r *reader) named(o *strict.Object, key, doc string, known []string, check bool) []string {
	list := o.Strings(key, doc)
	for i, n := range list {
		if check && !strings.Contains(n, "*") && !slices.Contains(known, n) {
			o.FailItem(key, i, "there is no "+strict.Quote(n)+strict.Near(n, known))
		}
	}
	return list
}

// operations reads a set of them. Two that have the same name are meant both.
func operations(o *strict.Object) (set access.Operations) {
	var names []string
	for op := adapters.Chat; op < adapters.NumOperations; op++ {
		if !slices.Contains(names, op.String()) && op != adapters.Models {
			names = append(names, op.String())
		}
	}
	for _, n := range o.Enums("operations", "What is asked of a model. Lists of models are not asked of one: they have what the caller may use.", nil, names...) {
		for op := adapters.Chat; op < adapters.NumOperations; op++ {
			if op.String() == n {
				set |= access.Of(op)
			}
		}
	}
	return set
}

func forms(o *strict.Object, key, doc string) (set access.Modality) {
	for _, n := range o.Enums(key, doc, nil, "text", "image", "audio", "video", "file") {
		switch n {
		case "text":
			set |= access.Text
		case "image":
			set |= access.Image
		case "audio":
			set |= access.Audio
		case "video":
			set |= access.Video
		case "file":
			set |= access.File
		}
	}
	return set
}

// hours reads times of the week.
func hours(o *strict.Object, doc string) []access.Hours {
	var list []access.Hours
	for i, s := range o.Strings("hours", doc) {
		h, ok := access.ParseHours(s)
		if !ok {
			o.FailItem("hours", i, "want days, times and how far clocks are from UTC, such as \"mon-fri 08:00-18:00 +01:00\"")
		}
		list = append(list, h...)
	}
	return list
}
