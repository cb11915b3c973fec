package gateway

import (
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// showLimits tells how the limits stand for a request that the operator describes.
func (s *Stream) showLimits(params []byte) *Step {
	request, e := s.w.parse(params)
	for it := request.Members(); it.Next(); {
		if _, ok := limit.ReadAttribute(it.Key.Str()); !ok {
			e = invalid("invalid_value", "", brief(it.Key.Str())+": want consumer, tenant, tier, ip, model, provider, operation, header:NAME, metadata:NAME or claim:NAME")
		}
	}
	if e != nil {
		return s.reject(e)
	}
	var views []limit.View
	if w := s.w; w.book != nil {
		now := w.port.Now()
		w.book.Look(now)
		views = w.book.View(&subject{request, w}, w.plan.Limits.Rules, now)
	}
	var w rawjson.Writer
	w.Object().Key("limits").Array()
	for i := range views {
		writeView(&w, &views[i])
	}
	w.EndArray().EndObject()
	return s.page200("application/json", w.Bytes())
}

func writeView(w *rawjson.Writer, v *limit.View) {
	r := v.Rule
	w.Object()
	text(w, "name", r.Title())
	text(w, "unit", r.Unit.String())
	w.Key("key").Array()
	for _, a := range v.Key {
		w.Str(keyWord(a))
	}
	w.EndArray()
	if r.Window != limit.Open {
		text(w, "per", r.Period.String())
	}
	if r.Unit == limit.USD {
		text(w, "limit", dollars(v.Limit))
		text(w, "remaining", dollars(v.Remaining))
	} else {
		number(w, "limit", v.Limit)
		number(w, "remaining", v.Remaining)
	}
	number(w, "reset_seconds", seconds(v.Reset))
	if r.Shadow {
		text(w, "mode", "shadow")
	}
	w.EndObject()
}

func keyWord(a limit.Attribute) string {
	if a.Name == "" {
		return a.Kind.String()
	}
	return a.Kind.String() + ":" + a.Name
}

// A subject is a request as the parameters of another describe it, each named as a limit's
// key has it.
type subject struct {
	params rawjson.Value
	w      *Worker
}

// Attribute is empty where nothing was said. A model is named as the configuration has it.
func (x *subject) Attribute(a limit.Attribute) string {
	v := x.params.Get(keyWord(a)).Str()
	switch a.Kind {
	case limit.Model:
		if m := x.model(); m != nil {
			return m.Name
		}
	case limit.IP:
		if address, ok := network.Parse(v); ok {
			return counted(address)
		}
	}
	return v
}

// model is that of the configuration; nil is none.
func (x *subject) model() *config.Model {
	space, ok := x.w.plan.Space(x.params.Get("tenant").Str())
	if !ok {
		return nil
	}
	name, _ := x.Asks()
	return space.Find(name, nil)
}

// Invented reports whether the configuration has no such model.
func (x *subject) Invented() bool { return x.model() == nil }

// Asks is the model as a client calls it.
func (x *subject) Asks() (name, bare string) {
	name = x.params.Get("model").Str()
	return name, name
}
