package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// A standing is what a caller has by who it is.
type standing struct {
	space    *config.Space // what it reaches
	tierName string
	tier     *config.Tier // nil: of none
	client   network.Address
	from     string // the same as limits have it, once the proxy cannot be asked any more

	rules []*access.Rule // about the caller
	looks access.Part    // what they look at
}

// enter finds what the caller reaches, once it is known. The provider that the path names
// is looked for there: who may not reach it is told what is told of one that is not there.
func (s *Stream) enter() *chat.Error {
	plan := s.w.plan
	var tenant, tier string
	if s.caller != nil {
		tenant, tier = s.caller.Tenant, s.caller.Tier
	}
	var ok bool
	if s.space, ok = plan.Space(tenant); !ok {
		return strangeCaller("tenant", tenant)
	}
	if s.tierName, s.tier, ok = plan.Tier(tier, s.space); !ok {
		return strangeCaller("tier", s.tierName)
	}
	if plan.TrustedHops > 0 { // of a header that is gone when limits ask
		s.client = s.clientAddress()
	}
	if name := s.within; name != "" {
		s.within = ""
		if s.dropIn, ok = s.space.Provider(name); !ok && name != compatName {
			return unknownProvider(name)
		}
	}
	return s.turnedAway()
}

// clientAddress is where the client is. It is none if that cannot be told: who asks must
// not take another address for it.
func (s *Stream) clientAddress() network.Address {
	if n := s.w.plan.TrustedHops; n > 0 {
		a, _ := network.Forwarded(s.in.forwarded, n)
		return a
	}
	v, _ := s.property("source\x00address")
	a, _ := network.Parse(string(v))
	return a
}

// may reports whether the caller and its tier may use a model by that name.
func (s *Stream) may(model string) bool { return s.caller.May(model) && s.tier.May(model) }

// heldToModels reports whether the caller may use certain models only.
func (s *Stream) heldToModels() bool {
	return s.caller != nil && len(s.caller.Models) > 0 || s.tier != nil && len(s.tier.Models) > 0
}

// question begins what access rules are compared with. It is in the worker's hands until the
// next call.
func (s *Stream) question() *access.Request {
	q := &s.w.question
	q.Caller, q.Tier, q.Tenant = s.caller, s.tierName, "" // what is not known is not looked at, and may be another request's
	if s.caller != nil {
		q.Tenant = s.caller.Tenant
	}
	q.Operation, q.Now, q.Address, q.Known = s.endpoint.Op, s.began, s.client, access.Time
	if op := q.Operation; op != adapters.None && op != adapters.Models {
		q.Known |= access.Operation
	}
	if !s.client.None() {
		q.Known |= access.Address
	}
	if s.dropIn != nil {
		q.Provider = s.dropIn.Name
		q.Known |= access.Provider
	}
	return q
}

// turnedAway finds the rules about the caller and judges by what the headers tell, so that
// nobody's body is held who may do nothing anyway.
func (s *Stream) turnedAway() *chat.Error {
	if s.w.plan.Access.Len() == 0 {
		return nil
	}
	var early bool
	if s.rules, s.looks, early = s.w.plan.Access.About(s.rules[:0], s.question()); !early {
		return nil
	}
	if s.looks&access.Address != 0 {
		s.client = s.clientAddress()
	}
	if v := access.Judge(s.rules, s.question(), access.Lenient); v.Refused {
		return s.denied(v)
	}
	return nil
}

// decide finds the target of a request, unless its path has, and whether the caller may
// have it. request is absent for a form.
func (s *Stream) decide(request rawjson.Value) *chat.Error {
	if s.phase == awaiting {
		if e := s.choose(request); e != nil {
			return e
		}
	} else {
		s.meant = s.model
	}
	if !s.may(s.model) {
		return mayNot(s.model)
	}
	return s.authorise(request)
}

// authorise compares a request with the access rules.
func (s *Stream) authorise(request rawjson.Value) *chat.Error {
	s.most = 0
	if len(s.rules) == 0 {
		return nil
	}
	w, q := s.w, s.question()
	q.Asked, q.Meant = s.model, s.meant
	q.Known |= access.Model | access.Provider | access.Contents | access.Tools
	if q.Input, q.Output, q.Tools = 0, 0, nil; s.looks&(access.Contents|access.Tools) != 0 {
		q.Input, q.Output, w.tools = access.Scan(s.endpoint.Op, request, s.looks, w.tools[:0])
		q.Tools = w.tools
	}
	aim(q, &s.target)
	v := access.Judge(s.rules, q, access.Strict)
	if v.Refused && s.choice != nil && s.looks&(access.Model|access.Provider) != 0 { // chance has chosen the target; perhaps another will do
		if s.repick(q) {
			aim(q, &s.target)
			v = access.Judge(s.rules, q, access.Strict)
		}
	}
	if v.Refused {
		return s.denied(v)
	}
	s.most = v.MaxTokens
	if x := v.Shadow; x != nil && (x.Effect != access.Cap || s.asksMore(request, x.MaxTokens)) {
		s.shadow = x.Name
	}
	return nil
}

// aim compares rules with a target.
func aim(q *access.Request, t *config.Target) {
	q.Provider, q.Served = t.Provider.Name, t.Model
}

// authoriseStored is authorise for requests whose contents go by unseen.
func (s *Stream) authoriseStored() *chat.Error {
	if len(s.rules) == 0 {
		return nil
	}
	v := access.Judge(s.rules, s.question(), access.Strict)
	switch {
	case v.Refused:
		return s.denied(v)
	case v.MaxTokens > 0:
		return notStored()
	case v.Shadow != nil:
		s.shadow = v.Shadow.Name
	}
	return nil
}

// denied is the error for who is refused.
func (s *Stream) denied(v access.Verdict) *chat.Error {
	message := "no access rule allows this request to this API key"
	if v.By != nil {
		s.rule = v.By.Name
		if message = v.By.Message; message == "" {
			message = "this request is refused by the access rule '" + v.By.Name + "'"
		}
	}
	e := &chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: "access_denied", Param: v.Param, Message: message}
	s.endpoint.Dialect.Spell(e)
	return e
}

// names are the models that the caller can ask for as they are: those that are configured,
// and, where a provider takes every model, those that the caller is held to. at is a
// provider that has to have them, or nil.
func (s *Stream) names(at *config.Provider) []string {
	q := s.question()
	var names []string
	for _, n := range s.space.Names() {
		if m := s.space.Find(n, at); m != nil && s.may(n) && s.offered(q, n, m, at) {
			names = append(names, n)
		}
	}
	if at == nil && len(s.space.Open) == 0 || at != nil && !s.space.Takes(at) {
		return names
	}
	var held []string
	if s.caller != nil {
		held = s.caller.Models
	}
	if s.tier != nil {
		held = append(held[:len(held):len(held)], s.tier.Models...)
	}
	for _, n := range held {
		if !strings.Contains(n, "*") && !contains(names, n) && s.may(n) && s.offered(q, n, nil, at) {
			names = append(names, n)
		}
	}
	return names
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// offered reports whether rules may let the caller have a model, from some target of it.
func (s *Stream) offered(q *access.Request, name string, m *config.Model, at *config.Provider) bool {
	if len(s.rules) == 0 {
		return true
	}
	q.Asked, q.Meant, q.Served = name, name, ""
	q.Known |= access.Model
	if m == nil {
		return !access.Judge(s.rules, q, access.Lenient).Refused
	}
	q.Known |= access.Provider
	for i := range m.Targets {
		t := &m.Targets[i]
		if at != nil && t.Provider != at {
			continue
		}
		aim(q, t)
		if !access.Judge(s.rules, q, access.Lenient).Refused {
			return true
		}
	}
	return false
}
